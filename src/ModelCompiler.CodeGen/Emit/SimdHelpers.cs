namespace ModelCompiler.CodeGen.Emit;

/// <summary>
/// Source of the vector vocabulary, once per width under the same names. Every operation gives the same bits at every width;
/// <c>V</c> below stands for the vector type and <c>N</c> for its number of 32-bit lanes.
/// </summary>
internal static class SimdHelpers
{
    /// <summary>All helpers of one width, separated by blank lines.</summary>
    public static string ForWidth(int bits) => With((bits == 256 ? Avx2 : Portable) + "\n\n" + TileHelpers.ForWidth(bits), bits);

    /// <summary>The helpers that an instruction set has of its own, and those that all share.</summary>
    public static string With(string own, int bits) =>
        (Common + "\n\n" + ElementwiseHelpers.Vector + "\n\n" + own).Replace("VECTOR", "Vector" + Literals.Int(bits)).Replace("LANES", Literals.Int(bits / 32)).Replace("SHORTS", Literals.Int(bits / 16)).Replace("BYTES", Literals.Int(bits / 8));

    private const string Common = """
        /// <summary>The pair of int16 at the address, in every pair of lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static VECTOR<short> BroadcastPair(short* p) => VECTOR.Create(*(int*)p).AsInt16();

        /// <summary>Int32 sums to 8-bit integers: scale, clamp, round to nearest even, add the zero point.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static VECTOR<int> Requantize(VECTOR<int> sum, VECTOR<float> scale, float min, float max, int zero) =>
            RoundToInt32(VECTOR.Min(VECTOR.Max(VECTOR.ConvertToSingle(sum) * scale, VECTOR.Create(min)), VECTOR.Create(max))) + VECTOR.Create(zero);

        /// <summary>Int32 sums to 8-bit integers by integer arithmetic alone: multiplier in Q31, shift (left when positive), clamp.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static VECTOR<int> RequantizeFixed(VECTOR<int> sum, VECTOR<int> multiplier, VECTOR<int> shift, int min, int max, int zero) =>
            VECTOR.Min(VECTOR.Max(MultiplyByQuantizedMultiplier(sum, multiplier, shift) + VECTOR.Create(zero), VECTOR.Create(min)), VECTOR.Create(max));

        /// <summary>Stores the low bytes of the first <paramref name="count"/> lanes.</summary>
        public static void StoreBytes(byte* p, VECTOR<int> values, int count)
        {
            for (int i = 0; i < count; i++) p[i] = (byte)values.GetElement(i);
        }

        /// <summary>Stores the first <paramref name="count"/> lanes.</summary>
        public static void StoreFloats(float* p, VECTOR<float> values, int count)
        {
            for (int i = 0; i < count; i++) p[i] = values.GetElement(i);
        }

        /// <summary>Copies int8 numbers as int16, less the zero point.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static void WidenInt8(sbyte* from, short* to, int count, int zero)
        {
            VECTOR<short> offset = VECTOR.Create((short)zero);
            int i = 0;
            for (; i <= count - SHORTS; i += SHORTS) (LoadInt8(from + i) - offset).Store(to + i);
            for (; i < count; i++) to[i] = (short)(from[i] - zero);
        }

        /// <summary>Copies uint8 numbers as int16, less the zero point.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static void WidenUInt8(byte* from, short* to, int count, int zero)
        {
            VECTOR<short> offset = VECTOR.Create((short)zero);
            int i = 0;
            for (; i <= count - SHORTS; i += SHORTS) (LoadUInt8(from + i) - offset).Store(to + i);
            for (; i < count; i++) to[i] = (short)(from[i] - zero);
        }
        """;

