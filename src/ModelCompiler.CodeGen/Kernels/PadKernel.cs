using System;
using System.Globalization;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Surrounds a tensor with a constant, or crops it, for elements of any type: one pass over the output.</summary>
/// <param name="In">The tensor.</param>
/// <param name="Out">The padded tensor.</param>
/// <param name="Shape">Shape of the input.</param>
/// <param name="Before">Elements before the first of every axis; negative to crop.</param>
/// <param name="After">Elements after the last of every axis; negative to crop.</param>
/// <param name="Value">The constant, as the low bytes of an integer.</param>
internal sealed record PadKernel(TensorRef In, TensorRef Out, EquatableArray<int> Shape, EquatableArray<int> Before, EquatableArray<int> After, long Value)
    : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"pad {string.Join("×", Shape.Select(d => Literals.Int(d)))} → "
        + $"{string.Join("×", Enumerable.Range(0, Shape.Count).Select(i => Literals.Int(OutSize(i))))}";

    private int OutSize(int axis) => Shape[axis] + Before[axis] + After[axis];

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        int size = writer.Tensor(In).Type.Size();
        string type = TransposeKernel.UnsignedType(size);
        string value = size == 8 ? "0x" + Value.ToString("x", CultureInfo.InvariantCulture) + "ul" : $"({type})0x" + (Value & ((1L << (size * 8)) - 1))
            .ToString("x", CultureInfo.InvariantCulture);
        string method = writer.Method($"Pad_{string.Join("x", Shape)}", $"{Summary}.", $"{type}* input, {type}* output", code => WriteAxis(code, 0));
        writer.Call($"{method}(({type}*)({writer.Address(In)}), ({type}*)({writer.Address(Out)}));");

        void WriteAxis(SourceWriter code, int axis)
        {
            if (Enumerable.Range(axis, Shape.Count - axis).All(i => Before[i] == 0 && After[i] == 0))
            {
                Copy(code, Product(axis, i => Shape[i]));
                return;
            }

            int inner = Product(axis + 1, i => Shape[i]);
            int kept = Shape[axis] + Math.Min(0, Before[axis]) + Math.Min(0, After[axis]);
            Edge(code, Before[axis], axis, inner);
            if (axis == Shape.Count - 1) Copy(code, kept);
            else if (kept == 1) WriteAxis(code, axis + 1);
            else code.For("i" + Literals.Int(axis), kept, () => WriteAxis(code, axis + 1));
            Edge(code, After[axis], axis, inner);
        }

        void Edge(SourceWriter code, int amount, int axis, int inner)
        {
            int count = amount * Product(axis + 1, OutSize);
            if (amount > 0 && count > 0) code.Line($"new Span<{type}>(output, {count}).Fill({value});\noutput += {count};");
            else if (amount < 0) code.Line($"input += {-amount * inner};");
        }

        void Copy(SourceWriter code, int count)
        {
            if (count > 0) code.Line($"new ReadOnlySpan<{type}>(input, {count}).CopyTo(new Span<{type}>(output, {count}));\ninput += {count};\noutput += "
                + $"{count};");
        }

        int Product(int from, Func<int, int> length) => Enumerable.Range(from, Shape.Count - from).Aggregate(1, (product, i) => product * length(i));
    }
}
