using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Writes a register tile of the products of <see cref="WeightSegments"/>: some pixels by all output channels, one block of channels after the other,
/// channels in neighbouring lanes.
/// </summary>
/// <param name="writer">Where methods go.</param>
/// <param name="channels">Output channels to store.</param>
/// <param name="block">Channels of a block, a multiple of the vector's lanes.</param>
/// <param name="isBroadcast">True when all channels of a block meet the same four bytes; false when every channel has four bytes of its own,
/// side by side.</param>
/// <param name="requantizer">What happens to the sums.</param>
/// <param name="outType">C# type of the output.</param>
/// <param name="outZero">Zero point of the output.</param>
/// <param name="structure">Groups of each segment, when they are the same for all blocks; empty when the schedule tells.</param>
internal sealed class ByteTile(KernelWriter writer, int channels, int block, bool isBroadcast, Requantizer requantizer, string outType, int outZero,
    IReadOnlyList<int> structure)
{
    private readonly Isa _isa = writer.Isa.Narrowed(block * 32);

    // Four products to a lane need no int16 between.
    private bool IsQuads => _isa.Has(Products.Quads);

    private int Vectors => block / _isa.Lanes;

    /// <summary>C# parameters of the method.</summary>
    public string Parameters => $"byte* input, sbyte* weights, int* schedule, int* bias, {requantizer.Parameters}, {outType}* output";

    /// <summary>Writes the method for pixels whose inputs and outputs lie at these offsets, in bytes and elements, and returns its name.</summary>
    public string Method(string name, int[] from, int[] to) => writer.Method(
        name,
        $"{Literals.Count(from.Length, "pixel")} × {Literals.Count(channels, "channel")}: bias + Σ input · weight, {block} channels at a time, requantised.",
        Parameters,
        code =>
        {
            code.Line($"{_isa.Vector}<short> {(IsQuads ? "" : $"ones = {_isa.Vector}.Create((short)1), ")}zero = "
                + $"{_isa.Vector}.Create((short){Literals.Int(outZero)});");
            if (channels <= block) code.Line("int channel = 0;");
            code.Block(channels <= block ? "" : $"for (int channel = 0; channel < {channels}; channel += {block})", () =>
            {
                if (structure.Count == 0) code.Line("int* offsets = schedule + 4;");
                for (int v = 0; v < Vectors; v++)
                {
                    string bias = $"{_isa.Vector}.Load({Terms.Plus("bias + channel", v * _isa.Lanes)})";
                    code.Line($"{_isa.Vector}<int> {string.Join(", ", from.Select((_, p) => $"{Sum(p, v)} = {(p == 0 ? bias : Sum(0, v))}"))};");
                }

                if (structure.Count == 0)
                {
                    for (int count = WeightSegments.Longest; count > 0; count--)
                    {
                        code.Block($"for (int n = schedule[{WeightSegments.Longest - count}]; n > 0; n--)", () =>
                        {
                            WriteSegment(code, 0, count, from, "offsets", declares: true);
                            code.Line($"offsets += {count};\nweights += {count * block * 4};");
                        });
                    }

                    code.Line("schedule = offsets;");
                }
                else
                {
                    for (int segment = 0, first = 0; segment < structure.Count; first += structure[segment++])
                        WriteSegment(code, first, structure[segment], from, "schedule", declares: segment == 0);
                    code.Line($"schedule += {structure.Sum()};\nweights += {structure.Sum() * block * 4};");
                }

                for (int v = 0; v < Vectors; v++) WriteOutput(code, v, to);
            });
        });

    private string Sum(int pixel, int vector) => Vectors == 1 ? $"sum{pixel}" : $"sum{pixel}_{vector}";

    private string Product(int pixel, int vector) => Vectors == 1 ? $"product{pixel}" : $"product{pixel}_{vector}";

    private void WriteSegment(SourceWriter code, int first, int count, int[] from, string offsets, bool declares)
    {
        for (int k = first; k < first + count; k++)
        {
            code.Line($"byte* x{k} = input + {offsets}[{k}]{(isBroadcast ? "" : " + channel * 4")};");
            for (int v = 0; v < Vectors; v++)
                code.Line($"{_isa.Vector}<sbyte> w{k}_{v} = {_isa.Vector}.Load({Terms.Plus("weights", ((k * Vectors) + v) * _isa.Lanes * 4)});");
            for (int p = 0; p < from.Length; p++)
            {
                string shared = "";
                if (isBroadcast && Vectors > 1)
                {
                    shared = $"x{k}_{p}";
                    code.Line($"{_isa.Vector}<byte> {shared} = {_isa.Simd}.Broadcast4({Terms.Plus($"x{k}", from[p])});");
                }

                for (int v = 0; v < Vectors; v++)
                {
                    string x = shared.Length > 0 ? shared
                        : isBroadcast ? $"{_isa.Simd}.Broadcast4({Terms.Plus($"x{k}", from[p])})"
                        : $"{_isa.Vector}.Load({Terms.Plus($"x{k}", from[p] + (v * _isa.Lanes * 4))})";
                    if (IsQuads) code.Line($"{Sum(p, v)} = {_isa.Vnni}.MultiplyAddQuads({Sum(p, v)}, {x}, w{k}_{v});");
                    else code.Line($"{(k > first ? $"{Product(p, v)} +=" : declares ? $"{_isa.Vector}<short> {Product(p, v)} =" : $"{Product(p, v)} =")} "
                        + $"{_isa.Simd}.MultiplyAddBytes({x}, w{k}_{v});");
                }
            }
        }

        for (int p = 0; p < from.Length && !IsQuads; p++)
        {
            for (int v = 0; v < Vectors; v++) code.Line($"{Sum(p, v)} += {_isa.Simd}.MultiplyAddPairs({Product(p, v)}, ones);");
        }
    }

    private void WriteOutput(SourceWriter code, int v, int[] to)
    {
        bool partial = channels % block != 0;
        if (channels < block && channels <= v * _isa.Lanes) return;
        string first = Terms.Plus("channel", v * _isa.Lanes);
        string left = $"left{v}";
        if (partial) code.Line($"int {left} = {channels} - channel{(v == 0 ? "" : $" - {v * _isa.Lanes}")};");
        foreach (string line in requantizer.Loads(first, v, _isa)) code.Line(line);
        for (int p = 0; p < to.Length; p += 4)
        {
            string packed = $"packed{p}_{v}";
            code.Line(requantizer.PackedBytes(packed, outType, Enumerable.Range(p, 4).Select(i => (Sum(System.Math.Min(i, to.Length - 1), v), v)), _isa,
                inLanes: false));
            for (int i = p; i < System.Math.Min(p + 4, to.Length); i++)
            {
                string store = $"{_isa.Simd}.StorePart((byte*)output + {Terms.Plus(first, to[i])}, {packed}, {i - p}";
                code.Line(partial ? $"if ({left} >= {_isa.Lanes}) {store});\nelse {store}, {left});" : $"{store});");
            }
        }
    }

    /// <summary>Weights in the order of the segments: [block][group][channel][4].</summary>
    public static byte[] WeightBytes(IEnumerable<List<List<WeightGroup>>> blocks) =>
        blocks.SelectMany(b => b.SelectMany(s => s.SelectMany(g => g.Weights.Select(w => unchecked((byte)w))))).ToArray();

    /// <summary>For every block: segments of 4, 3, 2 and 1 groups, unless all have one structure; then the offsets of the groups.</summary>
    public static byte[] ScheduleBytes(IEnumerable<List<List<WeightGroup>>> blocks, bool isUniform) => PackedBytes.Of(blocks
        .SelectMany(b => Enumerable.Range(0, isUniform ? 0 : WeightSegments.Longest).Select(i => b.Count(s => s.Count == WeightSegments.Longest - i))
            .Concat(b.SelectMany(s => s.Select(g => g.Offset)))).ToArray());
}
