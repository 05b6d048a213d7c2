namespace ModelCompiler.CodeGen.Emit;

/// <summary>Source of the scalar vocabulary: tails of vector loops, and the whole of scalar code.</summary>
internal static class ScalarHelpers
{
    public const string Source = """
        /// <summary>An int32 sum to an 8-bit integer: scale, clamp, round to nearest even, add the zero point.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int Requantize(int sum, float scale, float min, float max, int zero) => RoundToInt32(Math.Min(Math.Max(sum * scale, min), max)) + zero;

        /// <summary>An int32 sum to an 8-bit integer by integer arithmetic alone: multiplier in Q31, shift (left when positive), clamp.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int RequantizeFixed(int sum, int multiplier, int shift, int min, int max, int zero) =>
            Math.Min(Math.Max(MultiplyByQuantizedMultiplier(sum, multiplier, shift) + zero, min), max);

        /// <summary>sum × multiplier ÷ 2³¹ × 2^shift with the double rounding of the TFLite reference kernels.</summary>
        public static int MultiplyByQuantizedMultiplier(int sum, int multiplier, int shift)
        {
            int high = (int)(((long)(sum << Math.Max(shift, 0)) * multiplier + (1L << 30)) >> 31);
            int exponent = Math.Max(-shift, 0);
            int mask = (int)((1L << exponent) - 1);
            int threshold = (mask >> 1) + (high < 0 ? 1 : 0);
            return (high >> exponent) + ((high & mask) > threshold ? 1 : 0);
        }

        /// <summary>The nearest integer, ties to even.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int RoundToInt32(float value) => (int)MathF.Round(value);

        /// <summary>a·b + c, with one rounding where the processor has the instruction.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float MultiplyAdd(float a, float b, float c) => Fma.IsSupported || AdvSimd.IsSupported ? MathF.FusedMultiplyAdd(a, b, c) : (a * b) + c;

        /// <summary>Copies int8 numbers as int16, less the zero point.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static void WidenInt8(sbyte* from, short* to, int count, int zero)
        {
            for (int i = 0; i < count; i++) to[i] = (short)(from[i] - zero);
        }

        /// <summary>Copies uint8 numbers as int16, less the zero point.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static void WidenUInt8(byte* from, short* to, int count, int zero)
        {
            for (int i = 0; i < count; i++) to[i] = (short)(from[i] - zero);
        }
        """ + "\n\n" + ElementwiseHelpers.Scalar;
}
