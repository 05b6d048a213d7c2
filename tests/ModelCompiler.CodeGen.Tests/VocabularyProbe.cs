using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Tests;

/// <summary>
/// C# that calls every member of a class of the vocabulary on random elements, extremes among them, and compares with one element after the other: class Scalar
/// where it has such a member, else plain arithmetic. VECTOR and SIMD stand for the class of the framework and that of the vocabulary.
/// </summary>
internal static class VocabularyProbe
{
    private const string Start = """
        using System;
        using System.Collections.Generic;
        using System.Runtime.CompilerServices;
        using System.Runtime.InteropServices;
        using System.Runtime.Intrinsics;
        using System.Runtime.Intrinsics.Arm;
        using System.Runtime.Intrinsics.X86;

        public static unsafe class Probe
        {
            private static readonly int N = VECTOR<int>.Count, Bytes = VECTOR<byte>.Count, Groups = VECTOR<byte>.Count / 16;
            private static readonly SortedSet<string> Wrong = new(StringComparer.Ordinal);
            private static Random _random = new(1);

            public static string[] Run()
            {
                for (int seed = 0; seed < 300; seed++)
                {
                    _random = new Random(seed);
                    Everywhere();
                    Own();
                }

                return [.. Wrong];
            }

            private static void Check(string member, bool isRight)
            {
                if (!isRight) Wrong.Add(member);
            }

            private static T* Memory<T>(int count, Func<int, T> next) where T : unmanaged
            {
                T* p = (T*)NativeMemory.AlignedAlloc((nuint)(count * sizeof(T)), 64);
                for (int i = 0; i < count; i++) p[i] = next(i);
                return p;
            }

            private static byte Byte() => _random.Next(4) switch { 0 => 0, 1 => 255, 2 => (byte)(127 + _random.Next(2)), _ => (byte)_random.Next(256) };
            private static short Word() => _random.Next(4) switch { 0 => short.MinValue, 1 => short.MaxValue, _ => (short)_random.Next(65536) };
            private static int Int() => _random.Next(6) switch { 0 => int.MinValue, 1 => int.MaxValue, 2 => 0,
                _ => _random.Next(int.MinValue, int.MaxValue) >> _random.Next(32) };
            private static float Real(double size) => _random.Next(4)
                switch { 0 => _random.Next(-9, 9) + 0.5f, 1 => (float)size, 2 => -(float)size, _ => (float)((_random.NextDouble() - 0.5) * 2 * size) };

            private static bool Same<T>(T* a, T* b, int count) where T : unmanaged =>
                new ReadOnlySpan<byte>(a, count * sizeof(T)).SequenceEqual(new ReadOnlySpan<byte>(b, count * sizeof(T)));
            private static bool All<T>(VECTOR<T> v, Func<int, T> expected) where T : unmanaged
            {
                T* got = stackalloc T[VECTOR<T>.Count], wanted = stackalloc T[VECTOR<T>.Count];
                v.Store(got);
                for (int i = 0; i < VECTOR<T>.Count; i++) wanted[i] = expected(i);
                return Same(got, wanted, VECTOR<T>.Count);
            }

            private static VECTOR<int> Vector(int* p) => VECTOR.Load(p);

            private static void Everywhere()
            {
                byte* bytes = Memory(512, _ => Byte()), others = Memory(512, _ => Byte());
                sbyte* signed = (sbyte*)bytes;
                short* words = Memory(64, _ => Word()), moreWords = Memory(64, _ => Word());
                int* ints = Memory(64, _ => Int()), multipliers = Memory(64, _ => _random.Next(1 << 30, int.MaxValue)),
                    shifts = Memory(64, _ => _random.Next(-31, 31)), small = Memory(64, _ => _random.Next(-128, 256));
                float* a = Memory(64, _ => Real(1e6)), b = Memory(64, _ => Real(1e3)), c = Memory(64, _ => Real(10)),
                    scales = Memory(64, _ => (float)Math.ScaleB(_random.NextDouble(), -_random.Next(12))), huge = Memory(64, _ => Real(1e30));
                ushort* halves = Memory(128, _ => (ushort)(_random.Next(3) switch { 0 => _random.Next(0x400), 1 => 0x8000 | _random.Next(0x401),
                    _ => _random.Next(0x7C00) | (_random.Next(2) << 15) }));
                byte* to = Memory<byte>(512, _ => 77), wanted = Memory<byte>(512, _ => 77);
                int count = _random.Next(0, 70), zero = _random.Next(-128, 128), divisor = _random.Next(1, 300);
                (float min, float max) = (-128 - zero, 127 - zero);

                Check("BroadcastPair", All(SIMD.BroadcastPair(words), i => words[i % 2]));
                Check("LoadInt8", All(SIMD.LoadInt8(signed), i => (short)signed[i]));
                Check("LoadUInt8", All(SIMD.LoadUInt8(bytes), i => (short)bytes[i]));
                Check("LoadInt8AsInt32", All(SIMD.LoadInt8AsInt32(signed), i => (int)signed[i]));
                Check("LoadUInt16AsInt32", All(SIMD.LoadUInt16AsInt32((ushort*)words), i => (int)(ushort)words[i]));
                Check("LoadHalves", All(SIMD.LoadHalves(halves), i => (float)BitConverter.UInt16BitsToHalf(halves[i])));
                Check("LoadUInt8AsInt32", All(SIMD.LoadUInt8AsInt32(bytes), i => (int)bytes[i]));
                Check("MultiplyAddPairs", All(SIMD.MultiplyAddPairs(VECTOR.Load(words), VECTOR.Load(moreWords)),
                    i => unchecked((words[2 * i] * moreWords[2 * i]) + (words[2 * i + 1] * moreWords[2 * i + 1]))));
                Check("MultiplyAdd", All(SIMD.MultiplyAdd(VECTOR.Load(a), VECTOR.Load(b), VECTOR.Load(c)), i => Scalar.MultiplyAdd(a[i], b[i], c[i])));
                Check("RoundToInt32", All(SIMD.RoundToInt32(VECTOR.Load(a)), i => Scalar.RoundToInt32(a[i])));
                Check("TruncateInRange", All(SIMD.TruncateInRange(VECTOR.Load(a)), i => (int)a[i]));
                Check("Requantize", All(SIMD.Requantize(Vector(ints), VECTOR.Load(scales), min, max, zero),
                    i => Scalar.Requantize(ints[i], scales[i], min, max, zero)));
                Check("MultiplyByQuantizedMultiplier", All(SIMD.MultiplyByQuantizedMultiplier(Vector(ints), Vector(multipliers), Vector(shifts)),
                    i => Scalar.MultiplyByQuantizedMultiplier(ints[i], multipliers[i], shifts[i])));
                Check("RequantizeFixed", All(SIMD.RequantizeFixed(Vector(ints), Vector(multipliers), Vector(shifts), -128, 127, zero),
                    i => Scalar.RequantizeFixed(ints[i], multipliers[i], shifts[i], -128, 127, zero)));
                Check("Clamp", All(SIMD.Clamp(VECTOR.Load(huge), VECTOR.Create(-3f), VECTOR.Create(5f)), i => Math.Min(Math.Max(huge[i], -3f), 5f)));
                Check("Larger", All(SIMD.Larger(VECTOR.Load(a), VECTOR.Load(huge)), i => Math.Max(a[i], huge[i])));
                Check("Larger of none", float.IsNaN(SIMD.Larger(VECTOR.Create(float.NaN), VECTOR.Load(a)).GetElement(0))
                    && float.IsNaN(SIMD.Larger(VECTOR.Load(a), VECTOR.Create(float.NaN)).GetElement(0)));
                Check("ClampRound", All(SIMD.ClampRound(VECTOR.Load(huge), min, max, zero), i => Scalar.ClampRound(huge[i], min, max, zero)));
                Check("ClampRoundAway", All(SIMD.ClampRoundAway(VECTOR.Load(huge), min, max, zero), i => Scalar.ClampRoundAway(huge[i], min, max, zero)));
                Check("DivideRounded", All(SIMD.DivideRounded(Vector(small), divisor), i => Scalar.DivideRounded(small[i], divisor)));

                Check("ZipLower", All(SIMD.ZipLower(VECTOR.Load(words), VECTOR.Load(moreWords)), i => (i % 2 == 0 ? words : moreWords)[i / 8 * 8 + i % 8 / 2]));
                Check("ZipUpper", All(SIMD.ZipUpper(VECTOR.Load(words), VECTOR.Load(moreWords)),
                    i => (i % 2 == 0 ? words : moreWords)[i / 8 * 8 + 4 + i % 8 / 2]));
                Check("LoadZipLower", All(SIMD.LoadZipLower(ints), i => ints[i / 4 * 8 + i % 4]) && All(SIMD.LoadZipLower(a), i => a[i / 4 * 8 + i % 4]));
                Check("LoadZipUpper", All(SIMD.LoadZipUpper(ints), i => ints[i / 4 * 8 + 4 + i % 4])
                    && All(SIMD.LoadZipUpper(a), i => a[i / 4 * 8 + 4 + i % 4]));

                Check("Repeat16", All(SIMD.Repeat16(bytes), i => bytes[i % 16]));
                VECTOR<byte> t0 = SIMD.Repeat16(bytes), t1 = SIMD.Repeat16(bytes + 16), t2 = SIMD.Repeat16(bytes + 32), t3 = SIMD.Repeat16(bytes + 48);
                for (int bits = 4; bits <= 8; bits++)
                {
                    VECTOR<byte> index = VECTOR.Load(others + 64) & VECTOR.Create((byte)((1 << bits) - 1));
                    Func<int, Func<int, byte>> entry = entries => i => index.GetElement(i) < entries ? bytes[index.GetElement(i)] : (byte)0;
                    Check("LookUp", All(SIMD.LookUp(t0, index), entry(16)) && All(SIMD.LookUp(t0, t1, index), entry(32))
                        && All(SIMD.LookUp(t0, t1, t2, t3, index), entry(64)));
                }

                Stores("StoreBytes", N, p => SIMD.StoreBytes(p, Vector(small)), i => (byte)small[i]);
                for (int part = 0; part <= N; part++) Stores("StoreBytes", part, p => SIMD.StoreBytes(p, Vector(small), part), i => (byte)small[i]);
                for (int part = 0; part <= N; part++)
                    Stores("StoreFloats", 4 * part, p => SIMD.StoreFloats((float*)p, VECTOR.Load(a), part), i => ((byte*)a)[i]);
                VECTOR<int> lower = SIMD.LoadZipLower(small), upper = SIMD.LoadZipUpper(small);
                Stores("StoreZippedBytes", 2 * N, p => SIMD.StoreZippedBytes(p, lower, upper), i => (byte)small[i]);
                for (int part = 0; part <= 2 * N; part++)
                    Stores("StoreZippedBytes", part, p => SIMD.StoreZippedBytes(p, lower, upper, part), i => (byte)small[i]);

                Stores("WidenInt8", 2 * count, p => SIMD.WidenInt8(signed, (short*)p, count, zero), i => (byte)((signed[i / 2] - zero) >> (8 * (i % 2))));
                Stores("WidenUInt8", 2 * count, p => SIMD.WidenUInt8(bytes, (short*)p, count, zero + 128),
                    i => (byte)((bytes[i / 2] - zero - 128) >> (8 * (i % 2))));
                Stores("WidenHalves", 4 * count, p => SIMD.WidenHalves(halves, (float*)p, count),
                    i => (byte)(BitConverter.SingleToInt32Bits((float)BitConverter.UInt16BitsToHalf(halves[i / 4])) >> (8 * (i % 4))));
                Check("SumInt8", SIMD.SumInt8(signed, count) == Scalar.SumInt8(signed, count));
                Check("SumUInt8", SIMD.SumUInt8(bytes, count) == Scalar.SumUInt8(bytes, count));
                signed[0] = -128;
                Check("MaxInt8", SIMD.MaxInt8(signed, count + 1) == Scalar.MaxInt8(signed, count + 1));
                Check("MaxUInt8", SIMD.MaxUInt8(others, count + 1) == Scalar.MaxUInt8(others, count + 1));
                Check("MaxFloat32", SIMD.MaxFloat32(huge, count % 60 + 1) == Scalar.MaxFloat32(huge, count % 60 + 1));

                foreach (nint p in new nint[] { (nint)bytes, (nint)others, (nint)words, (nint)moreWords, (nint)ints, (nint)multipliers, (nint)shifts,
                    (nint)small, (nint)a, (nint)b, (nint)c, (nint)scales, (nint)huge, (nint)to, (nint)wanted }) NativeMemory.AlignedFree((void*)p);
            }

            private delegate void Writer(byte* p);

            // Neither less nor more than these bytes may be written.
            private static void Stores(string member, int count, Writer write, Func<int, byte> expected)
            {
                byte* got = stackalloc byte[2048];
                new Span<byte>(got, 2048).Fill(0x5A);
                write(got);
                for (int i = 0; i < 2048; i++) Check(member, got[i] == (i < count ? expected(i) : 0x5A));
            }

        """;

