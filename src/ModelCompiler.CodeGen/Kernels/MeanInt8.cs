using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Mean of 8-bit integers over the middle of three axes: the int32 sum less the zero points,
/// requantised by a factor that includes the count.</summary>
/// <param name="In">Outer × number × inner, int8 or uint8.</param>
/// <param name="Out">Outer × inner, int8 or uint8.</param>
/// <param name="Outer">Size of the first axis.</param>
/// <param name="Number">Elements of one mean.</param>
/// <param name="Inner">Size of the last axis.</param>
/// <param name="InZero">Zero point of the input.</param>
/// <param name="OutZero">Zero point of the output.</param>
/// <param name="Min">Smallest output.</param>
/// <param name="Max">Largest output.</param>
/// <param name="IsFixed">True for fixed-point arithmetic.</param>
/// <param name="Factor">Scale of the input ÷ (scale of the output × number), for float arithmetic.</param>
/// <param name="Multiplier">The same as multiplier, for fixed-point arithmetic.</param>
/// <param name="Shift">Shift that belongs to the multiplier.</param>
internal sealed record MeanInt8(
    TensorRef In, TensorRef Out, int Outer, int Number, int Inner, int InZero, int OutZero, int Min, int Max, bool IsFixed, float Factor, int Multiplier,
    int Shift) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"mean of {Literals.Int(Number)}, {Literals.Int(Outer)}×{Literals.Int(Inner)} times";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        (ElementType inType, ElementType outType) = (writer.Tensor(In).Type, writer.Tensor(Out).Type);
        VectorRun run = VectorRun.For(writer.Isa, Inner);
        string start = Literals.Int(-(long)Number * InZero);
        string method = writer.Method(
            $"Mean_{Outer}x{Number}x{Inner}",
            $"{Summary}.",
            $"{inType.CSharpName()}* input, {outType.CSharpName()}* output",
            code => code.For("row", Outer, row =>
            {
                if (Inner == 1)
                {
                    string sum = $"{writer.Isa.Simd}.Sum{inType}({Terms.Plus("input", Terms.Times(row, Number))}, {Number}) + {Parenthesised(start)}";
                    code.Line($"output[{row}] = ({outType.CSharpName()}){Requantized("Scalar", sum, "", "")};");
                    return;
                }

                code.Line($"{inType.CSharpName()}* first = {Terms.Plus("input", Terms.Times(row, Number * Inner))};\n{outType.CSharpName()}* to = "
                    + $"{Terms.Plus("output", Terms.Times(row, Inner))};");
                if (run.IsScalar)
                {
                    code.For("channel", Inner, channel =>
                    {
                        code.Line($"int sum = {start};");
                        code.For("i", Number, i => code.Line($"sum += first[{Terms.Plus(Terms.Times(i, Inner), channel)}];"));
                        code.Line($"to[{channel}] = ({outType.CSharpName()}){Requantized("Scalar", "sum", "", "")};");
                    });
                    return;
                }

                VectorRun.WriteOverlapping(code, "channel", Inner, run.Lanes, channel =>
                {
                    code.Line($"{run.Vector}<int> sum = {run.Vector}.Create({start});");
                    code.For("i", Number, i => code.Line(
                        $"sum += {run.Simd}.Load{inType}AsInt32({Terms.Plus(Terms.Plus("first", Terms.Times(i, Inner)), channel)});"));
                    code.Line($"{run.Simd}.StoreBytes({Terms.Plus("(byte*)to", channel)}, {Requantized(run.Simd, "sum", run.Vector + ".Create(", ")")});");
                });
            }));
        writer.Call($"{method}({writer.Address(In)}, {writer.Address(Out)});");
    }

    private string Requantized(string simd, string sum, string open, string close) => IsFixed
        ? $"{simd}.RequantizeFixed({sum}, {open}{Literals.Int(Multiplier)}{close}, {open}{Literals.Int(Shift)}{close}, {Literals.Int(Min)}, "
        + $"{Literals.Int(Max)}, {Literals.Int(OutZero)})"
        : $"{simd}.Requantize({sum}, {open}{Literals.Float(Factor)}{close}, {Literals.Float(Min - OutZero)}, {Literals.Float(Max - OutZero)}, "
        + $"{Literals.Int(OutZero)})";

    private static string Parenthesised(string value) => value.StartsWith("-", System.StringComparison.Ordinal) ? $"({value})" : value;
}
