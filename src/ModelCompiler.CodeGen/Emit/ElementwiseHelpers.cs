namespace ModelCompiler.CodeGen.Emit;

/// <summary>Source of the part of the vocabulary that pools, sums and elementwise kernels use; see <see cref="SimdHelpers"/> and <see cref="ScalarHelpers"/>.</summary>
internal static class ElementwiseHelpers
{
    /// <summary>For both vector widths, with the placeholders of <see cref="SimdHelpers"/>.</summary>
    public const string Vector = """
        /// <summary>Real numbers in steps of the output to 8-bit integers: clamp, round to nearest even, add the zero point.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static VECTOR<int> ClampRound(VECTOR<float> values, float min, float max, int zero) =>
            RoundToInt32(VECTOR.Min(VECTOR.Max(values, VECTOR.Create(min)), VECTOR.Create(max))) + VECTOR.Create(zero);

        /// <summary>Like ClampRound, with ties away from zero.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static VECTOR<int> ClampRoundAway(VECTOR<float> values, float min, float max, int zero)
        {
            VECTOR<float> clamped = VECTOR.Min(VECTOR.Max(values, VECTOR.Create(min)), VECTOR.Create(max));
            VECTOR<float> half = VECTOR.Create(0.49999997f) | (clamped & VECTOR.Create(-0f));
            return TruncateInRange(clamped + half) + VECTOR.Create(zero);
        }

        /// <summary>Int32 sums ÷ count, rounded half away from zero; exact for sums of at most 65536 bytes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static VECTOR<int> DivideRounded(VECTOR<int> sums, int count)
        {
            VECTOR<int> half = VECTOR.ConditionalSelect(VECTOR.GreaterThan(sums, VECTOR<int>.Zero), VECTOR.Create(count / 2), VECTOR.Create(-(count / 2)));
            return TruncateInRange(VECTOR.ConvertToSingle(sums + half) / VECTOR.Create((float)count));
        }

        /// <summary>Sum of int8 numbers.</summary>
        public static int SumInt8(sbyte* p, int count)
        {
            VECTOR<int> sums = VECTOR<int>.Zero;
            int i = 0;
            for (; i <= count - SHORTS; i += SHORTS) sums += MultiplyAddPairs(LoadInt8(p + i), VECTOR<short>.One);
            int sum = VECTOR.Sum(sums);
            for (; i < count; i++) sum += p[i];
            return sum;
        }

        /// <summary>Sum of uint8 numbers.</summary>
        public static int SumUInt8(byte* p, int count)
        {
            VECTOR<int> sums = VECTOR<int>.Zero;
            int i = 0;
            for (; i <= count - SHORTS; i += SHORTS) sums += MultiplyAddPairs(LoadUInt8(p + i), VECTOR<short>.One);
            int sum = VECTOR.Sum(sums);
            for (; i < count; i++) sum += p[i];
            return sum;
        }

        /// <summary>Largest of some numbers.</summary>
        public static sbyte MaxInt8(sbyte* p, int count)
        {
            sbyte max = p[0];
            int i = 0;
            if (count >= BYTES)
            {
                VECTOR<sbyte> largest = VECTOR.Load(p);
                for (i = BYTES; i <= count - BYTES; i += BYTES) largest = VECTOR.Max(largest, VECTOR.Load(p + i));
                for (int lane = 0; lane < BYTES; lane++) max = Math.Max(max, largest.GetElement(lane));
            }
            for (; i < count; i++) max = Math.Max(max, p[i]);
            return max;
        }

        /// <summary>Largest of some numbers.</summary>
        public static byte MaxUInt8(byte* p, int count)
        {
            byte max = p[0];
            int i = 0;
            if (count >= BYTES)
            {
                VECTOR<byte> largest = VECTOR.Load(p);
                for (i = BYTES; i <= count - BYTES; i += BYTES) largest = VECTOR.Max(largest, VECTOR.Load(p + i));
                for (int lane = 0; lane < BYTES; lane++) max = Math.Max(max, largest.GetElement(lane));
            }
            for (; i < count; i++) max = Math.Max(max, p[i]);
            return max;
        }

        /// <summary>Largest of some numbers.</summary>
        public static float MaxFloat32(float* p, int count)
        {
            float max = p[0];
            int i = 0;
            if (count >= LANES)
            {
                VECTOR<float> largest = VECTOR.Load(p);
                for (i = LANES; i <= count - LANES; i += LANES) largest = VECTOR.Max(largest, VECTOR.Load(p + i));
                for (int lane = 0; lane < LANES; lane++) max = Math.Max(max, largest.GetElement(lane));
            }
            for (; i < count; i++) max = Math.Max(max, p[i]);
            return max;
        }
        """;

