using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// A layer that gives up inputs: what the loss of one costs its sums when the weights that stay make up for it (Optimal Brain Surgeon with all weights of an
/// input as one unit), and how much work is left of it.
/// </summary>
internal sealed class ThinnedLayer
{
    // Inverses of so many inputs are updated by all processors.
    private const int ManyInputs = 256;

    private readonly Dictionary<int, int[]> _columns = [];
    private readonly Dictionary<int, int> _inputsOf, _outputsOf;
    private readonly Dictionary<int, double> _scores = [];
    private readonly int _taps;
    private double[] _weights = [];
    private double[] _inverse = [];
    private double[] _variances = [];

    /// <summary>A layer as it is.</summary>
    /// <param name="position">Place of its node.</param>
    /// <param name="node">Its node.</param>
    /// <param name="shape">Its sizes.</param>
    /// <param name="inputs">The set of each input channel.</param>
    /// <param name="outputs">The set of each output channel.</param>
    public ThinnedLayer(int position, Node node, ConvGeometry shape, int[] inputs, int[] outputs)
    {
        (Position, Node, Shape, _taps) = (position, node, shape, shape.Taps);
        (_inputsOf, _outputsOf) = (Count(inputs), Count(outputs));
        (InputsLeft, OutputsLeft) = (inputs.Length, outputs.Length);
        if (shape.Groups > 1) return;
        foreach (IGrouping<int, int> set in Enumerable.Range(0, _taps).GroupBy(t => inputs[t % inputs.Length])) _columns.Add(set.Key, [.. set]);
    }

    /// <summary>Place of its node.</summary>
    public int Position { get; }

    /// <summary>Its node.</summary>
    public Node Node { get; }

    /// <summary>Its sizes in the original.</summary>
    public ConvGeometry Shape { get; }

    /// <summary>Inputs that it still has.</summary>
    public int InputsLeft { get; private set; }

    /// <summary>Outputs that it still has.</summary>
    public int OutputsLeft { get; private set; }

    /// <summary>True for layers that sum over input channels: the loss of one changes their sums.</summary>
    public bool IsConsumer => _columns.Count > 0;

    /// <summary>Sets of its inputs and outputs.</summary>
    public IEnumerable<int> Sets => _inputsOf.Keys.Union(_outputsOf.Keys);

    /// <summary>Sets of its inputs.</summary>
    public IEnumerable<int> InputSets => _inputsOf.Keys;

    /// <summary>Square error of the network's outputs for a square error of its sums.</summary>
    public double Factor { get; set; }

    /// <summary>Outputs of a set.</summary>
    public int OutputsOf(int set) => _outputsOf.GetValueOrDefault(set);

    /// <summary>Inputs of a set.</summary>
    public int InputsOf(int set) => _inputsOf.GetValueOrDefault(set);

    /// <summary>Multiply-accumulate operations that go with a set.</summary>
    public double Saved(int set)
    {
        (int inputs, int outputs) = (InputsLeft - InputsOf(set), OutputsLeft - OutputsOf(set));
        double each = (double)Shape.Batch * Shape.Pixels * Shape.WindowHeight * Shape.WindowWidth;
        return Shape.Groups > 1 ? each * Shape.InPerGroup * (OutputsLeft - outputs) : each * (((double)InputsLeft * OutputsLeft) - ((double)inputs * outputs));
    }

    /// <summary>Gives the layer what scores follow from.</summary>
    /// <param name="weights">outputs × inputs.</param>
    /// <param name="problem">The problem of its sums; null where inputs are taken for independent.</param>
    /// <param name="variances">Of the inputs, where there is no problem.</param>
    public void Know(double[] weights, LayerProblem? problem, double[] variances)
    {
        (_weights, _variances, _inverse) = ([.. weights], variances, problem?.Inverse() ?? []);
        Score();
    }

    /// <summary>What the loss of a set adds to the square error of the sums.</summary>
    public double Score(int set) => _scores.GetValueOrDefault(set);

    /// <summary>Takes a set away: weights and scores become those of the problem without it.</summary>
    public void Remove(int set)
    {
        (InputsLeft, OutputsLeft) = (InputsLeft - InputsOf(set), OutputsLeft - OutputsOf(set));
        _inputsOf.Remove(set);
        _outputsOf.Remove(set);
        if (!_columns.Remove(set, out int[]? columns)) return;
        _scores.Remove(set);
        if (_inverse.Length == 0) return;
        int[] left = [.. _columns.Values.SelectMany(c => c).Concat(columns).Order()];
        foreach (int q in columns)
        {
            double[] column = _inverse[(q * _taps)..((q + 1) * _taps)];
            double pivot = Math.Max(column[q], double.Epsilon);
            ForEach(Shape.OutChannels, r => LinearAlgebra.AddMultiple(-_weights[(r * _taps) + q] / pivot, column, _weights.AsSpan(r * _taps, _taps)));
            ForEach(left.Length, i =>
            {
                if (left[i] != q && column[left[i]] != 0)
                    LinearAlgebra.AddMultiple(-column[left[i]] / pivot, column, _inverse.AsSpan(left[i] * _taps, _taps));
            });
            for (int i = 0; i < _taps; i++) _inverse[(q * _taps) + i] = _inverse[(i * _taps) + q] = 0;
            for (int r = 0; r < Shape.OutChannels; r++) _weights[(r * _taps) + q] = 0;
        }

        Score();
    }

    private void Score()
    {
        KeyValuePair<int, int[]>[] sets = [.. _columns];
        var scores = new double[sets.Length];
        Parallel.For(0, sets.Length, s => scores[s] = _inverse.Length > 0 ? Joint(sets[s].Value) : Alone(sets[s].Value));
        for (int s = 0; s < sets.Length; s++) _scores[sets[s].Key] = scores[s];
    }

    // w_B·(H⁻¹_BB)⁻¹·w_Bᵀ, over all outputs.
    private double Joint(int[] columns)
    {
        int n = columns.Length;
        var block = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++) block[(i * n) + j] = _inverse[(columns[i] * _taps) + columns[j]];
        }

        if (LinearAlgebra.Cholesky(block, n) is not { } upper) return 0;
        double[] own = [.. Enumerable.Range(0, Shape.OutChannels).SelectMany(o => columns.Select(c => _weights[(o * _taps) + c]))], solved = [.. own];
        LinearAlgebra.Solve(upper, n, solved, Shape.OutChannels);
        double score = 0;
        for (int i = 0; i < own.Length; i++) score += own[i] * solved[i];
        return score;
    }

    private double Alone(int[] columns)
    {
        double score = 0;
        for (int o = 0; o < Shape.OutChannels; o++)
        {
            foreach (int c in columns) score += _weights[(o * _taps) + c] * _weights[(o * _taps) + c] * _variances[c];
        }

        return score;
    }

    private void ForEach(int count, Action<int> action)
    {
        if (_taps >= ManyInputs) Parallel.For(0, count, action);
        else for (int i = 0; i < count; i++) action(i);
    }

    private static Dictionary<int, int> Count(int[] sets) => sets.GroupBy(s => s).ToDictionary(g => g.Key, g => g.Count());
}
