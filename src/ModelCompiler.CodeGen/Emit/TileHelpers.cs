namespace ModelCompiler.CodeGen.Emit;

/// <summary>
/// Source of the vocabulary of register-tiled matrix products of bytes, once per width under the same names: products of uint8 by int8 in int16
/// (<c>maddubs</c>), which saturate unless the weights are known not to, and packing of finished sums.
/// </summary>
internal static class TileHelpers
{
    /// <summary>All helpers of one width, separated by blank lines.</summary>
    public static string ForWidth(int bits) =>
        (Common + "\n\n" + (bits == 512 ? Avx512 : bits == 256 ? Avx2 : Portable)).Replace("VECTOR", "Vector" + Literals.Int(bits)).Replace("PART", Literals.Int(bits / 32)).Replace("X86", bits == 512 ? "Avx512F" : bits == 256 ? "Avx2" : "Sse2");

    private const string Common = """
        /// <summary>The four bytes at the address, in every 32-bit lane.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static VECTOR<byte> Broadcast4(byte* p) => VECTOR.Create(*(int*)p).AsByte();

        /// <summary>Int32 sums times their scale, to the nearest integer, ties to even.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static VECTOR<int> Scaled(VECTOR<int> sum, VECTOR<float> scale) => RoundInRange(VECTOR.ConvertToSingle(sum) * scale);

        /// <summary>Stores the first <paramref name="count"/> of the PART bytes of one pixel.</summary>
        public static void StorePart(byte* p, VECTOR<byte> packed, int part, int count)
        {
            for (int i = 0; i < count; i++) p[i] = packed.GetElement(part * PART + i);
        }

        /// <summary>Transposes four by four groups of four bytes within every 128-bit lane, and stores one row after the other.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void StoreTransposed(VECTOR<int> a, VECTOR<int> b, VECTOR<int> c, VECTOR<int> d, byte* to, int pitch)
        {
            VECTOR<long> lowerAb = X86.UnpackLow(a, b).AsInt64(), upperAb = X86.UnpackHigh(a, b).AsInt64();
            VECTOR<long> lowerCd = X86.UnpackLow(c, d).AsInt64(), upperCd = X86.UnpackHigh(c, d).AsInt64();
            X86.UnpackLow(lowerAb, lowerCd).Store((long*)to);
            X86.UnpackHigh(lowerAb, lowerCd).Store((long*)(to + pitch));
            X86.UnpackLow(upperAb, upperCd).Store((long*)(to + 2 * pitch));
            X86.UnpackHigh(upperAb, upperCd).Store((long*)(to + 3 * pitch));
        }

        /// <summary>Stores the first <paramref name="count"/> bytes of a 128-bit lane.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void StoreLane(byte* p, VECTOR<byte> bytes, int lane, int count)
        {
            int i = 0;
            if (count >= 8) *(long*)p = bytes.AsInt64().GetElement(lane * 2);
            if (count >= 8) i = 8;
            if (count - i >= 4) *(int*)(p + i) = bytes.AsInt32().GetElement(lane * 4 + i / 4);
            if (count - i >= 4) i += 4;
            for (; i < count; i++) p[i] = bytes.GetElement(lane * 16 + i);
        }

        /// <summary>Copies int8 numbers as uint8 numbers 128 higher.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static void CopyRaised(sbyte* from, byte* to, int count)
        {
            int i = 0;
            for (; i <= count - VECTOR<byte>.Count; i += VECTOR<byte>.Count) (VECTOR.Load((byte*)from + i) ^ VECTOR.Create((byte)0x80)).Store(to + i);
            for (; i < count; i++) to[i] = (byte)(from[i] + 128);
        }
        """;

