using System.Runtime.InteropServices;

namespace ModelCompiler.Core.Quantization;

/// <summary>Numbers as IEEE 754 binary16: 11 significant bits, magnitudes from 6·10⁻⁸ to 65504.</summary>
internal static class HalfPrecision
{
    /// <summary>The numbers rounded to nearest even; null when one of them becomes infinite or is not a number.</summary>
    public static float[]? Round(ReadOnlySpan<float> values)
    {
        var rounded = new float[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            rounded[i] = (float)(Half)values[i];
            if (!float.IsFinite(rounded[i])) return null;
        }

        return rounded;
    }

    /// <summary>The bytes of the numbers in half precision, little-endian; null when one of them would not stay what it is.</summary>
    public static byte[]? Exactly(ReadOnlySpan<float> values)
    {
        var halves = new Half[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            halves[i] = (Half)values[i];
            if (!float.IsFinite(values[i]) || (float)halves[i] != values[i]) return null;
        }

        return MemoryMarshal.AsBytes(halves.AsSpan()).ToArray();
    }
}