    private const string Avx2 = """
        /// <summary>Loads 16 int8 as int16.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<short> LoadInt8(sbyte* p) => Avx2.ConvertToVector256Int16(p);

        /// <summary>Loads 16 uint8 as int16.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<short> LoadUInt8(byte* p) => Avx2.ConvertToVector256Int16(p);

        /// <summary>Loads 8 int8 as int32.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> LoadInt8AsInt32(sbyte* p) => Avx2.ConvertToVector256Int32(p);

        /// <summary>Loads 8 uint8 as int32.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> LoadUInt8AsInt32(byte* p) => Avx2.ConvertToVector256Int32(p);

        /// <summary>Products of int16, each two neighbours summed in int32.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> MultiplyAddPairs(Vector256<short> a, Vector256<short> b) => Avx2.MultiplyAddAdjacent(a, b);

        /// <summary>a·b + c with one rounding.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Fma.MultiplyAdd(a, b, c);

        /// <summary>The nearest integers, ties to even.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> RoundToInt32(Vector256<float> values) => Avx.ConvertToVector256Int32(values);

        /// <summary>The integers towards zero, of numbers within the range of int32.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> TruncateInRange(Vector256<float> values) => Avx.ConvertToVector256Int32WithTruncation(values);

        /// <summary>Stores the low bytes of 8 lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void StoreBytes(byte* p, Vector256<int> values)
        {
            Vector128<short> words = Sse2.PackSignedSaturate(values.GetLower(), values.GetUpper()) & Vector128.Create((short)0xFF);
            *(long*)p = Sse2.PackUnsignedSaturate(words, words).AsInt64().ToScalar();
        }

        /// <summary>Interleaves int16 lanes of a and b, as pairs of the first and of the second half of every 128-bit lane.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<short> ZipLower(Vector256<short> a, Vector256<short> b) => Avx2.UnpackLow(a, b);

        /// <summary>The other half of <see cref="ZipLower"/>.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<short> ZipUpper(Vector256<short> a, Vector256<short> b) => Avx2.UnpackHigh(a, b);

        /// <summary>The table entries that belong to the channels of <see cref="ZipLower"/>, of 16 neighbouring channels.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> LoadZipLower(int* p) => Vector256.Create(Vector128.Load(p), Vector128.Load(p + 8));
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> LoadZipLower(float* p) => Vector256.Create(Vector128.Load(p), Vector128.Load(p + 8));

        /// <summary>The table entries that belong to the channels of <see cref="ZipUpper"/>, of 16 neighbouring channels.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> LoadZipUpper(int* p) => Vector256.Create(Vector128.Load(p + 4), Vector128.Load(p + 12));
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> LoadZipUpper(float* p) => Vector256.Create(Vector128.Load(p + 4), Vector128.Load(p + 12));

        /// <summary>Stores 16 bytes from the two halves that <see cref="ZipLower"/> and <see cref="ZipUpper"/> made, in channel order.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void StoreZippedBytes(byte* p, Vector256<int> lower, Vector256<int> upper)
        {
            Vector256<short> words = Avx2.PackSignedSaturate(lower, upper) & Vector256.Create((short)0xFF);
            Sse2.PackUnsignedSaturate(words.GetLower(), words.GetUpper()).Store(p);
        }

        /// <summary>Stores the first bytes of the two halves that <see cref="ZipLower"/> and <see cref="ZipUpper"/> made, in channel order.</summary>
        public static void StoreZippedBytes(byte* p, Vector256<int> lower, Vector256<int> upper, int count)
        {
            byte* all = stackalloc byte[16];
            StoreZippedBytes(all, lower, upper);
            for (int i = 0; i < count; i++) p[i] = all[i];
        }

        /// <summary>sum × multiplier ÷ 2³¹ × 2^shift with the double rounding of the TFLite reference kernels.</summary>
        public static Vector256<int> MultiplyByQuantizedMultiplier(Vector256<int> sum, Vector256<int> multiplier, Vector256<int> shift)
        {
            sum = Avx2.ShiftLeftLogicalVariable(sum, Vector256.Max(shift, Vector256<int>.Zero).AsUInt32());
            Vector256<long> nudge = Vector256.Create(1L << 30);
            Vector256<long> even = Avx2.Multiply(sum, multiplier) + nudge;
            Vector256<long> odd = Avx2.Multiply((sum.AsInt64() >>> 32).AsInt32(), (multiplier.AsInt64() >>> 32).AsInt32()) + nudge;
            Vector256<int> high = Avx2.Blend((even >>> 31).AsInt32(), (odd << 1).AsInt32(), 0b10101010);
            Vector256<int> exponent = Vector256.Max(-shift, Vector256<int>.Zero);
            Vector256<int> mask = Avx2.ShiftLeftLogicalVariable(Vector256<int>.One, exponent.AsUInt32()) - Vector256<int>.One;
            Vector256<int> threshold = (mask >> 1) - (high >> 31);
            return Avx2.ShiftRightArithmeticVariable(high, exponent.AsUInt32()) - Vector256.GreaterThan(high & mask, threshold);
        }
        """;

