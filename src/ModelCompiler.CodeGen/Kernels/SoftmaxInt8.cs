using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Softmax of rows of 8-bit integers by a table of exponentials. Float arithmetic: exponential × (1 ÷ (output scale × sum)). Fixed-point arithmetic:
/// the sum with
/// 12 integer bits, its reciprocal by Newton-Raphson steps, as the TFLite reference kernel does. Long rows are computed through a table of all 256 results.
/// May work in place.
/// </summary>
/// <param name="In">Rows × length, int8 or uint8.</param>
/// <param name="Out">Rows × length, int8 or uint8.</param>
/// <param name="Table">Exponential for each distance from the largest element, 0 to 255: with 23 fractional bits, or 31 in fixed-point arithmetic.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="Length">Elements of a row.</param>
/// <param name="IsFixed">True for fixed-point arithmetic.</param>
/// <param name="OutScale">Scale of the output.</param>
/// <param name="OutZero">Zero point of the output.</param>
/// <param name="Min">Smallest output.</param>
/// <param name="Max">Largest output.</param>
internal sealed record SoftmaxInt8(
    TensorRef In, TensorRef Out, DataRef Table, int Rows, int Length, bool IsFixed, float OutScale, int OutZero, int Min, int Max) : Kernel
{
    // Rows from this length on go through a table of results.
    private const int LongRow = 48;

    /// <inheritdoc/>
    public override string Summary => $"softmax {Literals.Int(Rows)}×{Literals.Int(Length)}";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        (ElementType inType, ElementType outType) = (writer.Tensor(In).Type, writer.Tensor(Out).Type);
        string method = writer.Method($"Softmax_{Rows}x{Length}", $"{Summary}.",
            $"{inType.CSharpName()}* input, {outType.CSharpName()}* output, int* exponentials", code =>
        {
            if (Length >= LongRow) code.Line("byte* results = stackalloc byte[256];");
            code.For("row", Rows, _ =>
            {
                code.Line($"int max = {writer.Isa.Simd}.Max{inType}(input, {Length});");
                WriteSum(code);
                if (Length >= LongRow)
                {
                    WriteResults(code, writer.Isa);
                    code.For("i", Length, i => code.Line($"output[{i}] = ({outType.CSharpName()})results[max - input[{i}]];"));
                }
                else
                {
                    code.For("i", Length, i => code.Line(
                        $"output[{i}] = ({outType.CSharpName()}){Result("Scalar", $"exponentials[max - input[{i}]]", v => v)};"));
                }

                if (Rows > 1) code.Line($"input += {Length};\noutput += {Length};");
            });
        });
        writer.Call($"{method}({writer.Address(In)}, {writer.Address(Out)}, {writer.Address(Table)});");
    }

    private void WriteSum(SourceWriter code)
    {
        if (!IsFixed)
        {
            code.Line("long sum = 0;");
            code.For("i", Length, i => code.Line($"sum += exponentials[max - input[{i}]];"));
            code.Line($"float factor = (float)(1 / ({Literals.Float(OutScale)} * (double)sum));");
            return;
        }

        code.Line("int sum = 0;");
        code.For("i", Length, i => code.Line($"sum += (int)(((uint)exponentials[max - input[{i}]] + 2048) >> 12);"));
        code.Line("int headroom = int.LeadingZeroCount(sum);");
        code.Line("int multiplier = Routine.OneOverOnePlus((int)(((uint)sum << headroom) - (1u << 31))), shift = headroom - 35;");
    }

    private void WriteResults(SourceWriter code, Isa isa)
    {
        if (isa.IsScalar) code.For("d", 256, () => code.Line($"results[d] = (byte){Result("Scalar", "exponentials[d]", v => v)};"));
        else code.For("d", 256, () => code.Line($"{isa.Simd}.StoreBytes(results + d, "
            + $"{Result(isa.Simd, $"{isa.Vector}.Load(exponentials + d)", v => $"{isa.Vector}.Create({v})")});"), isa.Lanes);
    }

    private string Result(string simd, string exponential, System.Func<string, string> wrap) => IsFixed
        ? $"{simd}.RequantizeFixed({exponential}, {wrap("multiplier")}, {wrap("shift")}, {Literals.Int(Min)}, {Literals.Int(Max)}, {Literals.Int(Min)})"
        : $"{simd}.Requantize({exponential}, {wrap("factor")}, {Literals.Float(Min - OutZero)}, {Literals.Float(Max - OutZero)}, {Literals.Int(OutZero)})";
}
