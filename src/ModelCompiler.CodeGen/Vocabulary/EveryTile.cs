using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.CodeGen.Vocabulary;

/// <summary>Vector operations the kernels need, 128 bits wide, on any platform.</summary>
internal static unsafe partial class Simd128
{
    /// <summary>The four bytes at the address, in every 32-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Broadcast4(byte* p) => Vector128.Create(*(int*)p).AsByte();

    /// <summary>Int32 sums times their scale, to the nearest integer, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Scaled(Vector128<int> sum, Vector128<float> scale) => RoundInRange(Vector128.ConvertToSingle(sum) * scale);

    /// <summary>Stores the first <paramref name="count"/> of the bytes of one pixel.</summary>
    public static void StorePart(byte* p, Vector128<byte> packed, int part, int count)
    {
        for (int i = 0; i < count; i++) p[i] = packed.GetElement(part * (Vector128<byte>.Count / 4) + i);
    }

    /// <summary>Transposes four by four groups of four bytes within every 128-bit lane, and stores one row after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTransposed(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, byte* to, int pitch)
    {
        Vector128<long> lowerAb = Sse2.UnpackLow(a, b).AsInt64(), upperAb = Sse2.UnpackHigh(a, b).AsInt64();
        Vector128<long> lowerCd = Sse2.UnpackLow(c, d).AsInt64(), upperCd = Sse2.UnpackHigh(c, d).AsInt64();
        Sse2.UnpackLow(lowerAb, lowerCd).Store((long*)to);
        Sse2.UnpackHigh(lowerAb, lowerCd).Store((long*)(to + pitch));
        Sse2.UnpackLow(upperAb, upperCd).Store((long*)(to + 2 * pitch));
        Sse2.UnpackHigh(upperAb, upperCd).Store((long*)(to + 3 * pitch));
    }

    /// <summary>Sums plus the products of one group of four bytes in every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddProducts(Vector128<int> sums, Vector128<short> ones, byte* x0, Vector128<sbyte> w0) =>
        sums + MultiplyAddPairs(MultiplyAddBytes(Vector128.Load(x0), w0), ones);

    /// <summary>Sums plus the products of groups of four bytes in every lane, which must not saturate int16 when they are added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddProducts(Vector128<int> sums, Vector128<short> ones, byte* x0, Vector128<sbyte> w0, byte* x1, Vector128<sbyte> w1) =>
        sums + MultiplyAddPairs(MultiplyAddBytes(Vector128.Load(x0), w0) + MultiplyAddBytes(Vector128.Load(x1), w1), ones);

