using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Real numbers to 8-bit integers: divided by the scale, rounded to nearest, zero point added, saturated.</summary>
/// <param name="In">Float32 elements.</param>
/// <param name="Out">As many int8 or uint8 elements.</param>
/// <param name="Scale">Scale of the output.</param>
/// <param name="Zero">Zero point of the output.</param>
/// <param name="AwayFromZero">True to round ties away from zero, false to even.</param>
/// <param name="Count">Number of elements.</param>
internal sealed record QuantizeFloat32(TensorRef In, TensorRef Out, float Scale, int Zero, bool AwayFromZero, int Count) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"quantize {Literals.Count(Count, "float")}";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ElementType type = writer.Tensor(Out).Type;
        string round = AwayFromZero ? "ClampRoundAway" : "ClampRound";
        string bounds = $"{Literals.Float(type.MinValue() - Zero)}, {Literals.Float(type.MaxValue() - Zero)}, {Literals.Int(Zero)}";
        string method = writer.Method("Quantize", $"Real numbers to {type.CSharpName()}, scale {Literals.ShortestFloat(Scale)}.",
            $"float* input, {type.CSharpName()}* output, int count", code =>
        {
            (string vector, string simd, int lanes) = (writer.Isa.Vector, writer.Isa.Simd, writer.Isa.Lanes);
            code.Line("int i = 0;");
            if (lanes > 0) code.Line($"for (; i <= count - {lanes}; i += {lanes}) {simd}.StoreBytes((byte*)output + i, {simd}.{round}({vector}.Load(input + "
                + $"i) / {vector}.Create({Literals.Float(Scale)}), {bounds}));");
            code.Line($"for (; i < count; i++) output[i] = ({type.CSharpName()})Scalar.{round}(input[i] / {Literals.Float(Scale)}, {bounds});");
        });
        writer.Call($"{method}({writer.Address(In)}, {writer.Address(Out)}, {Literals.Int(Count)});");
    }
}
