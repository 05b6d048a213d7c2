using System;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Takes weights of fewer than 8 bits apart (<see cref="NarrowWeights"/>), in the order in which the layer after it wants them.</summary>
/// <param name="Packed">The packed weights.</param>
/// <param name="Out">The weights, int8 or int16, with padding to whole groups.</param>
/// <param name="Bits">Bits of a weight, 2 to 7.</param>
/// <param name="Groups">Groups of 128 weights.</param>
public sealed record UnpackWeights(WeightsRef Packed, TensorRef Out, int Bits, int Groups) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"unpack {Literals.Int(Groups * NarrowWeights.Group)} weights of {Bits} bits";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ElementType type = writer.Tensor(Out).Type;
        string method = writer.Method(
            $"Unpack{Bits}",
            $"Weights of {Bits} bits, in groups of {NarrowWeights.Group}; the bits of a weight lie in planes of "
            + $"{string.Join(" and ", NarrowWeights.Planes(Bits))}.",
            $"sbyte* source, {type.CSharpName()}* weights, int groups",
            code =>
            {
                code.Line("byte* packed = (byte*)source;");
                code.Block($"for (int group = 0; group < groups; group++, packed += {NarrowWeights.Group / 8 * Bits}, weights += {NarrowWeights.Group})", () =>
                {
                    if (writer.Isa.IsScalar || type != ElementType.Int8) WriteSingle(code, type);
                    else WriteVectors(code, writer.Isa);
                });
            });
        writer.Call($"{method}({writer.Address(Packed)}, {writer.Address(Out)}, {Literals.Int(Groups)});");
    }

    private void WriteSingle(SourceWriter code, ElementType type)
    {
        string value = Planes((start, bytes, plane) => $"(packed[{Terms.Plus($"i % {bytes}", start)}] >> (i / {bytes} * {plane}) & {(1 << plane) - 1})");
        code.Line($"for (int i = 0; i < {NarrowWeights.Group}; i++) weights[i] = ({type.CSharpName()})(({value}) - {1 << (Bits - 1)});");
    }

    private void WriteVectors(SourceWriter code, Isa isa)
    {
        int bytes = Width(isa, Bits);
        string vector = $"Vector{bytes * 8}";
        foreach (int plane in NarrowWeights.Planes(Bits)) code.Line($"{vector}<byte> mask{plane} = {vector}.Create((byte){(1 << plane) - 1});");
        code.Line($"{vector}<byte> zero = {vector}.Create((byte){1 << (Bits - 1)});");
        int start = 0;
        foreach (int plane in NarrowWeights.Planes(Bits))
        {
            for (int i = 0; i < NarrowWeights.Group / 8 * plane; i += bytes)
                code.Line($"{vector}<byte> plane{plane}_{i / bytes} = {vector}.Load({Terms.Plus("packed", start + i)});");
            start += NarrowWeights.Group / 8 * plane;
        }

        for (int first = 0; first < NarrowWeights.Group; first += bytes)
        {
            string value = Planes((_, planeBytes, plane) =>
            {
                string name = $"plane{plane}_{first % planeBytes / bytes}";
                int shift = first / planeBytes * plane;
                return $"({(shift == 0 ? name : $"{vector}.ShiftRightLogical({name}.AsUInt16(), {shift}).AsByte()")} & mask{plane})";
            }, vector);
            code.Line($"({value} - zero).Store((byte*)weights{(first == 0 ? "" : $" + {first}")});");
        }
    }

    // The planes' parts of a weight, put together.
    private string Planes(Func<int, int, int, string> part, string vector = "")
    {
        string text = "";
        (int start, int shift) = (0, 0);
        foreach (int plane in NarrowWeights.Planes(Bits))
        {
            int bytes = NarrowWeights.Group / 8 * plane;
            string bits = part(start, bytes, plane);
            if (shift > 0) bits = vector.Length == 0 ? $"{bits} << {shift}" : $"{vector}.ShiftLeft({bits}, {shift})";
            text = text.Length == 0 ? bits : vector.Length == 0 ? $"{text} | {bits}" : $"({text} | {bits})";
            start += bytes;
            shift += plane;
        }

        return text;
    }

    // Bytes of a vector: not more than the narrowest plane has.
    private static int Width(Isa isa, int bits) => Math.Min(isa.TileBits / 8, NarrowWeights.Group / 8 * NarrowWeights.Planes(bits).Last());
}
