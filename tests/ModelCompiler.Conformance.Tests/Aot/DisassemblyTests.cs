using System.Globalization;
using System.Text.RegularExpressions;

namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>
/// The inner loops of the kernels as the native compiler makes them: multiply-accumulates must be most of what there is to do, and nothing may be spilled
/// to the stack, which makes kernels many times slower and shows nowhere else.
/// </summary>
[Collection(NativeCollection.Name)]
public partial class DisassemblyTests(NativePrograms programs)
{
    /// <summary>Target, case, pattern of the method, pattern of its multiplications, and the least share of these in all instructions.</summary>
    public static TheoryData<string, string, string, string, double> Loops() => new()
    {
        { "x64-v3", "G_mlperf_tiny_kws_int8", @"SumTile_8x256_Avx2$", "^vpmadd(ubsw|wd) ", 0.28 },
        { "x64-v3", "DigitsFloat", @"ConvFloatTile_[45]x16_\d+x\d+_Avx2$", "^vfmadd", 0.43 },
        { "arm64", "G_mlperf_tiny_kws_int8", @"DotTile_8x8_\d+_AdvSimd$", "^sdot ", 0.7 },
        { "arm64", "DigitsInt8", @"DotTile_8x8_(1[6-9]|[2-9]\d|\d{3,})_AdvSimd$", "^sdot ", 0.7 },
        { "arm64", "G_mlperf_tiny_kws_int8", @"PairTile_4x8_\d+_AdvSimd$", "^sm(ull|lal)2? ", 0.38 },
        { "arm64", "G_mlperf_tiny_kws_int8", @"DepthwiseTile_4x8_3x3_AdvSimd$", "^smlal2? ", 0.22 },
        { "arm64", "DigitsFloat", @"ConvFloatTile_[46]x16_\d+x\d+_AdvSimd$", "^fmla ", 0.3 },
    };

    [NativeTheory]
    [MemberData(nameof(Loops))]
    public void Inner_loops_multiply_and_spill_nothing(string target, string name, string method, string multiplication, double least)
    {
        if (target == "arm64" ? NativeToolchain.MissingForArm64 is not null : NativeMachine.Here.Target != target) return;
        NativeProgram program = target == "arm64" ? programs.Arm64 : programs.Here;
        if (!program.Units.ContainsKey(name))
        {
            Assert.Null(SharedData.Root);
            return;
        }

        Disassembly[] matches = [.. program.Disassembly.Where(d => Regex.IsMatch(d.Name, $@"_{name}_[0-9a-f]{{8}}:") && Regex.IsMatch(d.Name, method))];
        Assert.NotEmpty(matches);
        Assert.All(matches, tile =>
        {
            var isMultiplication = new Regex(multiplication);
            IReadOnlyList<string> loop = tile.MainLoop(isMultiplication);
            string text = tile.Name + "\n" + string.Join("\n", loop);
            Assert.False(loop.Any(Stack().IsMatch), "The stack is used: " + text);
            double density = loop.Count(isMultiplication.IsMatch) / (double)loop.Count;
            Assert.True(density >= least, string.Create(CultureInfo.InvariantCulture,
                $"Only {density:0.00} of {loop.Count} instructions multiply, not {least:0.00}: {text}"));
        });
    }

    [GeneratedRegex(@"\[(rsp|rbp|sp|fp)\b")]
    private static partial Regex Stack();
}