    private const string Avx512 = """
        /// <summary>Sixteen bytes from each address, in the order of the lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<int> LoadLanes(byte* a, byte* b, byte* c, byte* d) =>
            Vector512.Create(Vector256.Create(Vector128.Load((int*)a), Vector128.Load((int*)b)), Vector256.Create(Vector128.Load((int*)c), Vector128.Load((int*)d)));

        /// <summary>Stores the 16 bytes of a lane.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void StoreLane(byte* p, Vector512<byte> bytes, int lane) => Avx512F.ExtractVector128(bytes, (byte)lane).Store(p);

        /// <summary>Interleaves bytes of four sources, as quads a, b, c, d.</summary>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public static void Interleave4(byte* a, byte* b, byte* c, byte* d, byte* to, int count)
        {
            // Interleaving works within 128-bit lanes: the order beforehand makes the order afterwards natural.
            Vector512<int> order = Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
            int i = 0;
            for (; i <= count - 64; i += 64)
            {
                Vector512<byte> va = Avx512F.PermuteVar16x32(Vector512.Load((int*)(a + i)), order).AsByte(), vb = Avx512F.PermuteVar16x32(Vector512.Load((int*)(b + i)), order).AsByte();
                Vector512<byte> vc = Avx512F.PermuteVar16x32(Vector512.Load((int*)(c + i)), order).AsByte(), vd = Avx512F.PermuteVar16x32(Vector512.Load((int*)(d + i)), order).AsByte();
                Vector512<short> lowerAb = Avx512BW.UnpackLow(va, vb).AsInt16(), upperAb = Avx512BW.UnpackHigh(va, vb).AsInt16();
                Vector512<short> lowerCd = Avx512BW.UnpackLow(vc, vd).AsInt16(), upperCd = Avx512BW.UnpackHigh(vc, vd).AsInt16();
                Avx512BW.UnpackLow(lowerAb, lowerCd).Store((short*)(to + i * 4));
                Avx512BW.UnpackHigh(lowerAb, lowerCd).Store((short*)(to + i * 4 + 64));
                Avx512BW.UnpackLow(upperAb, upperCd).Store((short*)(to + i * 4 + 128));
                Avx512BW.UnpackHigh(upperAb, upperCd).Store((short*)(to + i * 4 + 192));
            }

            Simd128.Interleave4(a + i, b + i, c + i, d + i, to + i * 4, count - i);
        }

        /// <summary>Products of uint8 and int8, each two neighbours summed in int16; weights must exclude saturation.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<short> MultiplyAddBytes(Vector512<byte> a, Vector512<sbyte> b) => Avx512BW.MultiplyAddAdjacent(a, b);

        /// <summary>Products of int16, each two neighbours summed in int32.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<int> MultiplyAddPairs(Vector512<short> a, Vector512<short> b) => Avx512BW.MultiplyAddAdjacent(a, b);

        /// <summary>The nearest integers, ties to even, of numbers within the range of int32.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<int> RoundInRange(Vector512<float> values) => Avx512F.ConvertToVector512Int32(values);

        /// <summary>Four pixels' integers plus the zero point as uint8, pixel after pixel; what is out of range saturates.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> PackUInt8(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d, Vector512<short> zero) =>
            GatherPixels(PackUInt8InLanes(a, b, c, d, zero).AsInt32()).AsByte();

        /// <summary>Four vectors of integers plus the zero point as byte, side by side within each 128-bit lane; what is out of range saturates.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> PackUInt8InLanes(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d, Vector512<short> zero) =>
            Avx512BW.PackUnsignedSaturate(Avx512BW.AddSaturate(Avx512BW.PackSignedSaturate(a, b), zero), Avx512BW.AddSaturate(Avx512BW.PackSignedSaturate(c, d), zero));

        /// <summary>Four pixels' integers plus the zero point as int8, pixel after pixel; what is out of range saturates.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<sbyte> PackInt8(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d, Vector512<short> zero) =>
            GatherPixels(PackInt8InLanes(a, b, c, d, zero).AsInt32()).AsSByte();

        /// <summary>Four vectors of integers plus the zero point as sbyte, side by side within each 128-bit lane; what is out of range saturates.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<sbyte> PackInt8InLanes(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d, Vector512<short> zero) =>
            Avx512BW.PackSignedSaturate(Avx512BW.AddSaturate(Avx512BW.PackSignedSaturate(a, b), zero), Avx512BW.AddSaturate(Avx512BW.PackSignedSaturate(c, d), zero));

        /// <summary>Packing works within 128-bit lanes: puts the four parts of each pixel side by side.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<int> GatherPixels(Vector512<int> packed) => Avx512F.PermuteVar16x32(packed, Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));

        /// <summary>Interleaves the bytes of the first halves of the 128-bit lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<short> ZipLowerBytes(Vector512<byte> a, Vector512<byte> b) => Avx512BW.UnpackLow(a, b).AsInt16();

        /// <summary>Interleaves the bytes of the second halves of the 128-bit lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<short> ZipUpperBytes(Vector512<byte> a, Vector512<byte> b) => Avx512BW.UnpackHigh(a, b).AsInt16();

        /// <summary>Interleaves the pairs of bytes of the first halves of the 128-bit lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> ZipLowerWords(Vector512<short> a, Vector512<short> b) => Avx512BW.UnpackLow(a, b).AsByte();

        /// <summary>Interleaves the pairs of bytes of the second halves of the 128-bit lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> ZipUpperWords(Vector512<short> a, Vector512<short> b) => Avx512BW.UnpackHigh(a, b).AsByte();

        /// <summary>Stores the 16 bytes of one pixel.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void StorePart(byte* p, Vector512<byte> packed, int part) => Avx512F.ExtractVector128(packed, (byte)part).Store(p);

        /// <summary>sum × multiplier ÷ 2³¹ × 2^shift with the double rounding of the TFLite reference kernels.</summary>
        public static Vector512<int> MultiplyByQuantizedMultiplier(Vector512<int> sum, Vector512<int> multiplier, Vector512<int> shift)
        {
            sum = Avx512F.ShiftLeftLogicalVariable(sum, Vector512.Max(shift, Vector512<int>.Zero).AsUInt32());
            Vector512<long> nudge = Vector512.Create(1L << 30);
            Vector512<long> even = Avx512F.Multiply(sum, multiplier) + nudge;
            Vector512<long> odd = Avx512F.Multiply((sum.AsInt64() >>> 32).AsInt32(), (multiplier.AsInt64() >>> 32).AsInt32()) + nudge;
            Vector512<int> high = Vector512.ConditionalSelect(Vector512.Create(0xFFFFFFFFL).AsInt32(), (even >>> 31).AsInt32(), (odd << 1).AsInt32());
            Vector512<int> exponent = Vector512.Max(-shift, Vector512<int>.Zero);
            Vector512<int> mask = Avx512F.ShiftLeftLogicalVariable(Vector512<int>.One, exponent.AsUInt32()) - Vector512<int>.One;
            Vector512<int> threshold = (mask >> 1) - (high >> 31);
            return Avx512F.ShiftRightArithmeticVariable(high, exponent.AsUInt32()) - Vector512.GreaterThan(high & mask, threshold);
        }
        """;