    private const string Tile = """
            private static void Own()
            {
                byte* x = Memory(4096, _ => Byte()), y = Memory(4096, _ => Byte());
                sbyte* w = Memory(256, _ => (sbyte)_random.Next(-16, 16)), wide = Memory(64, _ => (sbyte)_random.Next(-64, 64));
                int* ints = Memory(64, _ => Int()), a = Memory(64, _ => Int() >> 8);
                float* scales = Memory(64, _ => (float)Math.ScaleB(_random.NextDouble() * 0.9, -_random.Next(20))), real = Memory(64, _ => Real(1e9));
                short zero = (short)_random.Next(-128, 256);
                int count = _random.Next(0, 150);

                Check("Broadcast4", All(SIMD.Broadcast4(x), i => x[i % 4]));
                Check("RoundInRange", All(SIMD.RoundInRange(VECTOR.Load(real)), i => (int)Math.Round((double)real[i])));
                Check("Scaled", All(SIMD.Scaled(Vector(ints), VECTOR.Load(scales)), i => (int)Math.Round((double)(ints[i] * scales[i]))));
                Check("MultiplyAddBytes", All(SIMD.MultiplyAddBytes(VECTOR.Load(x), VECTOR.Load(wide)),
                    i => (short)((x[2 * i] * wide[2 * i]) + (x[2 * i + 1] * wide[2 * i + 1]))));
                Func<int, Func<int, int>> sum = terms => i =>
                {
                    int s = ints[i];
                    for (int k = 0; k < terms; k++) for (int j = 0; j < 4; j++) s = unchecked(s + (x[k * 64 + 4 * i + j] * w[k * 64 + 4 * i + j]));
                    return s;
                };
                VECTOR<short> ones = VECTOR.Create((short)1);
                VECTOR<sbyte> w0 = VECTOR.Load(w), w1 = VECTOR.Load(w + 64), w2 = VECTOR.Load(w + 128), w3 = VECTOR.Load(w + 192);
                Check("AddProducts", All(SIMD.AddProducts(Vector(ints), ones, x, w0), sum(1))
                    && All(SIMD.AddProducts(Vector(ints), ones, x, w0, x + 64, w1), sum(2))
                    && All(SIMD.AddProducts(Vector(ints), ones, x, w0, x + 64, w1, x + 128, w2), sum(3))
                    && All(SIMD.AddProducts(Vector(ints), ones, x, w0, x + 64, w1, x + 128, w2, x + 192, w3), sum(4)));

                VECTOR<int> p0 = Vector(a), p1 = Vector(a + 16), p2 = Vector(a + 32), p3 = Vector(a + 48);
                Func<int, int, int, long> saturated = (at, from, to) => Math.Clamp((long)a[at] + zero, from, to);
                Func<int, int> inOrder = i => i / N * 16 + i % N, inLanes = i => i % 16 / 4 * 16 + i / 16 * 4 + i % 4;
                VECTOR<short> zeros = VECTOR.Create(zero);
                VECTOR<byte> packed = SIMD.PackUInt8(p0, p1, p2, p3, zeros);
                Check("PackUInt8", All(packed, i => (byte)saturated(inOrder(i), 0, 255)));
                Check("PackInt8", All(SIMD.PackInt8(p0, p1, p2, p3, zeros), i => (sbyte)saturated(inOrder(i), -128, 127)));
                Check("PackUInt8InLanes", All(SIMD.PackUInt8InLanes(p0, p1, p2, p3, zeros), i => (byte)saturated(inLanes(i), 0, 255)));
                Check("PackInt8InLanes", All(SIMD.PackInt8InLanes(p0, p1, p2, p3, zeros), i => (sbyte)saturated(inLanes(i), -128, 127)));
                for (int part = 0; part < 4; part++)
                {
                    Stores("StorePart", N, p => SIMD.StorePart(p, packed, part), i => packed.GetElement(part * N + i));
                    for (int few = 0; few <= N; few++)
                        Stores("StorePart", few, p => SIMD.StorePart(p, packed, part, few), i => packed.GetElement(part * N + i));
                }

                VECTOR<byte> first = VECTOR.Load(x), second = VECTOR.Load(y);
                Check("ZipLowerBytes", All(SIMD.ZipLowerBytes(first, second).AsByte(), i => (i % 2 == 0 ? x : y)[i / 16 * 16 + i % 16 / 2]));
                Check("ZipUpperBytes", All(SIMD.ZipUpperBytes(first, second).AsByte(), i => (i % 2 == 0 ? x : y)[i / 16 * 16 + 8 + i % 16 / 2]));
                Check("ZipLowerWords", All(SIMD.ZipLowerWords(first.AsInt16(), second.AsInt16()),
                    i => (i / 2 % 2 == 0 ? x : y)[i / 16 * 16 + i % 16 / 4 * 2 + i % 2]));
                Check("ZipUpperWords", All(SIMD.ZipUpperWords(first.AsInt16(), second.AsInt16()),
                    i => (i / 2 % 2 == 0 ? x : y)[i / 16 * 16 + 8 + i % 16 / 4 * 2 + i % 2]));
                Check("LoadLanes", All(SIMD.LoadLanes(x, 100).AsByte(), i => x[i / 16 * 100 + i % 16]));
                for (int row = 0; row < Groups; row++) Check("StoreLanes", Lanes(first, row, x));
                Stores("Interleave4", 4 * count, p => SIMD.Interleave4(x, x + 200, x + 400, x + 600, p, count), i => x[i % 4 * 200 + i / 4]);
                Stores("CopyRaised", count, p => SIMD.CopyRaised((sbyte*)x, p, count), i => (byte)(x[i] + 128));
                Check("StoreTransposed", Transposed(x));
                for (int vectors = 1; vectors <= 4; vectors++)
                {
                    Check("Gather", Gathered(x, vectors));
                    foreach (int channels in new[] { 3, 8, 13, 16, 21, 32 })
                        Check("StorePixels", Pixels(x, channels, vectors, _random.Next(2) == 0 ? N * vectors : _random.Next(1, N * vectors + 1)));
                }

                foreach (nint p in new nint[] { (nint)x, (nint)y, (nint)w, (nint)wide, (nint)ints, (nint)a, (nint)scales, (nint)real })
                    NativeMemory.AlignedFree((void*)p);
            }

            private static bool Lanes(VECTOR<byte> v, int row, byte* x)
            {
                byte* to = stackalloc byte[512];
                SIMD.StoreLanes(v, to, 48);
                for (int i = 0; i < 16; i++) if (to[row * 48 + i] != x[row * 16 + i]) return false;
                return true;
            }

            private static bool Transposed(byte* x)
            {
                byte* to = stackalloc byte[1024];
                SIMD.StoreTransposed(VECTOR.Load((int*)x), VECTOR.Load((int*)(x + 64)), VECTOR.Load((int*)(x + 128)), VECTOR.Load((int*)(x + 192)), to, 200);
                for (int row = 0; row < 4; row++)
                    for (int i = 0; i < Bytes; i++) if (to[row * 200 + i] != x[i % 16 / 4 * 64 + i / 16 * 16 + row * 4 + i % 4]) return false;
                return true;
            }

            // Groups of four bytes of a pixel, at two places of it, side by side for all pixels.
            private static bool Gathered(byte* x, int vectors)
            {
                const int Pitch = 50, GroupPitch = 256;
                int* chunks = stackalloc int[] { 0, 31 };
                byte* to = stackalloc byte[8 * GroupPitch];
                SIMD.Gather(x, Pitch, vectors, chunks, 2, to, GroupPitch);
                for (int group = 0; group < 8; group++) for (int v = 0; v < vectors; v++) for (int i = 0; i < Bytes; i++)
                {
                    int pixel = i / 16 * 4 * vectors + 4 * v + i % 16 / 4;
                    if (to[group * GroupPitch + v * Bytes + i] != x[pixel * Pitch + chunks[group / 4] + group % 4 * 4 + i % 4]) return false;
                }

                return true;
            }

            private static bool Pixels(byte* x, int channels, int vectors, int pixels)
            {
                byte* to = stackalloc byte[2100];
                new Span<byte>(to, 2100).Fill(0x5A);
                SIMD.StorePixels(x, 64, to, channels, vectors, pixels);
                for (int i = 0; i < 2100; i++)
                {
                    (int pixel, int channel) = (i / channels, i % channels);
                    byte wanted = pixel < pixels ? x[channel * 64 + pixel / (4 * vectors) * 16 + pixel % (4 * vectors)] : (byte)0x5A;
                    if (to[i] != wanted) return false;
                }

                return true;
            }
        }

        """;

