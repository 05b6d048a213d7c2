using System.Numerics;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Works out which elements, and how much of each, make a place of a resized axis (ONNX operator Resize).</summary>
internal static class ResizeTaps
{
    private const long MostTaps = 1 << 22;

    /// <summary>The resampling of one axis.</summary>
    /// <param name="node">The node, for its attributes.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="size">Its size.</param>
    /// <param name="places">Its size in the output.</param>
    /// <param name="scale">Output ÷ input.</param>
    /// <param name="coordinates">How places of the output correspond to places of the input.</param>
    /// <param name="from">Start of the region, as a share of the axis.</param>
    /// <param name="to">End of the region.</param>
    /// <param name="simple">True for operators before opset 11, where the nearest element is found in another way.</param>
    public static Resample Resample(OnnxNode node, int axis, int size, int places, double scale, string coordinates, float from, float to, bool simple)
    {
        string mode = node.Text("mode", "nearest");
        // Before opset 11: down where the image grows, up where it shrinks.
        string rounding = simple ? (scale < 1 ? "ceil" : "floor") : node.Text("nearest_mode", "round_prefer_floor");
        float a = node.Float("cubic_coeff_a", -0.75f);
        bool exclude = node.Int("exclude_outside", 0) != 0;
        // Shrinking with antialiasing widens the filter.
        double stretch = node.Int("antialias", 0) != 0 && scale < 1 ? scale : 1;
        double support = (mode == "cubic" ? 2 : 1) / stretch;
        int taps = mode == "nearest" ? 1 : (2 * (int)Math.Ceiling(support)) + (stretch < 1 ? 1 : 0);
        if ((long)places * taps > MostTaps)
            throw new ModelCompilationException("MC1003", $"Axis {axis} becomes {places} elements long, which is too much.", "Use smaller sizes.");
        var indices = new int[places * taps];
        var weights = new float[places * taps];
        for (int place = 0; place < places; place++)
        {
            // What has steps is computed in float32, as runtimes do it: an index that is whole there may lie just beside it in double.
            float near = Place(node, coordinates, (float)place, size, places, (float)scale, from, to);
            if (coordinates == "tf_crop_and_resize" && (near < 0 || near > size - 1))
            {
                indices[place * taps] = -1;
                continue;
            }

            if (mode == "nearest")
            {
                indices[place] = (int)Math.Clamp(Nearest(near, rounding), 0, size - 1);
                weights[place] = 1;
                continue;
            }

            double at = Place(node, coordinates, (double)place, size, places, scale, from, to);
            int first = (int)Math.Floor(at) - (int)Math.Ceiling(support) + 1;
            double sum = 0;
            var raw = new double[taps];
            for (int t = 0; t < taps; t++)
            {
                double distance = Math.Abs(at - (first + t)) * stretch;
                raw[t] = mode == "cubic" ? Cubic(distance, a) : Math.Max(1 - distance, 0);
                if (exclude && (first + t < 0 || first + t >= size)) raw[t] = 0;
                sum += raw[t];
            }

            for (int t = 0; t < taps; t++)
            {
                indices[(place * taps) + t] = Math.Clamp(first + t, 0, size - 1);
                weights[(place * taps) + t] = (float)(exclude || stretch < 1 ? raw[t] / sum : raw[t]);
            }
        }

        return new Resample(axis, places, taps, indices.ToEquatableArray(), weights.ToEquatableArray(), node.Float("extrapolation_value", 0));
    }

    // In float32 or in double; every operation in this order, which decides the last bit.
    private static T Place<T>(OnnxNode node, string coordinates, T place, T size, T places, T scale, T from, T to)
        where T : IFloatingPointIeee754<T>
    {
        T half = T.One / (T.One + T.One);
        switch (coordinates)
        {
            case "half_pixel": return ((place + half) / scale) - half;
            case "half_pixel_symmetric":
                T adjustment = places / (scale * size);
                return (size * half * (T.One - adjustment)) + (((place + half) / scale) - half);
            case "pytorch_half_pixel": return places > T.One ? ((place + half) / scale) - half : T.Zero;
            case "align_corners": return places > T.One ? place * (size - T.One) / (places - T.One) : T.Zero;
            case "asymmetric": return place / scale;
            case "tf_half_pixel_for_nn": return (place + half) / scale;
            case "tf_crop_and_resize":
                return places > T.One ? (from * (size - T.One)) + (place * (to - from) * (size - T.One) / (places - T.One))
                    : half * (from + to) * (size - T.One);
            default: throw node.Unsupported($"Coordinate transformation '{coordinates}' is not supported.", "Use half_pixel, align_corners or asymmetric.");
        }
    }

    private static float Nearest(float at, string rounding) => rounding switch
    {
        "round_prefer_ceil" => MathF.Floor(at) + (at - MathF.Floor(at) >= 0.5f ? 1 : 0),
        "floor" => MathF.Floor(at),
        "ceil" => MathF.Ceiling(at),
        _ => MathF.Ceiling(at) - (MathF.Ceiling(at) - at >= 0.5f ? 1 : 0),
    };

    // The cubic convolution kernel (Keys, 1981).
    private static double Cubic(double x, double a) => x switch
    {
        <= 1 => ((((a + 2) * x) - (a + 3)) * x * x) + 1,
        < 2 => (((((a * x) - (5 * a)) * x) + (8 * a)) * x) - (4 * a),
        _ => 0,
    };
}
