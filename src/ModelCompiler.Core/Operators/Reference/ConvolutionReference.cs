using System.Numerics;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Core.Operators.Reference;

/// <summary>
/// Convolution sums by definition: for every output, the bias plus the products of all taps in the order row, column, channel;
/// taps outside the image count as zero. Float sums are fused multiply-adds one after the other, so that engines can give the same bits.
/// </summary>
internal static class ConvolutionReference
{
    /// <summary>Receives the sums of neighbouring channels; the first goes to <paramref name="output"/>.</summary>
    public delegate void Store<T>(int output, int channel, ReadOnlySpan<T> sums);

    /// <summary>
    /// Computes all sums.
    /// </summary>
    /// <param name="s">Sizes.</param>
    /// <param name="input">Batch × height × width × channels, zero points already subtracted.</param>
    /// <param name="weights">Output channels × taps, zero points already subtracted.</param>
    /// <param name="bias">Output channels, or empty.</param>
    /// <param name="store">Receives the sums.</param>
    public static void Run<T>(ConvGeometry s, ReadOnlySpan<T> input, ReadOnlySpan<T> weights, ReadOnlySpan<T> bias, Store<T> store)
        where T : unmanaged, INumber<T>
    {
        // Depthwise layers are computed for all channels at once, others group by group; both keep channels innermost for the vectors.
        int groups = s.IsDepthwise ? 1 : s.Groups;
        int channels = s.OutChannels / groups;
        int step = s.IsDepthwise ? s.Channels : 1;
        T[] byTap = Transpose(weights, groups, channels, s.Taps);
        var sums = new T[channels];
        var patch = new T[s.Taps * step];
        for (int pixel = 0; pixel < s.Batch * s.OutHeight * s.OutWidth; pixel++)
        {
            for (int group = 0; group < groups; group++)
            {
                Gather(s, input, pixel, group, patch);
                if (bias.IsEmpty) Array.Clear(sums);
                else bias.Slice(group * channels, channels).CopyTo(sums);
                for (int tap = 0; tap < s.Taps; tap++)
                {
                    ReadOnlySpan<T> w = byTap.AsSpan(((group * s.Taps) + tap) * channels, channels);
                    if (s.IsDepthwise) MultiplyAdd(patch.AsSpan(tap * step, step), w, sums);
                    else MultiplyAdd(patch[tap], w, sums);
                }

                store((pixel * s.OutChannels) + (group * channels), group * channels, sums);
            }
        }
    }

    private static T[] Transpose<T>(ReadOnlySpan<T> weights, int groups, int channels, int taps)
    {
        var result = new T[weights.Length];
        for (int group = 0; group < groups; group++)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                for (int tap = 0; tap < taps; tap++)
                    result[(((group * taps) + tap) * channels) + channel] = weights[(((group * channels) + channel) * taps) + tap];
            }
        }

        return result;
    }

    private static void Gather<T>(ConvGeometry s, ReadOnlySpan<T> input, int pixel, int group, Span<T> patch)
    {
        int image = pixel / (s.OutHeight * s.OutWidth);
        int top = (pixel / s.OutWidth % s.OutHeight * s.StrideDown) - s.PadTop;
        int left = (pixel % s.OutWidth * s.StrideRight) - s.PadLeft;
        int run = s.IsDepthwise ? s.Channels : s.InPerGroup;
        patch.Clear();
        for (int y = 0; y < s.WindowHeight; y++)
        {
            int row = top + (y * s.DilationDown);
            if ((uint)row >= s.Height) continue;
            for (int x = 0; x < s.WindowWidth; x++)
            {
                int column = left + (x * s.DilationRight);
                if ((uint)column >= s.Width) continue;
                int from = ((((image * s.Height) + row) * s.Width) + column) * s.Channels;
                input.Slice(from + (s.IsDepthwise ? 0 : group * run), run).CopyTo(patch[(((y * s.WindowWidth) + x) * run)..]);
            }
        }
    }

    private static void MultiplyAdd<T>(T x, ReadOnlySpan<T> w, Span<T> sums)
        where T : unmanaged, INumber<T>
    {
        int i = 0;
        for (; i <= sums.Length - Vector<T>.Count; i += Vector<T>.Count)
            MultiplyAdd(new Vector<T>(x), new Vector<T>(w[i..]), new Vector<T>(sums[i..])).CopyTo(sums[i..]);
        for (; i < sums.Length; i++) sums[i] = MultiplyAdd(x, w[i], sums[i]);
    }

    private static void MultiplyAdd<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> sums)
        where T : unmanaged, INumber<T>
    {
        int i = 0;
        for (; i <= sums.Length - Vector<T>.Count; i += Vector<T>.Count)
            MultiplyAdd(new Vector<T>(x[i..]), new Vector<T>(w[i..]), new Vector<T>(sums[i..])).CopyTo(sums[i..]);
        for (; i < sums.Length; i++) sums[i] = MultiplyAdd(x[i], w[i], sums[i]);
    }

    private static Vector<T> MultiplyAdd<T>(Vector<T> x, Vector<T> w, Vector<T> sum) =>
        typeof(T) == typeof(float) ? Vector.FusedMultiplyAdd(x.As<T, float>(), w.As<T, float>(), sum.As<T, float>()).As<float, T>() : (x * w) + sum;

    private static T MultiplyAdd<T>(T x, T w, T sum)
        where T : unmanaged, INumber<T> =>
        typeof(T) == typeof(float) ? T.CreateTruncating(MathF.FusedMultiplyAdd(float.CreateTruncating(x), float.CreateTruncating(w),
            float.CreateTruncating(sum))) : (x * w) + sum;
}