    /// <summary>Sums plus the products of groups of four bytes in every lane, which must not saturate int16 when they are added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddProducts(
        Vector128<int> sums, Vector128<short> ones, byte* x0, Vector128<sbyte> w0, byte* x1, Vector128<sbyte> w1, byte* x2, Vector128<sbyte> w2) =>
        sums + MultiplyAddPairs(MultiplyAddBytes(Vector128.Load(x0), w0) + MultiplyAddBytes(Vector128.Load(x1), w1) + MultiplyAddBytes(Vector128.Load(x2), w2),
            ones);

    /// <summary>Sums plus the products of groups of four bytes in every lane, which must not saturate int16 when they are added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddProducts(
        Vector128<int> sums, Vector128<short> ones, byte* x0, Vector128<sbyte> w0, byte* x1, Vector128<sbyte> w1, byte* x2, Vector128<sbyte> w2, byte* x3,
        Vector128<sbyte> w3) =>
        sums + MultiplyAddPairs(
            MultiplyAddBytes(Vector128.Load(x0), w0) + MultiplyAddBytes(Vector128.Load(x1), w1) + MultiplyAddBytes(Vector128.Load(x2), w2)
            + MultiplyAddBytes(Vector128.Load(x3), w3), ones);

    /// <summary>
    /// Gathers the input of neighbouring pixels: for every group of four bytes, the pixels' groups side by side.
    /// A vector holds four pixels in every 128-bit lane; the lanes of all vectors follow one another,
    /// so that sums that are packed come out in the order of the pixels.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Gather(byte* pixels, nint pixelPitch, int vectors, int* chunks, int count, byte* to, int groupPitch)
    {
        nint lane = 4 * vectors * pixelPitch;
        for (int v = 0; v < vectors; v++)
        {
            byte* groups = to;
            for (int chunk = 0; chunk < count; chunk++)
            {
                byte* x = pixels + chunks[chunk];
                StoreTransposed(LoadLanes(x, lane), LoadLanes(x + pixelPitch, lane), LoadLanes(x + 2 * pixelPitch, lane), LoadLanes(x + 3 * pixelPitch, lane),
                    groups, groupPitch);
                groups += 4 * groupPitch;
            }

            pixels += 4 * pixelPitch;
            to += Vector128<byte>.Count;
        }
    }

    /// <summary>
    /// Turns results of up to four packed vectors of pixels, which lie channel by channel, into pixels:
    /// four perfect shuffles of 16 rows are a transposition. Where channels do not divide by 16, the last ones are done twice; of fewer than 16,
    /// rows past the end are read and not stored.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void StorePixels(byte* results, int rowPitch, byte* to, int channels, int vectors, int pixels)
    {
        byte* part = stackalloc byte[16 * Vector128<byte>.Count];
        for (int channel = 0; channel < channels; channel += 16)
        {
            int first = Math.Max(0, Math.Min(channel, channels - 16));
            byte* from = results + first * rowPitch, output = to + first;
            Vector128<byte> a0 = Vector128.Load(from);
            Vector128<byte> a1 = Vector128.Load(from + rowPitch);
            Vector128<byte> a2 = Vector128.Load(from + 2 * rowPitch);
            Vector128<byte> a3 = Vector128.Load(from + 3 * rowPitch);
            Vector128<byte> a4 = Vector128.Load(from + 4 * rowPitch);
            Vector128<byte> a5 = Vector128.Load(from + 5 * rowPitch);
            Vector128<byte> a6 = Vector128.Load(from + 6 * rowPitch);
            Vector128<byte> a7 = Vector128.Load(from + 7 * rowPitch);
            Vector128<byte> a8 = Vector128.Load(from + 8 * rowPitch);
            Vector128<byte> a9 = Vector128.Load(from + 9 * rowPitch);
            Vector128<byte> a10 = Vector128.Load(from + 10 * rowPitch);
            Vector128<byte> a11 = Vector128.Load(from + 11 * rowPitch);
            Vector128<byte> a12 = Vector128.Load(from + 12 * rowPitch);
            Vector128<byte> a13 = Vector128.Load(from + 13 * rowPitch);
            Vector128<byte> a14 = Vector128.Load(from + 14 * rowPitch);
            Vector128<byte> a15 = Vector128.Load(from + 15 * rowPitch);
            Vector128<byte> b0 = ZipLowerBytes(a0, a8).AsByte(), b1 = ZipUpperBytes(a0, a8).AsByte();
            Vector128<byte> b2 = ZipLowerBytes(a1, a9).AsByte(), b3 = ZipUpperBytes(a1, a9).AsByte();
            Vector128<byte> b4 = ZipLowerBytes(a2, a10).AsByte(), b5 = ZipUpperBytes(a2, a10).AsByte();
            Vector128<byte> b6 = ZipLowerBytes(a3, a11).AsByte(), b7 = ZipUpperBytes(a3, a11).AsByte();
            Vector128<byte> b8 = ZipLowerBytes(a4, a12).AsByte(), b9 = ZipUpperBytes(a4, a12).AsByte();
            Vector128<byte> b10 = ZipLowerBytes(a5, a13).AsByte(), b11 = ZipUpperBytes(a5, a13).AsByte();
            Vector128<byte> b12 = ZipLowerBytes(a6, a14).AsByte(), b13 = ZipUpperBytes(a6, a14).AsByte();
            Vector128<byte> b14 = ZipLowerBytes(a7, a15).AsByte(), b15 = ZipUpperBytes(a7, a15).AsByte();
            Vector128<byte> c0 = ZipLowerBytes(b0, b8).AsByte(), c1 = ZipUpperBytes(b0, b8).AsByte();
            Vector128<byte> c2 = ZipLowerBytes(b1, b9).AsByte(), c3 = ZipUpperBytes(b1, b9).AsByte();
            Vector128<byte> c4 = ZipLowerBytes(b2, b10).AsByte(), c5 = ZipUpperBytes(b2, b10).AsByte();
            Vector128<byte> c6 = ZipLowerBytes(b3, b11).AsByte(), c7 = ZipUpperBytes(b3, b11).AsByte();
            Vector128<byte> c8 = ZipLowerBytes(b4, b12).AsByte(), c9 = ZipUpperBytes(b4, b12).AsByte();
            Vector128<byte> c10 = ZipLowerBytes(b5, b13).AsByte(), c11 = ZipUpperBytes(b5, b13).AsByte();
            Vector128<byte> c12 = ZipLowerBytes(b6, b14).AsByte(), c13 = ZipUpperBytes(b6, b14).AsByte();
            Vector128<byte> c14 = ZipLowerBytes(b7, b15).AsByte(), c15 = ZipUpperBytes(b7, b15).AsByte();
            Vector128<byte> d0 = ZipLowerBytes(c0, c8).AsByte(), d1 = ZipUpperBytes(c0, c8).AsByte();
            Vector128<byte> d2 = ZipLowerBytes(c1, c9).AsByte(), d3 = ZipUpperBytes(c1, c9).AsByte();
            Vector128<byte> d4 = ZipLowerBytes(c2, c10).AsByte(), d5 = ZipUpperBytes(c2, c10).AsByte();
            Vector128<byte> d6 = ZipLowerBytes(c3, c11).AsByte(), d7 = ZipUpperBytes(c3, c11).AsByte();
            Vector128<byte> d8 = ZipLowerBytes(c4, c12).AsByte(), d9 = ZipUpperBytes(c4, c12).AsByte();
            Vector128<byte> d10 = ZipLowerBytes(c5, c13).AsByte(), d11 = ZipUpperBytes(c5, c13).AsByte();
            Vector128<byte> d12 = ZipLowerBytes(c6, c14).AsByte(), d13 = ZipUpperBytes(c6, c14).AsByte();
            Vector128<byte> d14 = ZipLowerBytes(c7, c15).AsByte(), d15 = ZipUpperBytes(c7, c15).AsByte();
            Vector128<byte> e0 = ZipLowerBytes(d0, d8).AsByte(), e1 = ZipUpperBytes(d0, d8).AsByte();
            Vector128<byte> e2 = ZipLowerBytes(d1, d9).AsByte(), e3 = ZipUpperBytes(d1, d9).AsByte();
            Vector128<byte> e4 = ZipLowerBytes(d2, d10).AsByte(), e5 = ZipUpperBytes(d2, d10).AsByte();
            Vector128<byte> e6 = ZipLowerBytes(d3, d11).AsByte(), e7 = ZipUpperBytes(d3, d11).AsByte();
            Vector128<byte> e8 = ZipLowerBytes(d4, d12).AsByte(), e9 = ZipUpperBytes(d4, d12).AsByte();
            Vector128<byte> e10 = ZipLowerBytes(d5, d13).AsByte(), e11 = ZipUpperBytes(d5, d13).AsByte();
            Vector128<byte> e12 = ZipLowerBytes(d6, d14).AsByte(), e13 = ZipUpperBytes(d6, d14).AsByte();
            Vector128<byte> e14 = ZipLowerBytes(d7, d15).AsByte(), e15 = ZipUpperBytes(d7, d15).AsByte();
            if (channels >= 16 && pixels == Vector128<byte>.Count / 4 * vectors)
            {
                // Every lane holds the next pixels, as many as there are vectors of four.
                nint lane = 4 * vectors * channels;
                StoreLanes(e0, output, lane);
                StoreLanes(e1, output + channels, lane);
                StoreLanes(e2, output + 2 * channels, lane);
                StoreLanes(e3, output + 3 * channels, lane);
                if (vectors == 1) continue;
                StoreLanes(e4, output + 4 * channels, lane);
                StoreLanes(e5, output + 5 * channels, lane);
                StoreLanes(e6, output + 6 * channels, lane);
                StoreLanes(e7, output + 7 * channels, lane);
                if (vectors == 2) continue;
                StoreLanes(e8, output + 8 * channels, lane);
                StoreLanes(e9, output + 9 * channels, lane);
                StoreLanes(e10, output + 10 * channels, lane);
                StoreLanes(e11, output + 11 * channels, lane);
                if (vectors == 3) continue;
                StoreLanes(e12, output + 12 * channels, lane);
                StoreLanes(e13, output + 13 * channels, lane);
                StoreLanes(e14, output + 14 * channels, lane);
                StoreLanes(e15, output + 15 * channels, lane);
                continue;
            }

            // In the order of the pixels: lane by lane, and of each as many places as there are vectors.
            e0.Store(part);
            e1.Store(part + Vector128<byte>.Count);
            e2.Store(part + 2 * Vector128<byte>.Count);
            e3.Store(part + 3 * Vector128<byte>.Count);
            e4.Store(part + 4 * Vector128<byte>.Count);
            e5.Store(part + 5 * Vector128<byte>.Count);
            e6.Store(part + 6 * Vector128<byte>.Count);
            e7.Store(part + 7 * Vector128<byte>.Count);
            e8.Store(part + 8 * Vector128<byte>.Count);
            e9.Store(part + 9 * Vector128<byte>.Count);
            e10.Store(part + 10 * Vector128<byte>.Count);
            e11.Store(part + 11 * Vector128<byte>.Count);
            e12.Store(part + 12 * Vector128<byte>.Count);
            e13.Store(part + 13 * Vector128<byte>.Count);
            e14.Store(part + 14 * Vector128<byte>.Count);
            e15.Store(part + 15 * Vector128<byte>.Count);
            int pixel = 0, count = Math.Min(16, channels);
            for (int lane = 0; lane < Vector128<byte>.Count / 16; lane++)
            {
                for (int place = 0; place < 4 * vectors && pixel < pixels; place++)
                {
                    byte* bytes = part + place * Vector128<byte>.Count + lane * 16, own = output + pixel++ * channels;
                    if (count >= 8)
                    {
                        *(long*)own = *(long*)bytes;
                        *(long*)(own + count - 8) = *(long*)(bytes + count - 8);
                    }
                    else for (int i = 0; i < count; i++) own[i] = bytes[i];
                }
            }
        }
    }

    /// <summary>Copies int8 numbers as uint8 numbers 128 higher.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CopyRaised(sbyte* from, byte* to, int count)
    {
        int i = 0;
        for (; i <= count - Vector128<byte>.Count; i += Vector128<byte>.Count) (Vector128.Load((byte*)from + i) ^ Vector128.Create((byte)0x80)).Store(to + i);
        for (; i < count; i++) to[i] = (byte)(from[i] + 128);
    }
}