    private const string Arm = """
            private static void Own()
            {
                sbyte* a = Memory(16, _ => (sbyte)Byte()), b = Memory(16, _ => (sbyte)_random.Next(-127, 128)),
                    c = Memory(16, _ => (sbyte)_random.Next(-1, 2)), d = Memory(16, _ => (sbyte)_random.Next(-127, 128));
                short* x = Memory(8, _ => Word()), y = Memory(8, _ => Word());
                int* ints = Memory(4, _ => Int());
                byte* bytes = Memory(64, _ => Byte());
                int count = _random.Next(0, 60);
                VECTOR<sbyte> va = VECTOR.Load(a), vb = VECTOR.Load(b), vc = VECTOR.Load(c), vd = VECTOR.Load(d);
                Check("BroadcastQuad", All(SIMD.BroadcastQuad(a), i => a[i % 4]));
                Check("MultiplyAddLower", All(SIMD.MultiplyAddLower(Vector(ints), VECTOR.Load(x), VECTOR.Load(y)), i => unchecked(ints[i] + (x[i] * y[i]))));
                Check("MultiplyAddUpper", All(SIMD.MultiplyAddUpper(Vector(ints), VECTOR.Load(x), VECTOR.Load(y)),
                    i => unchecked(ints[i] + (x[i + 4] * y[i + 4]))));
                Check("AddPairsLower", All(SIMD.AddPairsLower(Vector(ints), va, vb),
                    i => unchecked(ints[i] + (a[2 * i] * b[2 * i]) + (a[2 * i + 1] * b[2 * i + 1]))));
                Check("AddPairsUpper", All(SIMD.AddPairsUpper(Vector(ints), va, vb),
                    i => unchecked(ints[i] + (a[8 + 2 * i] * b[8 + 2 * i]) + (a[9 + 2 * i] * b[9 + 2 * i]))));
                Func<int, int> two = i => (a[i] * b[i]) + (c[i] * d[i]);
                Check("AddTwoPairsLower", All(SIMD.AddTwoPairsLower(Vector(ints), va, vb, vc, vd), i => unchecked(ints[i] + two(2 * i) + two(2 * i + 1))));
                Check("AddTwoPairsUpper", All(SIMD.AddTwoPairsUpper(Vector(ints), va, vb, vc, vd), i => unchecked(ints[i] + two(8 + 2 * i) + two(9 + 2 * i))));
                Stores("CopyLowered", count, p => SIMD.CopyLowered(bytes, (sbyte*)p, count), i => (byte)(bytes[i] - 128));
                foreach (nint p in new nint[] { (nint)a, (nint)b, (nint)c, (nint)d, (nint)x, (nint)y, (nint)ints, (nint)bytes })
                    NativeMemory.AlignedFree((void*)p);
            }
        }

        """;

