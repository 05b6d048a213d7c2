namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>Generated code compiled ahead of time: the same bytes, one file, no warnings, no allocations.</summary>
[Collection(NativeCollection.Name)]
public class NativeAotTests(NativePrograms programs)
{
    public static TheoryData<string> Names() => [new VocabularyCase().Name, .. NativeCases.Models.Select(c => c.Name)];

    [NativeTheory]
    [MemberData(nameof(Names))]
    public void A_native_program_gives_the_same_bytes(string name) => NativeAssert.Answers(programs.Here, Processor.Here, name);

    // By default the native compiler assumes a processor without fused multiplication and addition, where floats agree within rounding.
    [NativeFact]
    public void A_native_program_with_default_settings_gives_the_same_integers_and_close_floats()
    {
        NativeAssert.AllAnswers(programs.Default, Processor.Here, floatTolerance: 1e-5f);
        NativeAssert.NoAllocation(programs.Default, Processor.Here);
    }

    [NativeFact]
    public void The_native_compiler_has_nothing_to_remark()
    {
        Assert.DoesNotContain("warning", programs.Here.PublishOutput, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("warning", programs.Default.PublishOutput, StringComparison.OrdinalIgnoreCase);
    }

    [NativeFact]
    public void The_program_is_one_file()
    {
        string[] debugging = [".dbg", ".pdb", ".dSYM"];
        Assert.Single(programs.Here.Published, f => !debugging.Contains(Path.GetExtension(f)));
        NativeRun run = programs.Here.RunOn(Processor.Here);
        Assert.True(run.ExitCode == 0, run.Output);
    }

    [NativeFact]
    public void Running_allocates_nothing() => NativeAssert.NoAllocation(programs.Here, Processor.Here);
}