    private const string Avx2 = """
        /// <summary>Sixteen bytes from each address, in the order of the lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> LoadLanes(byte* a, byte* b) => Vector256.Create(Vector128.Load((int*)a), Vector128.Load((int*)b));

        /// <summary>Stores the 16 bytes of a lane.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void StoreLane(byte* p, Vector256<byte> bytes, int lane) => Avx2.ExtractVector128(bytes, (byte)lane).Store(p);

        /// <summary>Interleaves bytes of four sources, as quads a, b, c, d.</summary>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public static void Interleave4(byte* a, byte* b, byte* c, byte* d, byte* to, int count)
        {
            // Interleaving works within 128-bit lanes: the order beforehand makes the order afterwards natural.
            Vector256<int> order = Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7);
            int i = 0;
            for (; i <= count - 32; i += 32)
            {
                Vector256<byte> va = Avx2.PermuteVar8x32(Vector256.Load((int*)(a + i)), order).AsByte(), vb = Avx2.PermuteVar8x32(Vector256.Load((int*)(b + i)), order).AsByte();
                Vector256<byte> vc = Avx2.PermuteVar8x32(Vector256.Load((int*)(c + i)), order).AsByte(), vd = Avx2.PermuteVar8x32(Vector256.Load((int*)(d + i)), order).AsByte();
                Vector256<short> lowerAb = Avx2.UnpackLow(va, vb).AsInt16(), upperAb = Avx2.UnpackHigh(va, vb).AsInt16();
                Vector256<short> lowerCd = Avx2.UnpackLow(vc, vd).AsInt16(), upperCd = Avx2.UnpackHigh(vc, vd).AsInt16();
                Avx2.UnpackLow(lowerAb, lowerCd).Store((short*)(to + i * 4));
                Avx2.UnpackHigh(lowerAb, lowerCd).Store((short*)(to + i * 4 + 32));
                Avx2.UnpackLow(upperAb, upperCd).Store((short*)(to + i * 4 + 64));
                Avx2.UnpackHigh(upperAb, upperCd).Store((short*)(to + i * 4 + 96));
            }

            Simd128.Interleave4(a + i, b + i, c + i, d + i, to + i * 4, count - i);
        }

        /// <summary>Products of uint8 and int8, each two neighbours summed in int16; weights must exclude saturation.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<short> MultiplyAddBytes(Vector256<byte> a, Vector256<sbyte> b) => Avx2.MultiplyAddAdjacent(a, b);

        /// <summary>The nearest integers, ties to even, of numbers within the range of int32.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> RoundInRange(Vector256<float> values) => Avx.ConvertToVector256Int32(values);

        /// <summary>Four pixels' integers plus the zero point as uint8, pixel after pixel; what is out of range saturates.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<byte> PackUInt8(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<short> zero) =>
            GatherPixels(PackUInt8InLanes(a, b, c, d, zero).AsInt32()).AsByte();

        /// <summary>Four vectors of integers plus the zero point as byte, side by side within each 128-bit lane; what is out of range saturates.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<byte> PackUInt8InLanes(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<short> zero) =>
            Avx2.PackUnsignedSaturate(Avx2.AddSaturate(Avx2.PackSignedSaturate(a, b), zero), Avx2.AddSaturate(Avx2.PackSignedSaturate(c, d), zero));

        /// <summary>Four pixels' integers plus the zero point as int8, pixel after pixel; what is out of range saturates.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<sbyte> PackInt8(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<short> zero) =>
            GatherPixels(PackInt8InLanes(a, b, c, d, zero).AsInt32()).AsSByte();

        /// <summary>Four vectors of integers plus the zero point as sbyte, side by side within each 128-bit lane; what is out of range saturates.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<sbyte> PackInt8InLanes(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<short> zero) =>
            Avx2.PackSignedSaturate(Avx2.AddSaturate(Avx2.PackSignedSaturate(a, b), zero), Avx2.AddSaturate(Avx2.PackSignedSaturate(c, d), zero));

        /// <summary>Packing works within 128-bit lanes: puts the two parts of each pixel side by side.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> GatherPixels(Vector256<int> packed) => Avx2.PermuteVar8x32(packed, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7));

        /// <summary>Interleaves the bytes of the first halves of the 128-bit lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<short> ZipLowerBytes(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackLow(a, b).AsInt16();

        /// <summary>Interleaves the bytes of the second halves of the 128-bit lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<short> ZipUpperBytes(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackHigh(a, b).AsInt16();

        /// <summary>Interleaves the pairs of bytes of the first halves of the 128-bit lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<byte> ZipLowerWords(Vector256<short> a, Vector256<short> b) => Avx2.UnpackLow(a, b).AsByte();

        /// <summary>Interleaves the pairs of bytes of the second halves of the 128-bit lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<byte> ZipUpperWords(Vector256<short> a, Vector256<short> b) => Avx2.UnpackHigh(a, b).AsByte();

        /// <summary>Stores the 8 bytes of one pixel.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void StorePart(byte* p, Vector256<byte> packed, int part) => *(long*)p = packed.AsInt64().GetElement(part);
        """;

