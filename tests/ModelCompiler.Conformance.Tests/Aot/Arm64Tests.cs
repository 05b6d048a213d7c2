namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>Programs for Linux on 64-bit Arm, run by the emulator where the machine is another: every operator gives the reference's bits.</summary>
[Collection(NativeCollection.Name)]
public class Arm64Tests(NativePrograms programs)
{
    /// <summary>One processor with every extension, and one of the first generation, without dot products.</summary>
    public static TheoryData<string> Processors() => ["max", "cortex-a72"];

    [Arm64Theory]
    [MemberData(nameof(Processors))]
    public void A_program_for_arm64_gives_the_same_bytes(string processor) => NativeAssert.AllAnswers(programs.Arm64, Processor.Arm64(processor));

    [Arm64Fact]
    public void A_program_for_arm64_with_dot_products_gives_the_same_bytes() => NativeAssert.AllAnswers(programs.Arm64DotProducts, Processor.Arm64("max"));

    [Arm64Theory]
    [MemberData(nameof(Processors))]
    public void A_program_for_arm64_allocates_nothing(string processor) => NativeAssert.NoAllocation(programs.Arm64, Processor.Arm64(processor));
}
