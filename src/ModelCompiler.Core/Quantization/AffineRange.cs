using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Quantization;

/// <summary>Chooses scales and zero points (Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
/// 2018).</summary>
internal static class AffineRange
{
    private const float LargestBias = 1 << 24;

    /// <summary>Asymmetric int8 for activations: the range, widened to hold zero, in 255 steps.</summary>
    public static QuantizationParameters Activation(ValueRange range)
    {
        double min = Math.Min(0, range.Min);
        double max = Math.Max(0, range.Max);
        float scale = (float)((max - min) / 255);
        if (!(scale > 0)) return new(1f / 128, 0);
        int zero = (int)Math.Clamp(Math.Round(-128 - (min / scale)), -128, 127);
        return new(scale, zero);
    }

    /// <summary>Symmetric scale for weights: the largest magnitude becomes the largest integer, such as ±127.</summary>
    public static float Weight(ReadOnlySpan<float> weights, int limit = 127)
    {
        float largest = 0;
        foreach (float w in weights) largest = Math.Max(largest, Math.Abs(w));
        return largest > 0 ? largest / limit : 1f / limit;
    }

    /// <summary>The smallest scale of weights at which a bias stays far from the end of int32, so that sums do, too.</summary>
    internal static double LeastWeightScale(double bias, float inputScale) => Math.Abs(bias) / (inputScale * LargestBias);

    /// <summary>A bias as int32 in the accumulator's unit, input scale × weight scale of the channel.</summary>
    public static int[] Bias(ReadOnlySpan<float> bias, QuantizationParameters input, QuantizationParameters weights)
    {
        var integers = new int[bias.Length];
        for (int c = 0; c < integers.Length; c++)
            integers[c] = (int)Math.Clamp(Math.Round(bias[c] / ((double)input.Scale * weights.ScaleOf(c))), int.MinValue, int.MaxValue);
        return integers;
    }
}