    private const string Portable = """
        /// <summary>Sixteen bytes from the address.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> LoadLanes(byte* a) => Vector128.Load((int*)a);

        /// <summary>Stores the 16 bytes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void StoreLane(byte* p, Vector128<byte> bytes, int lane) => bytes.Store(p);

        /// <summary>Interleaves bytes of four sources, as quads a, b, c, d.</summary>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public static void Interleave4(byte* a, byte* b, byte* c, byte* d, byte* to, int count)
        {
            int i = 0;
            for (; Sse2.IsSupported && i <= count - 16; i += 16)
            {
                Vector128<byte> va = Vector128.Load(a + i), vb = Vector128.Load(b + i), vc = Vector128.Load(c + i), vd = Vector128.Load(d + i);
                Vector128<short> lowerAb = Sse2.UnpackLow(va, vb).AsInt16(), upperAb = Sse2.UnpackHigh(va, vb).AsInt16();
                Vector128<short> lowerCd = Sse2.UnpackLow(vc, vd).AsInt16(), upperCd = Sse2.UnpackHigh(vc, vd).AsInt16();
                Sse2.UnpackLow(lowerAb, lowerCd).Store((short*)(to + i * 4));
                Sse2.UnpackHigh(lowerAb, lowerCd).Store((short*)(to + i * 4 + 16));
                Sse2.UnpackLow(upperAb, upperCd).Store((short*)(to + i * 4 + 32));
                Sse2.UnpackHigh(upperAb, upperCd).Store((short*)(to + i * 4 + 48));
            }

            for (; i < count; i++) *(uint*)(to + i * 4) = (uint)(a[i] | b[i] << 8 | c[i] << 16 | d[i] << 24);
        }

        /// <summary>Products of uint8 and int8, each two neighbours summed in int16; weights must exclude saturation.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<short> MultiplyAddBytes(Vector128<byte> a, Vector128<sbyte> b)
        {
            if (Ssse3.IsSupported) return Ssse3.MultiplyAddAdjacent(a, b);
            Vector128<short> even = (a.AsInt16() & Vector128.Create((short)0xFF)) * ((b.AsInt16() << 8) >> 8);
            return even + ((a.AsUInt16() >> 8).AsInt16() * (b.AsInt16() >> 8));
        }

        /// <summary>The nearest integers, ties to even, of numbers within the range of int32.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> RoundInRange(Vector128<float> values)
        {
            if (Sse2.IsSupported) return Sse2.ConvertToVector128Int32(values);
            if (AdvSimd.IsSupported) return AdvSimd.ConvertToInt32RoundToEven(values);
            Vector128<float> magic = Vector128.Create(8388608f) | (values & Vector128.Create(-0f)); // 2²³, from where on floats are integers, with the number's sign
            return Vector128.ConvertToInt32(Vector128.ConditionalSelect(Vector128.LessThan(Vector128.Abs(values), Vector128.Create(8388608f)), values + magic - magic, values));
        }

        /// <summary>Four pixels' integers plus the zero point as uint8, pixel after pixel; what is out of range saturates.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<byte> PackUInt8(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, Vector128<short> zero)
        {
            Vector128<int> offset = Vector128.WidenLower(zero);
            return Vector128.Narrow(PackWords(a, b, offset, 0, 255), PackWords(c, d, offset, 0, 255)).AsByte();
        }

        /// <summary>Four pixels' integers plus the zero point as int8, pixel after pixel; what is out of range saturates.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> PackInt8(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, Vector128<short> zero)
        {
            Vector128<int> offset = Vector128.WidenLower(zero);
            return Vector128.Narrow(PackWords(a, b, offset, -128, 127), PackWords(c, d, offset, -128, 127));
        }

        /// <summary>Two vectors of int32 plus an offset, within bounds, as int16.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<short> PackWords(Vector128<int> a, Vector128<int> b, Vector128<int> offset, int min, int max) => Vector128.Narrow(
            Vector128.Min(Vector128.Max(a, Vector128.Create(min) - offset), Vector128.Create(max) - offset) + offset,
            Vector128.Min(Vector128.Max(b, Vector128.Create(min) - offset), Vector128.Create(max) - offset) + offset);

        /// <summary>Interleaves the bytes of the first halves.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<short> ZipLowerBytes(Vector128<byte> a, Vector128<byte> b) =>
            Sse2.IsSupported ? Sse2.UnpackLow(a, b).AsInt16() : (Vector128.WidenLower(a) | (Vector128.WidenLower(b) << 8)).AsInt16();

        /// <summary>Interleaves the bytes of the second halves.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<short> ZipUpperBytes(Vector128<byte> a, Vector128<byte> b) =>
            Sse2.IsSupported ? Sse2.UnpackHigh(a, b).AsInt16() : (Vector128.WidenUpper(a) | (Vector128.WidenUpper(b) << 8)).AsInt16();

        /// <summary>Interleaves the pairs of bytes of the first halves.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<byte> ZipLowerWords(Vector128<short> a, Vector128<short> b) =>
            Sse2.IsSupported ? Sse2.UnpackLow(a, b).AsByte() : (Vector128.WidenLower(a.AsUInt16()) | (Vector128.WidenLower(b.AsUInt16()) << 16)).AsByte();

        /// <summary>Interleaves the pairs of bytes of the second halves.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<byte> ZipUpperWords(Vector128<short> a, Vector128<short> b) =>
            Sse2.IsSupported ? Sse2.UnpackHigh(a, b).AsByte() : (Vector128.WidenUpper(a.AsUInt16()) | (Vector128.WidenUpper(b.AsUInt16()) << 16)).AsByte();

        /// <summary>Four vectors of integers plus the zero point as uint8, one after the other; what is out of range saturates.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<byte> PackUInt8InLanes(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, Vector128<short> zero) => PackUInt8(a, b, c, d, zero);

        /// <summary>Four vectors of integers plus the zero point as int8, one after the other; what is out of range saturates.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> PackInt8InLanes(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, Vector128<short> zero) => PackInt8(a, b, c, d, zero);

        /// <summary>Stores the 4 bytes of one pixel.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void StorePart(byte* p, Vector128<byte> packed, int part) => *(int*)p = packed.AsInt32().GetElement(part);
        """;
}
