namespace ModelCompiler.CodeGen.Library;

/// <summary>Floating-point formats below 32 bits, kept in float32.</summary>
internal static unsafe partial class NarrowFloats
{
    /// <summary>
    /// The nearest numbers, ties to even, of a format with so many bits of mantissa, this smallest exponent and this largest number.
    /// What is larger becomes the largest when it saturates, else infinity or, when the format has none, NaN. NaN becomes negative zero in formats without it.
    /// The rounding of powers of two: 0 nearest, 1 up, −1 down.
    /// </summary>
    public static void Round(float* input, float* output, int count, int mantissa, int smallest, float largest, bool saturate, bool infinity,
        bool negativeZero, bool noNaN, int rounding, bool powers)
    {
        for (int i = 0; i < count; i++)
            output[i] = powers ? RoundPower(input[i], saturate, rounding)
                : RoundOne(input[i], mantissa, smallest, largest, saturate, infinity, negativeZero, noNaN);
    }

    /// <summary>One number of a format with sign, exponent and mantissa.</summary>
    private static float RoundOne(float x, int mantissa, int smallest, float largest, bool saturate, bool infinity, bool negativeZero, bool noNaN)
    {
        if (float.IsNaN(x)) return noNaN ? -0f : x;
        double magnitude = Math.Abs((double)x);
        if (magnitude != 0 && !double.IsInfinity(magnitude))
        {
            double unit = Math.ScaleB(1, Math.Max(Math.ILogB(magnitude), smallest) - mantissa);
            magnitude = Math.Round(magnitude / unit) * unit;
        }

        if (magnitude > largest) magnitude = saturate ? largest : infinity ? double.PositiveInfinity : double.NaN;
        float result = (float)Math.CopySign(magnitude, x);
        return result == 0 && !negativeZero ? 0 : result;
    }

    /// <summary>One power of two between 2^−127 and 2^127.</summary>
    private static float RoundPower(float x, bool saturate, int rounding)
    {
        if (float.IsNaN(x)) return x;
        double magnitude = Math.Abs((double)x);
        if (magnitude < 5.877471754111438e-39) return 5.877472e-39f;
        if (double.IsInfinity(magnitude)) return saturate ? 1.7014118e38f : float.NaN;
        double power = Math.ScaleB(1, Math.ILogB(magnitude));
        if (rounding > 0 ? magnitude > power : rounding == 0 && magnitude >= 1.5 * power) power *= 2;
        return power > 1.7014118346046923e38 ? saturate ? 1.7014118e38f : float.NaN : (float)power;
    }
}
