using System.Globalization;
using System.Runtime.InteropServices;

namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>The native programs of these tests, published once.</summary>
public sealed class NativePrograms : IDisposable
{
    private readonly Lazy<NativeProgram> _here = new(() => new([new VocabularyCase(), .. NativeCases.Models], NativeMachine.Here));
    private readonly Lazy<NativeProgram> _default = new(() => new(NativeCases.SmallModels, NativeMachine.Default));
    private readonly Lazy<NativeProgram> _arm64 = new(() =>
        new([new VocabularyCase(), .. NativeCases.Operators, .. NativeCases.SmallModels], NativeMachine.Arm64));

    private readonly Lazy<NativeProgram> _arm64DotProducts =
        new(() => new([.. NativeCases.LinearLayers, .. NativeCases.SmallModels], NativeMachine.Arm64DotProducts));

    /// <summary>The program with all models, for the instruction set of this machine.</summary>
    internal NativeProgram Here => _here.Value;

    /// <summary>The program with a few models, by default settings: the paths that the native compiler takes when it is told nothing.</summary>
    internal NativeProgram Default => _default.Value;

    /// <summary>The program with the operator cases and a few models, for any 64-bit Arm.</summary>
    internal NativeProgram Arm64 => _arm64.Value;

    /// <summary>The program with convolutions, fully connected layers and a few models, for 64-bit Arm with dot products.</summary>
    internal NativeProgram Arm64DotProducts => _arm64DotProducts.Value;

    public void Dispose()
    {
        foreach (Lazy<NativeProgram> program in new[] { _here, _default, _arm64, _arm64DotProducts })
        {
            if (program.IsValueCreated) program.Value.Dispose();
        }
    }
}

/// <summary>Publications take all processors, so the tests run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class NativeCollection : ICollectionFixture<NativePrograms>
{
    public const string Name = "native";
}

/// <summary>What every native program must do.</summary>
internal static class NativeAssert
{
    /// <summary>The answers of one case are those of all its oracles.</summary>
    public static void Answers(NativeProgram program, Processor processor, string name, float floatTolerance = 0) =>
        Assert.Empty(Differences(program, processor, name, floatTolerance));

    /// <summary>The answers of all cases are those of all their oracles.</summary>
    public static void AllAnswers(NativeProgram program, Processor processor, float floatTolerance = 0) =>
        Assert.Empty(program.Units.Keys.SelectMany(n => Differences(program, processor, n, floatTolerance)));

    /// <summary>No run allocated anything.</summary>
    public static void NoAllocation(NativeProgram program, Processor processor)
    {
        string[] lines = program.RunOn(processor).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(program.Units.Count, lines.Length);
        Assert.All(lines, line => Assert.EndsWith(" allocated 0 bytes", line, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Differences(NativeProgram program, Processor processor, string name, float floatTolerance)
    {
        NativeRun run = program.RunOn(processor);
        Assert.True(run.ExitCode == 0, run.Output);
        byte[] actual = run.Answers[name];
        Assert.NotEmpty(actual);
        NativeUnit unit = program.Units[name];
        foreach ((string oracle, byte[] expected) in unit.Expected())
        {
            if (unit.IsFloat && floatTolerance > 0)
            {
                Assert.All(MemoryMarshal.Cast<byte, float>(expected).ToArray().Zip(MemoryMarshal.Cast<byte, float>(actual).ToArray()),
                    p => Assert.Equal(p.First, p.Second, floatTolerance));
                continue;
            }

            int at = actual.AsSpan().CommonPrefixLength(expected);
            if (at != expected.Length || at != actual.Length)
            {
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"{name} on {processor.Name}: byte {at} of {actual.Length} differs from what {oracle} gives.");
            }
        }
    }
}
