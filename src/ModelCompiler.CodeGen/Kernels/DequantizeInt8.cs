using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>8-bit integers to the real numbers they stand for: (integer − zero point) × scale.</summary>
/// <param name="In">Int8 or uint8 elements.</param>
/// <param name="Out">As many float32 elements.</param>
/// <param name="Scale">Scale of the input.</param>
/// <param name="Zero">Zero point of the input.</param>
/// <param name="Count">Number of elements.</param>
internal sealed record DequantizeInt8(TensorRef In, TensorRef Out, float Scale, int Zero, int Count) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"dequantize {Literals.Count(Count, "byte")}";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ElementType type = writer.Tensor(In).Type;
        string method = writer.Method("Dequantize", $"Real numbers of {type.CSharpName()}, scale {Literals.ShortestFloat(Scale)}.",
            $"{type.CSharpName()}* input, float* output, int count", code =>
        {
            (string vector, string simd, int lanes) = (writer.Isa.Vector, writer.Isa.Simd, writer.Isa.Lanes);
            code.Line("int i = 0;");
            if (lanes > 0) code.Line($"for (; i <= count - {lanes}; i += {lanes}) ({vector}.ConvertToSingle({simd}.Load{type}AsInt32(input + i) - "
                + $"{vector}.Create({Literals.Int(Zero)})) * {Literals.Float(Scale)}).Store(output + i);");
            code.Line($"for (; i < count; i++) output[i] = (input[i] - ({Literals.Int(Zero)})) * {Literals.Float(Scale)};");
        });
        writer.Call($"{method}({writer.Address(In)}, {writer.Address(Out)}, {Literals.Int(Count)});");
    }
}