    // Four products to a lane, beside the class of its width.
    private const string Vnni = """

            private static void Own()
            {
                byte* x = Memory(64, _ => Byte());
                sbyte* w = Memory(64, _ => (sbyte)Byte());
                int* ints = Memory(64, _ => Int());

                Func<int, int> sum = i =>
                {
                    int s = ints[i];
                    for (int j = 0; j < 4; j++) s = unchecked(s + (x[4 * i + j] * w[4 * i + j]));
                    return s;
                };
                Check("MultiplyAddQuads", All(VNNI.MultiplyAddQuads(Vector(ints), VECTOR.Load(x), VECTOR.Load(w)), sum));
                Vector128<int> some = VNNI.MultiplyAddQuads(Vector128.Load(ints), Vector128.Load(x), Vector128.Load(w));
                Vector256<int> more = VNNI.MultiplyAddQuads(Vector256.Load(ints), Vector256.Load(x), Vector256.Load(w));
                for (int i = 0; i < 8; i++) Check("MultiplyAddQuads of fewer", more.GetElement(i) == sum(i) && (i >= 4 || some.GetElement(i) == sum(i)));
                Check("GatherHalves", All(VNNI.GatherHalves(VECTOR.Load(x)), i => x[(i % (Bytes / 2) / 8 * 16) + (i < Bytes / 2 ? 0 : 8) + i % 8]));
            }
        }

        """;

