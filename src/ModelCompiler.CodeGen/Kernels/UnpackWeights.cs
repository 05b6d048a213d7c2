using System;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Takes weights of fewer than 8 bits apart (<see cref="NarrowWeights"/>), or looks them up (<see cref="WeightCodebook"/>), in the order in which the layer
/// after it wants them.
/// </summary>
/// <param name="Packed">The packed weights, or indices and their codebook.</param>
/// <param name="Out">The weights, int8, uint8 or int16, with padding to whole groups.</param>
/// <param name="Bits">Bits of a weight, 2 to 7, or of an index, 1 to 6.</param>
/// <param name="Groups">Groups of 128 weights.</param>
/// <param name="HasCodebook">True when the packed integers are indices.</param>
internal sealed record UnpackWeights(WeightsRef Packed, TensorRef Out, int Bits, int Groups, bool HasCodebook) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"{(HasCodebook ? "look up" : "unpack")} {Literals.Int(Groups * NarrowWeights.Group)} weights "
        + $"{(HasCodebook ? "by indices " : "")}of {Literals.Count(Bits, "bit")}";

    private int GroupBytes => NarrowWeights.Group / 8 * Bits;

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ElementType type = writer.Tensor(Out).Type;
        bool isVector = !writer.Isa.IsScalar && type.Size() == 1;
        string method = writer.Method(
            $"{(HasCodebook ? "LookUp" : "Unpack")}{Bits}",
            $"{(HasCodebook ? "Indices" : "Weights")} of {Literals.Count(Bits, "bit")}, in groups of {NarrowWeights.Group}; the bits of each lie in planes of "
            + $"{string.Join(" and ", NarrowWeights.Planes(Bits))}.{(HasCodebook ? " The weights they stand for follow behind." : "")}",
            $"sbyte* source, {type.CSharpName()}* weights, int groups",
            code =>
            {
                code.Line("byte* packed = (byte*)source;");
                if (HasCodebook && isVector) WriteTables(code, writer.Isa);
                else if (HasCodebook) code.Line($"{type.CSharpName()}* codebook = ({type.CSharpName()}*)(source + (groups * {GroupBytes}));");
                code.Block($"for (int group = 0; group < groups; group++, packed += {GroupBytes}, weights += {NarrowWeights.Group})", () =>
                {
                    if (isVector) WriteVectors(code, writer.Isa);
                    else WriteSingle(code, type);
                });
            });
        writer.Call($"{method}({writer.Address(Packed)}, {writer.Address(Out)}, {Literals.Int(Groups)});");
    }

    private void WriteSingle(SourceWriter code, ElementType type)
    {
        string value = Planes((start, bytes, plane) => $"(packed[{Terms.Plus($"i % {bytes}", start)}] >> (i / {bytes} * {plane}) & {(1 << plane) - 1})");
        string weight = HasCodebook ? $"codebook[{value}]" : $"({type.CSharpName()})(({value}) - {1 << (Bits - 1)})";
        code.Line($"for (int i = 0; i < {NarrowWeights.Group}; i++) weights[i] = {weight};");
    }

    // The codebook in registers, sixteen bytes each.
    private void WriteTables(SourceWriter code, Isa isa)
    {
        (Isa narrowed, int count) = (isa.Narrowed(8 * Width(isa, Bits)), WeightCodebook.Entries(Bits) / 16);
        code.Line($"byte* codebook = packed + (groups * {GroupBytes});");
        for (int i = 0; i < count; i++)
            code.Line($"{narrowed.Vector}<byte> values{i} = {narrowed.Simd}.Repeat16({Terms.Plus("codebook", 16 * i)});");
    }

    private void WriteVectors(SourceWriter code, Isa isa)
    {
        int bytes = Width(isa, Bits);
        string vector = $"Vector{bytes * 8}";
        foreach (int plane in NarrowWeights.Planes(Bits)) code.Line($"{vector}<byte> mask{plane} = {vector}.Create((byte){(1 << plane) - 1});");
        if (!HasCodebook) code.Line($"{vector}<byte> zero = {vector}.Create((byte){1 << (Bits - 1)});");
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
            string tables = string.Concat(Enumerable.Range(0, WeightCodebook.Entries(Bits) / 16).Select(i => $"values{i}, "));
            string weights = HasCodebook ? $"{isa.Narrowed(8 * bytes).Simd}.LookUp({tables}{value})" : $"({value} - zero)";
            code.Line($"{weights}.Store((byte*)weights{(first == 0 ? "" : $" + {first}")});");
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
