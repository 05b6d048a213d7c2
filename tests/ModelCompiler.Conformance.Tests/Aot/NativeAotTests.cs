using System.Globalization;
using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>The native programs of these tests, published once.</summary>
public sealed class NativePrograms : IDisposable
{
    // A few models without the instruction sets that this machine has to offer: the paths that the native compiler takes by default.
    private static readonly string[] Fallback = ["DigitsFloat", "DigitsInt8", "G_mlperf_tiny_kws_int8"];

    private readonly Lazy<NativeProgram> _fast = new(() => NativeCases.HasVectors ? new(NativeCases.All, "x64-v3", "x86-64-v3") : new(NativeCases.All, "portable", null));
    private readonly Lazy<NativeProgram> _portable = new(() => new(NativeCases.All.Where(c => Fallback.Contains(c.Name)), "portable", null));

    /// <summary>The program with all models, for the instruction set of this machine.</summary>
    internal NativeProgram Fast => _fast.Value;

    /// <summary>The program with a few models, by default settings.</summary>
    internal NativeProgram Portable => _portable.Value;

    public void Dispose()
    {
        if (_fast.IsValueCreated) _fast.Value.Dispose();
        if (_portable.IsValueCreated) _portable.Value.Dispose();
    }
}

/// <summary>Generated code compiled ahead of time: the same bytes, one file, no warnings, no allocations.</summary>
public class NativeAotTests(NativePrograms programs) : IClassFixture<NativePrograms>
{
    public static TheoryData<string> Names() => [.. NativeCases.All.Select(c => c.Name)];

    [NativeTheory]
    [MemberData(nameof(Names))]
    public void A_native_program_gives_the_same_bytes(string name) => AssertAnswers(programs.Fast, NativeCases.All.Single(c => c.Name == name));

    // By default the native compiler assumes a processor without fused multiplication and addition, where floats agree within rounding.
    [NativeFact]
    public void A_native_program_with_default_settings_gives_the_same_integers_and_close_floats()
    {
        NativeCase[] cases = [.. NativeCases.All.Where(c => programs.Portable.RunOutput.Contains(c.Name, StringComparison.Ordinal))];
        Assert.NotEmpty(cases);
        Assert.All(cases, c => AssertAnswers(programs.Portable, c, floatTolerance: 1e-5f));
        AssertNoAllocation(programs.Portable, cases.Length);
    }

    [NativeFact]
    public void The_native_compiler_has_nothing_to_remark()
    {
        Assert.DoesNotContain("warning", programs.Fast.PublishOutput, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("warning", programs.Portable.PublishOutput, StringComparison.OrdinalIgnoreCase);
    }

    [NativeFact]
    public void The_program_is_one_file()
    {
        string[] debugging = [".dbg", ".pdb", ".dSYM"];
        Assert.Single(programs.Fast.Published, f => !debugging.Contains(Path.GetExtension(f)));
        Assert.True(programs.Fast.ExitCode == 0, programs.Fast.RunOutput);
    }

    [NativeFact]
    public void Running_allocates_nothing() => AssertNoAllocation(programs.Fast, NativeCases.All.Count);

    private static void AssertAnswers(NativeProgram program, NativeCase native, float floatTolerance = 0)
    {
        Assert.True(program.ExitCode == 0, program.RunOutput);
        byte[] actual = program.OutputOf(native.Name);
        Assert.NotEmpty(actual);
        (Core.CompilationResult result, List<Core.Graph.TensorData[]> samples) = program.Case(native.Name);
        bool isFloat = result.Compiled!.OutputValues.All(v => v.Type == ElementType.Float32);
        foreach ((string oracle, byte[] expected) in native.Expected(result, samples))
        {
            if (isFloat && floatTolerance > 0)
            {
                Assert.All(MemoryMarshal.Cast<byte, float>(expected).ToArray().Zip(MemoryMarshal.Cast<byte, float>(actual).ToArray()), p => Assert.Equal(p.First, p.Second, floatTolerance));
                continue;
            }

            int at = actual.AsSpan().CommonPrefixLength(expected);
            Assert.True(at == expected.Length && at == actual.Length, string.Create(CultureInfo.InvariantCulture, $"{native.Name}: byte {at} of {actual.Length} differs from what {oracle} gives."));
        }
    }

    private static void AssertNoAllocation(NativeProgram program, int models)
    {
        string[] lines = program.RunOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(models, lines.Length);
        Assert.All(lines, line => Assert.EndsWith(" allocated 0 bytes", line, StringComparison.Ordinal));
    }
}
