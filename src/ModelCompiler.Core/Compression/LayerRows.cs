using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators.Reference;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// Input vectors of a layer, as its weights see them (a window of the image, zero outside of it), and the sums that belong to them,
/// at some positions of each sample. Every fourth sample is set aside, to check on it what was fitted to the others.
/// </summary>
internal sealed class LayerRows
{
    private const int UsualRows = 60_000;
    private const int MostElements = 1 << 26;
    private const int CheckInterval = 4;

    // Inputs that never change count a little, so that their weights are not taken for anything.
    private const double LeastVariance = 1e-10;

    private readonly ConvGeometry _shape;
    private readonly Value _input;
    private readonly TensorData[] _inputs;
    private readonly (int Sample, int Position)[] _places;

    /// <summary>Chooses positions.</summary>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="input">What the layer gets.</param>
    /// <param name="inputs">Its content, for each sample.</param>
    /// <param name="mostRows">Upper bound of positions.</param>
    public LayerRows(ConvGeometry shape, Value input, TensorData[] inputs, int mostRows = UsualRows)
    {
        (_shape, _input, _inputs) = (shape, input, inputs);
        int positions = shape.Batch * shape.OutHeight * shape.OutWidth;
        int most = Math.Min(mostRows, MostElements / Math.Max(shape.Taps, shape.OutPerGroup));
        int each = Math.Clamp(most / Math.Max(1, inputs.Length), 1, positions);
        var places = new List<(int Sample, int Position)>(each * inputs.Length);
        for (int pass = 0; pass < 2; pass++)
        {
            for (int sample = 0; sample < inputs.Length; sample++)
            {
                bool isCheck = sample % CheckInterval == CheckInterval - 1;
                if (isCheck == (pass == 1)) places.AddRange(Positions(sample, positions, each).Select(p => (sample, p)));
            }

            if (pass == 0) Fit = places.Count;
        }

        _places = [.. places];
    }

    /// <summary>Rows to fit to; they come first.</summary>
    public int Fit { get; }

    /// <summary>Rows to check on.</summary>
    public int Check => _places.Length - Fit;

    /// <summary>Number of rows.</summary>
    public int Count => _places.Length;

    /// <summary>rows × taps of a group, as real numbers.</summary>
    public float[] Inputs(int group)
    {
        ConvGeometry s = _shape;
        var rows = new float[Count * s.Taps];
        (float scale, int zero) = _input.IsAffine ? (_input.Q.Scale, _input.Q.ZeroPoint) : (1, 0);
        Parallel.For(0, (Count + 255) / 256, block =>
        {
            for (int r = block * 256; r < Math.Min(Count, (block + 1) * 256); r++) Gather(r);
        });
        return rows;

        void Gather(int r)
        {
            (int sample, int position) = _places[r];
            TensorData data = _inputs[sample];
            int image = position / (s.OutHeight * s.OutWidth);
            int top = (position / s.OutWidth % s.OutHeight * s.StrideDown) - s.PadTop, left = (position % s.OutWidth * s.StrideRight) - s.PadLeft;
            for (int y = 0; y < s.WindowHeight; y++)
            {
                int row = top + (y * s.DilationDown);
                if ((uint)row >= s.Height) continue;
                for (int x = 0; x < s.WindowWidth; x++)
                {
                    int column = left + (x * s.DilationRight);
                    if ((uint)column >= s.Width) continue;
                    int from = (((((image * s.Height) + row) * s.Width) + column) * s.Channels) + (group * s.InPerGroup);
                    Span<float> to = rows.AsSpan((r * s.Taps) + (((y * s.WindowWidth) + x) * s.InPerGroup), s.InPerGroup);
                    if (data.Type == ElementType.Float32) data.Floats.Slice(from, to.Length).CopyTo(to);
                    else Real(data, from, scale, zero, to);
                }
            }
        }
    }

    /// <summary>Mean and variance of each input of a group.</summary>
    public (double[] Means, double[] Variances) Moments(int group)
    {
        float[] x = Inputs(group);
        (double[] means, double[] variances) = (new double[_shape.Taps], new double[_shape.Taps]);
        for (int i = 0; i < x.Length; i++) means[i % _shape.Taps] += x[i];
        for (int i = 0; i < means.Length; i++) means[i] /= Math.Max(1, Count);
        for (int i = 0; i < x.Length; i++) variances[i % _shape.Taps] += (x[i] - means[i % _shape.Taps]) * (x[i] - means[i % _shape.Taps]);
        return (means, Array.ConvertAll(variances, v => (v / Math.Max(1, Count)) + LeastVariance));
    }

    /// <summary>rows × outputs of a group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="sums">All sums, for each sample, as float32.</param>
    public float[] Outputs(int group, TensorData[] sums)
    {
        int outputs = _shape.OutPerGroup;
        var rows = new float[Count * outputs];
        for (int r = 0; r < Count; r++)
        {
            sums[_places[r].Sample].Floats.Slice((_places[r].Position * _shape.OutChannels) + (group * outputs), outputs).CopyTo(rows.AsSpan(r * outputs));
        }

        return rows;
    }

    private static void Real(TensorData data, int from, float scale, int zero, Span<float> to)
    {
        for (int i = 0; i < to.Length; i++) to[i] = scale * (ByteTensors.Integer(data.Bytes[from + i], data.Type) - zero);
    }

    // So many different positions in no order that an image could share (the first steps of a Fisher–Yates shuffle).
    private static IEnumerable<int> Positions(int sample, int positions, int count)
    {
        if (count >= positions) return Enumerable.Range(0, positions);
        int[] all = [.. Enumerable.Range(0, positions)];
        ulong state = ((ulong)sample * 0x9E3779B97F4A7C15) + 0x2545F4914F6CDD1D;
        for (int i = 0; i < count; i++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            int j = i + (int)(state % (ulong)(positions - i));
            (all[i], all[j]) = (all[j], all[i]);
        }

        return all.Take(count);
    }
}