    /// <summary>The code for a class.</summary>
    public static string Source(string name)
    {
        string vector = name == "SimdArm64" ? "Vector128" : "Vector" + name[4..];
        string own = name == "SimdArm64" ? Arm : name.StartsWith("Vnni", StringComparison.Ordinal) ? Vnni : Tile;
        return Regex.Replace(Regex.Replace(Regex.Replace(Start + own, @"\bVECTOR\b", vector), @"\bSIMD\b",
            name.Replace("Vnni", "Simd", StringComparison.Ordinal)), @"\bVNNI\b", name);
    }

    /// <summary>Names of members that computed something else.</summary>
    public static string[] Run(string simd)
    {
        var code = new SourceWriter();
        code.Line(Source(simd));
        HelperLibrary.Write(Source(simd), code);
        IEnumerable<MetadataReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p).StartsWith("System.", StringComparison.Ordinal)).Select(p => MetadataReference.CreateFromFile(p));
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true);
        CSharpCompilation compilation = CSharpCompilation.Create("Probe" + simd, [CSharpSyntaxTree.ParseText(code.ToString(), path: "Probe.cs")], references,
            options);
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(10)));
        return (string[])Assembly.Load(image.ToArray()).GetType("Probe")!.GetMethod("Run")!.Invoke(null, null)!;
    }
}