    /// <summary>For single numbers.</summary>
    public const string Scalar = """
        /// <summary>A real number in steps of the output to an 8-bit integer: clamp, round to nearest even, add the zero point.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int ClampRound(float value, float min, float max, int zero) => RoundToInt32(Math.Min(Math.Max(value, min), max)) + zero;

        /// <summary>Like ClampRound, with ties away from zero.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int ClampRoundAway(float value, float min, float max, int zero) => (int)MathF.Round(Math.Min(Math.Max(value, min), max), MidpointRounding.AwayFromZero) + zero;

        /// <summary>An int32 sum ÷ count, rounded half away from zero.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int DivideRounded(int sum, int count) => (sum > 0 ? sum + count / 2 : sum - count / 2) / count;

        /// <summary>Sum of int8 numbers.</summary>
        public static int SumInt8(sbyte* p, int count)
        {
            int sum = 0;
            for (int i = 0; i < count; i++) sum += p[i];
            return sum;
        }

        /// <summary>Sum of uint8 numbers.</summary>
        public static int SumUInt8(byte* p, int count)
        {
            int sum = 0;
            for (int i = 0; i < count; i++) sum += p[i];
            return sum;
        }

        /// <summary>Largest of some numbers.</summary>
        public static sbyte MaxInt8(sbyte* p, int count)
        {
            sbyte max = p[0];
            for (int i = 1; i < count; i++) max = Math.Max(max, p[i]);
            return max;
        }

        /// <summary>Largest of some numbers.</summary>
        public static byte MaxUInt8(byte* p, int count)
        {
            byte max = p[0];
            for (int i = 1; i < count; i++) max = Math.Max(max, p[i]);
            return max;
        }

        /// <summary>Largest of some numbers.</summary>
        public static float MaxFloat32(float* p, int count)
        {
            float max = p[0];
            for (int i = 1; i < count; i++) max = Math.Max(max, p[i]);
            return max;
        }

        /// <summary>a·b ÷ 2³¹, rounded to nearest.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int MultiplyHighRounded(int a, int b) => a == int.MinValue && b == int.MinValue ? int.MaxValue : (int)(((long)a * b + (1L << 30)) >> 31);

        /// <summary>x · 2^bits, saturated.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int ShiftLeftSaturated(int x, int bits)
        {
            int threshold = (1 << (31 - bits)) - 1;
            return x > threshold ? int.MaxValue : x < -threshold ? int.MinValue : x << bits;
        }

        /// <summary>1 ÷ (1 + x) for x from 0 to 1, with 31 fractional bits: three Newton-Raphson steps, as the TFLite reference kernels do.</summary>
        public static int OneOverOnePlus(int x)
        {
            int half = (int)(((long)x + int.MaxValue + 1) / 2);
            int y = 1515870810 + MultiplyHighRounded(half, -1010580540);
            for (int i = 0; i < 3; i++) y += ShiftLeftSaturated(MultiplyHighRounded(y, (1 << 29) - MultiplyHighRounded(half, y)), 2);
            return ShiftLeftSaturated(y, 1);
        }
        """;
}
