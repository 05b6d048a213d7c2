using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Product of two tensors of 8-bit integers that broadcast: (a − zero) · (b − zero), requantised. May work in place.</summary>
/// <param name="A">First operand, int8 or uint8.</param>
/// <param name="B">Second operand, int8 or uint8.</param>
/// <param name="Out">Result, int8 or uint8, contiguous.</param>
/// <param name="Sizes">Sizes of the result's axes.</param>
/// <param name="StepsA">Elements of A from one index to the next of every axis, 0 where it is repeated.</param>
/// <param name="StepsB">The same for B.</param>
/// <param name="ZeroA">Zero point of A.</param>
/// <param name="ZeroB">Zero point of B.</param>
/// <param name="OutZero">Zero point of the output.</param>
/// <param name="Min">Smallest output, activation function included.</param>
/// <param name="Max">Largest output.</param>
/// <param name="IsFixed">True for fixed-point arithmetic.</param>
/// <param name="Factor">Scale of A × scale of B ÷ scale of the output, for float arithmetic.</param>
/// <param name="Multiplier">The same as Q31 multiplier, for fixed-point arithmetic.</param>
/// <param name="Shift">Shift that belongs to the multiplier.</param>
internal sealed record MultiplyInt8(
    TensorRef A, TensorRef B, TensorRef Out, EquatableArray<int> Sizes, EquatableArray<int> StepsA, EquatableArray<int> StepsB, int ZeroA, int ZeroB,
    int OutZero, int Min, int Max,
    bool IsFixed, float Factor, int Multiplier, int Shift) : Kernel
{
    private BroadcastLoops Loops => new(Sizes, StepsA, StepsB);

    /// <inheritdoc/>
    public override string Summary => $"multiply {Loops.Describe}";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        BroadcastLoops loops = Loops;
        VectorRun run = loops.Run(writer.Isa);
        (ElementType a, ElementType b, ElementType o) = (writer.Tensor(A).Type, writer.Tensor(B).Type, writer.Tensor(Out).Type);
        string method = writer.Method(
            $"Multiply_{loops.Name}",
            $"{Summary}.",
            $"{a.CSharpName()}* a, {b.CSharpName()}* b, {o.CSharpName()}* output",
            code => loops.Write(
                code,
                (a.CSharpName(), b.CSharpName(), o.CSharpName()),
                run,
                (from, repeated) => Centred(run, from, repeated, a, ZeroA),
                (from, repeated) => Centred(run, from, repeated, b, ZeroB),
                (x, y, to) => $"{run.Simd}.StoreBytes((byte*){to}, {Requantized(run.Simd, $"({x}) * ({y})", run.Vector + ".Create(", ")")});",
                (x, y, to) =>
                {
                    string product = $"({x} - ({Literals.Int(ZeroA)})) * ({y} - ({Literals.Int(ZeroB)}))";
                    return $"{to} = ({o.CSharpName()}){Requantized("Scalar", product, "", "")};";
                }));
        writer.Call($"{method}({writer.Address(A)}, {writer.Address(B)}, {writer.Address(Out)});");
    }

    private static string Centred(VectorRun run, string from, bool repeated, ElementType type, int zero) => repeated
        ? $"{run.Vector}.Create({from} - ({Literals.Int(zero)}))"
        : $"{run.Simd}.Load{type}AsInt32({from})" + (zero == 0 ? "" : $" - {run.Vector}.Create({Literals.Int(zero)})");

    private string Requantized(string simd, string product, string open, string close) => IsFixed
        ? $"{simd}.RequantizeFixed({product}, {open}{Literals.Int(Multiplier)}{close}, {open}{Literals.Int(Shift)}{close}, {Literals.Int(Min)}, "
        + $"{Literals.Int(Max)}, {Literals.Int(OutZero)})"
        : $"{simd}.Requantize({product}, {open}{Literals.Float(Factor)}{close}, {Literals.Float(Min - OutZero)}, {Literals.Float(Max - OutZero)}, "
        + $"{Literals.Int(OutZero)})";
}