    private const string Portable = """
        /// <summary>Loads 8 int8 as int16.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<short> LoadInt8(sbyte* p) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)p).AsSByte());

        /// <summary>Loads 8 uint8 as int16.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<short> LoadUInt8(byte* p) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)p).AsByte()).AsInt16();

        /// <summary>Loads 4 int8 as int32.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> LoadInt8AsInt32(sbyte* p) => Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)p).AsSByte()));

        /// <summary>Loads 4 uint8 as int32.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> LoadUInt8AsInt32(byte* p) => Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)p).AsByte())).AsInt32();

        /// <summary>Products of int16, each two neighbours summed in int32.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> MultiplyAddPairs(Vector128<short> a, Vector128<short> b)
        {
            if (Sse2.IsSupported) return Sse2.MultiplyAddAdjacent(a, b);
            if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.AddPairwise(AdvSimd.MultiplyWideningLower(a.GetLower(), b.GetLower()), AdvSimd.MultiplyWideningUpper(a, b));
            Vector128<int> even = ((a.AsInt32() << 16) >> 16) * ((b.AsInt32() << 16) >> 16);
            Vector128<int> odd = (a.AsInt32() >> 16) * (b.AsInt32() >> 16);
            return even + odd;
        }

        /// <summary>a·b + c, with one rounding where the processor has the instruction.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
            Fma.IsSupported ? Fma.MultiplyAdd(a, b, c) : AdvSimd.IsSupported ? AdvSimd.FusedMultiplyAdd(c, a, b) : (a * b) + c;

        /// <summary>The nearest integers, ties to even, of numbers below 2²² in size.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> RoundToInt32(Vector128<float> values)
        {
            if (Sse2.IsSupported) return Sse2.ConvertToVector128Int32(values);
            if (AdvSimd.IsSupported) return AdvSimd.ConvertToInt32RoundToEven(values);
            Vector128<float> magic = Vector128.Create(12582912f); // 1.5 · 2²³: the sum's last bit weighs one
            return (values + magic).AsInt32() - magic.AsInt32();
        }

        /// <summary>The integers towards zero, of numbers within the range of int32.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> TruncateInRange(Vector128<float> values) => Sse2.IsSupported ? Sse2.ConvertToVector128Int32WithTruncation(values) : Vector128.ConvertToInt32(values);

        /// <summary>Stores the low bytes of 4 lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void StoreBytes(byte* p, Vector128<int> values)
        {
            Vector128<short> words = Vector128.Narrow(values, values);
            *(int*)p = Vector128.Narrow(words, words).AsInt32().ToScalar();
        }

        /// <summary>Interleaves int16 lanes of a and b: pairs of the first four lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<short> ZipLower(Vector128<short> a, Vector128<short> b)
        {
            if (Sse2.IsSupported) return Sse2.UnpackLow(a, b);
            if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipLow(a, b);
            return ((Vector128.WidenLower(a) & Vector128.Create(0xFFFF)) | (Vector128.WidenLower(b) << 16)).AsInt16();
        }

        /// <summary>Interleaves int16 lanes of a and b: pairs of the last four lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<short> ZipUpper(Vector128<short> a, Vector128<short> b)
        {
            if (Sse2.IsSupported) return Sse2.UnpackHigh(a, b);
            if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipHigh(a, b);
            return ((Vector128.WidenUpper(a) & Vector128.Create(0xFFFF)) | (Vector128.WidenUpper(b) << 16)).AsInt16();
        }

        /// <summary>The table entries that belong to the channels of <see cref="ZipLower"/>, of 8 neighbouring channels.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> LoadZipLower(int* p) => Vector128.Load(p);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> LoadZipLower(float* p) => Vector128.Load(p);

        /// <summary>The table entries that belong to the channels of <see cref="ZipUpper"/>, of 8 neighbouring channels.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> LoadZipUpper(int* p) => Vector128.Load(p + 4);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> LoadZipUpper(float* p) => Vector128.Load(p + 4);

        /// <summary>Stores 8 bytes from the two halves that <see cref="ZipLower"/> and <see cref="ZipUpper"/> made, in channel order.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void StoreZippedBytes(byte* p, Vector128<int> lower, Vector128<int> upper)
        {
            Vector128<short> words = Vector128.Narrow(lower, upper);
            *(long*)p = Vector128.Narrow(words, words).AsInt64().ToScalar();
        }

        /// <summary>Stores the first bytes of the two halves that <see cref="ZipLower"/> and <see cref="ZipUpper"/> made, in channel order.</summary>
        public static void StoreZippedBytes(byte* p, Vector128<int> lower, Vector128<int> upper, int count)
        {
            byte* all = stackalloc byte[8];
            StoreZippedBytes(all, lower, upper);
            for (int i = 0; i < count; i++) p[i] = all[i];
        }

        /// <summary>sum × multiplier ÷ 2³¹ × 2^shift with the double rounding of the TFLite reference kernels.</summary>
        public static Vector128<int> MultiplyByQuantizedMultiplier(Vector128<int> sum, Vector128<int> multiplier, Vector128<int> shift)
        {
            return Vector128.Create(
                Scalar.MultiplyByQuantizedMultiplier(sum.GetElement(0), multiplier.GetElement(0), shift.GetElement(0)),
                Scalar.MultiplyByQuantizedMultiplier(sum.GetElement(1), multiplier.GetElement(1), shift.GetElement(1)),
                Scalar.MultiplyByQuantizedMultiplier(sum.GetElement(2), multiplier.GetElement(2), shift.GetElement(2)),
                Scalar.MultiplyByQuantizedMultiplier(sum.GetElement(3), multiplier.GetElement(3), shift.GetElement(3)));
        }
        """;
}
