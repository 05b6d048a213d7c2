using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>
/// The requantisation of the vector vocabulary against the formulas in <see cref="Requantization"/>: all pairings of remarkable sums, multipliers and
/// shifts, and random ones.
/// </summary>
internal sealed record VocabularyCase() : NativeCase("Vocabulary")
{
    private const int Zero = 3, MaxShift = 30, MinShift = -31, RandomEntries = 1 << 14, Multiple = 16;

    // Of every entry: fixed point, then float.
    private const int ResultBytes = 2 * sizeof(int);

    /// <inheritdoc/>
    public override NativeUnit Compile(string target)
    {
        Isa isa = Target.Of(target).InstructionSets[0];
        Entry[] entries = [.. Entries()];
        var code = new SourceWriter();
        code.Line($$"""
            using System;
            using System.Runtime.CompilerServices;
            using System.Runtime.InteropServices;
            using System.Runtime.Intrinsics;
            using System.Runtime.Intrinsics.Arm;
            using System.Runtime.Intrinsics.X86;

            namespace NativeCases.Vocabulary;

            internal static unsafe class Requantization
            {
                public static void Run(int* sums, int* multipliers, int* shifts, float* scales, int count, int* fixedPoint, int* real)
                {
                    for (int i = 0; i < count; i += {{isa.Lanes}})
                    {
                        {{isa.Vector}}<int> sum = {{isa.Vector}}.Load(sums + i);
                        {{isa.Simd}}.MultiplyByQuantizedMultiplier(sum, {{isa.Vector}}.Load(multipliers + i), {{isa.Vector}}.Load(shifts + i))
                            .Store(fixedPoint + i);
                        {{isa.Simd}}.Requantize(sum, {{isa.Vector}}.Load(scales + i), {{sbyte.MinValue - Zero}}, {{sbyte.MaxValue - Zero}}, {{Zero}})
                            .Store(real + i);
                    }
                }
            }
            """);
        HelperLibrary.Write(code.ToString(), code);
        return new(
            code.ToString(),
            "",
            $$"""
                unsafe
                {
                    fixed (byte* from = x, to = y) global::NativeCases.Vocabulary.Requantization.Run({{string.Join(", ",
                        Enumerable.Range(0, 3).Select(i => $"(int*)from + {i * entries.Length}"))}}, (float*)from + {{3 * entries.Length}}, {{entries.Length}},
                            (int*)to, (int*)to + {{entries.Length}});
                }
                """,
            [.. Bytes(entries, e => e.Sum), .. Bytes(entries, e => e.Multiplier), .. Bytes(entries, e => e.Shift), .. Bytes(entries, e => e.Scale)],
            entries.Length * ResultBytes,
            () => [("the formula", [.. Bytes(entries, e => Requantization.MultiplyByQuantizedMultiplier(e.Sum, e.Multiplier, e.Shift)),
                .. Bytes(entries, e => Requantization.Float(e.Sum, e.Scale, Zero, sbyte.MinValue, sbyte.MaxValue))])]);
    }

    private static IEnumerable<Entry> Entries()
    {
        int[] sums = [.. Enumerable.Range(0, 32).SelectMany(bit =>
            new[] { -1, 0, 1 }.SelectMany(d => new[] { unchecked((1 << bit) + d), unchecked(-(1 << bit) + d) })).Append(0).Distinct()];
        int[] multipliers = [0, 1 << 30, (1 << 30) + 1, 1518500250, int.MaxValue - 1, int.MaxValue];
        List<Entry> entries = [.. from sum in sums from multiplier in multipliers from shift in Enumerable.Range(MinShift,
            MaxShift - MinShift + 1) select new Entry(sum, multiplier, shift)];
        var random = new Random(5);
        for (int i = 0; i < RandomEntries || entries.Count % Multiple != 0; i++)
        {
            entries.Add(new(random.Next(int.MinValue, int.MaxValue) >> random.Next(32), random.Next(1 << 30, int.MaxValue),
                random.Next(MinShift, MaxShift + 1)));
        }

        return entries;
    }

    private static byte[] Bytes<T>(Entry[] entries, Func<Entry, T> field)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(Array.ConvertAll(entries, e => field(e))).ToArray();

    private sealed record Entry(int Sum, int Multiplier, int Shift)
    {
        public float Scale => (float)Math.ScaleB(Multiplier, Shift - 31);
    }
}
