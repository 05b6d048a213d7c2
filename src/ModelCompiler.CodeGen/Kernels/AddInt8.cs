using System;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Sum or difference of two tensors of 8-bit integers that broadcast, each with its own scale. May work in place.
/// With float factors: (a − zero) · factor + (b − zero) · factor, clamped, rounded to nearest even. With fixed-point factors:
/// both shifted left by 20 and scaled, added, scaled to the output, as the TFLite reference kernels do.
/// </summary>
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
/// <param name="Subtract">True for a difference (whose float factor of B is negative).</param>
/// <param name="FactorA">Scale of A ÷ scale of the output.</param>
/// <param name="FactorB">Scale of B ÷ scale of the output.</param>
/// <param name="FixedFactors">Multiplier and shift of A, of B and of the sum; empty for float arithmetic.</param>
internal sealed record AddInt8(
    TensorRef A, TensorRef B, TensorRef Out, EquatableArray<int> Sizes, EquatableArray<int> StepsA, EquatableArray<int> StepsB, int ZeroA, int ZeroB,
    int OutZero, int Min, int Max,
    bool Subtract, float FactorA, float FactorB, EquatableArray<int> FixedFactors) : Kernel
{
    private BroadcastLoops Loops => new(Sizes, StepsA, StepsB);

    private bool IsFixed => FixedFactors.Count > 0;

    /// <inheritdoc/>
    public override string Summary => $"{(Subtract ? "subtract" : "add")} {Loops.Describe}";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        BroadcastLoops loops = Loops;
        VectorRun run = loops.Run(writer.Isa);
        (ElementType a, ElementType b, ElementType o) = (writer.Tensor(A).Type, writer.Tensor(B).Type, writer.Tensor(Out).Type);
        string method = writer.Method(
            $"{(Subtract ? "Subtract" : "Add")}_{loops.Name}",
            $"{Summary}.",
            $"{a.CSharpName()}* a, {b.CSharpName()}* b, {o.CSharpName()}* output",
            code => loops.Write(
                code,
                (a.CSharpName(), b.CSharpName(), o.CSharpName()),
                run,
                (from, repeated) => Scaled(run, from, repeated, a, ZeroA, FactorA, 0),
                (from, repeated) => Scaled(run, from, repeated, b, ZeroB, FactorB, 2),
                (x, y, to) => $"{run.Simd}.StoreBytes((byte*){to}, {Finish(run.Simd, Sum(x, y), Wrap)});",
                (x, y, to) => $"{to} = ({o.CSharpName()}){Finish("Scalar", Sum(Scaled(x, ZeroA, FactorA, 0), Scaled(y, ZeroB, FactorB, 2)), v => v)};"));
        writer.Call($"{method}({writer.Address(A)}, {writer.Address(B)}, {writer.Address(Out)});");

        string Wrap(string value) => $"{run.Vector}.Create({value})";
    }

    private string Sum(string x, string y) => $"{x} {(Subtract && IsFixed ? "-" : "+")} {y}";

    private string Finish(string simd, string sum, Func<string, string> wrap) => IsFixed
        ? $"{simd}.RequantizeFixed({sum}, {wrap(Literals.Int(FixedFactors[4]))}, {wrap(Literals.Int(FixedFactors[5]))}, {Literals.Int(Min)}, "
        + $"{Literals.Int(Max)}, {Literals.Int(OutZero)})"
        : $"{simd}.ClampRound({sum}, {Literals.Float(Min - OutZero)}, {Literals.Float(Max - OutZero)}, {Literals.Int(OutZero)})";

    // A vector of an operand on the scale of the sum.
    private string Scaled(VectorRun run, string from, bool repeated, ElementType type, int zero, float factor, int index)
    {
        if (repeated) return $"{run.Vector}.Create({Scaled(from, zero, factor, index)})";
        string integers = $"{run.Simd}.Load{type}AsInt32({from})" + (zero == 0 ? "" : $" - {run.Vector}.Create({Literals.Int(zero)})");
        return IsFixed
            ? $"{run.Simd}.MultiplyByQuantizedMultiplier(({integers}) << 20, {run.Vector}.Create({Literals.Int(FixedFactors[index])}), "
            + $"{run.Vector}.Create({Literals.Int(FixedFactors[index + 1])}))"
            : $"{run.Vector}.ConvertToSingle({integers}) * {Literals.Float(factor)}";
    }

    private string Scaled(string element, int zero, float factor, int index)
    {
        string integer = zero == 0 ? element : $"({element} - {Parenthesised(zero)})";
        return IsFixed
            ? $"Scalar.MultiplyByQuantizedMultiplier({integer} << 20, {Literals.Int(FixedFactors[index])}, {Literals.Int(FixedFactors[index + 1])})"
            : $"({integer} * {Literals.Float(factor)})";
    }

    private static string Parenthesised(int value) => value < 0 ? $"({Literals.Int(value)})" : Literals.Int(value);
}
