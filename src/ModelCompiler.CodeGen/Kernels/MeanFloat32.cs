using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Mean of float32 over the middle of three axes: elements summed in order, then divided by their number.</summary>
/// <param name="In">Outer × number × inner.</param>
/// <param name="Out">Outer × inner.</param>
/// <param name="Outer">Size of the first axis.</param>
/// <param name="Number">Elements of one mean.</param>
/// <param name="Inner">Size of the last axis.</param>
internal sealed record MeanFloat32(TensorRef In, TensorRef Out, int Outer, int Number, int Inner) : Kernel
{
    // Rows summed side by side, so that additions need not wait for each other.
    private const int RowsTogether = 4;

    /// <inheritdoc/>
    public override string Summary => $"float mean of {Literals.Int(Number)}, {Literals.Int(Outer)}×{Literals.Int(Inner)} times";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        VectorRun run = VectorRun.For(writer.Isa, Inner);
        string method = writer.Method($"MeanFloat_{Outer}x{Number}x{Inner}", $"{Summary}.", "float* input, float* output", code =>
        {
            if (Inner == 1) WriteRows(code);
            else code.For("row", Outer, row => WriteColumns(code, row, run));
        });
        writer.Call($"{method}({writer.Address(In)}, {writer.Address(Out)});");
    }

    private void WriteRows(SourceWriter code) => VectorRun.WriteWithRest(
        code,
        "row",
        Outer,
        RowsTogether,
        row =>
        {
            code.Line($"float* p = {Terms.Plus("input", Terms.Times(row, Number))};\nfloat sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;");
            code.For("i", Number, () => code.Line($"sum0 += p[i];\nsum1 += p[i + {Number}];\nsum2 += p[i + {Number * 2}];\nsum3 += p[i + {Number * 3}];"));
            for (int i = 0; i < RowsTogether; i++) code.Line($"output[{Terms.Plus(row, i)}] = sum{i} / {Number};");
        },
        row =>
        {
            code.Line("float sum = 0;");
            code.For("i", Number, i => code.Line($"sum += input[{Terms.Plus(Terms.Times(row, Number), i)}];"));
            code.Line($"output[{row}] = sum / {Number};");
        });

    private void WriteColumns(SourceWriter code, string row, VectorRun run)
    {
        code.Line($"float* first = {Terms.Plus("input", Terms.Times(row, Number * Inner))};\nfloat* to = {Terms.Plus("output", Terms.Times(row, Inner))};");
        if (run.IsScalar)
        {
            code.For("column", Inner, column =>
            {
                code.Line("float sum = 0;");
                code.For("i", Number, i => code.Line($"sum += first[{Terms.Plus(Terms.Times(i, Inner), column)}];"));
                code.Line($"to[{column}] = sum / {Number};");
            });
            return;
        }

        VectorRun.WriteOverlapping(code, "column", Inner, run.Lanes, column =>
        {
            code.Line($"{run.Vector}<float> sum = {run.Vector}<float>.Zero;");
            code.For("i", Number, i => code.Line($"sum += {run.Vector}.Load({Terms.Plus(Terms.Plus("first", Terms.Times(i, Inner)), column)});"));
            code.Line($"(sum / {run.Vector}.Create({Number}f)).Store({Terms.Plus("to", column)});");
        });
    }
}
