using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Softmax of rows of float32: exponentials of the distances from the largest element, summed in order, divided by the sum.
/// May work in place.</summary>
/// <param name="In">Rows × length.</param>
/// <param name="Out">Rows × length.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="Length">Elements of a row.</param>
/// <param name="Beta">Factor before the exponential.</param>
internal sealed record SoftmaxFloat32(TensorRef In, TensorRef Out, int Rows, int Length, float Beta) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"float softmax {Literals.Int(Rows)}×{Literals.Int(Length)}";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        VectorRun run = VectorRun.For(writer.Isa, Length);
        string method = writer.Method($"SoftmaxFloat_{Rows}x{Length}", $"{Summary}.", "float* input, float* output", code => code.For("row", Rows, _ =>
        {
            code.Line($"float max = {writer.Isa.Simd}.MaxFloat32(input, {Length}), sum = 0;");
            code.For("j", Length, j =>
            {
                string difference = Beta == 1 ? $"input[{j}] - max" : $"(input[{j}] - max) * {Literals.Float(Beta)}";
                code.Line($"float e = MathF.Exp({difference});\noutput[{j}] = e;\nsum += e;");
            });
            VectorRun.WriteWithRest(
                code,
                "i",
                Length,
                run.Lanes,
                i => code.Line($"({run.Vector}.Load({Terms.Plus("output", i)}) / {run.Vector}.Create(sum)).Store({Terms.Plus("output", i)});"),
                i => code.Line($"output[{i}] /= sum;"));
            if (Rows > 1) code.Line($"input += {Length};\noutput += {Length};");
        }));
        writer.Call($"{method}({writer.Address(In)}, {writer.Address(Out)});");
    }
}
