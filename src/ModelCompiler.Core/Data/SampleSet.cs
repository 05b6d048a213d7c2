using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Data;

/// <summary>
/// Samples for a network from the arrays of a data file: arrays named after the inputs, or <c>x</c> when there is one input.
/// The leading dimension counts samples; the network's own leading dimension of 1 may be there or not.
/// </summary>
internal sealed class SampleSet
{
    private readonly IReadOnlyList<Value> _inputs;
    private readonly NumpyArray[] _arrays;
    private readonly string[] _names;
    private readonly string _file;

    private SampleSet(IReadOnlyList<Value> inputs, NumpyArray[] arrays, string[] names, int count, string file) =>
        (_inputs, _arrays, _names, Count, _file) = (inputs, arrays, names, count, file);

    /// <summary>Number of samples.</summary>
    public int Count { get; }

    /// <summary>Finds the arrays of a network's inputs.</summary>
    /// <exception cref="ModelCompilationException">MC3002, MC3003: an array is missing or has the wrong shape.</exception>
    public static SampleSet For(ModelGraph graph, IReadOnlyDictionary<string, NumpyArray> arrays, string file)
    {
        Value[] inputs = [.. graph.InputValues];
        var found = new NumpyArray[inputs.Length];
        var names = new string[inputs.Length];
        int count = -1;
        for (int i = 0; i < inputs.Length; i++)
        {
            Value input = inputs[i];
            names[i] = inputs.Length == 1 && !arrays.ContainsKey(input.Name) ? NpzArchive.SingleArray : input.Name;
            found[i] = arrays.TryGetValue(names[i], out NumpyArray? array) ? array
                : throw new ModelCompilationException(
                    "MC3002", $"The file has no array for input '{input.Name}'; it has {string.Join(", ", arrays.Keys.Select(k => $"'{k}'"))}.",
                    inputs.Length == 1 ? $"Name the array '{input.Name}' or 'x'."
                    : $"Give an .npz file with arrays named after the inputs: {string.Join(", ", inputs.Select(v => $"'{v.Name}'"))}.", file: file);
            if (found[i].Shape.Length == 0 || found[i].Shape[0] == 0 || !Fits(found[i].Shape, input.Shape))
            {
                throw new ModelCompilationException(
                    "MC3003", $"The array for input '{input.Name}' has shape "
                    + $"{string.Join("×", found[i].Shape.Select(d => d.ToString(CultureInfo.InvariantCulture)))}, which is not a number of samples of shape "
                    + $"{input.Shape}.", "Give an array whose leading dimension counts samples and whose others are the input's.", file: file);
            }

            if (found[i].Texts is not null)
                throw new ModelCompilationException("MC3003", $"The array for input '{input.Name}' holds texts.", "Give numbers.", file: file);
            if (count >= 0 && found[i].Shape[0] != count)
                throw new ModelCompilationException("MC3003", "The arrays for the inputs have different numbers of samples.",
                    "Give as many samples for every input.", file: file);
            count = found[i].Shape[0];
        }

        return new SampleSet(inputs, found, names, count, file);
    }

    /// <summary>True when every array has the element type of its quantised input, so that it holds the integers themselves.</summary>
    public bool IsRaw => _inputs.Zip(_arrays).All(p => p.Second.Type == p.First.Type);

    /// <summary>
    /// The inputs of one sample in the network's own element types: the integers of quantised inputs as they are in the file when all arrays have the inputs'
    /// types, else what the numbers in the file are as integers.
    /// </summary>
    public IReadOnlyList<TensorData> Own(int sample) => IsRaw ? Raw(sample) : [.. Real(sample).Zip(_inputs, QuantizedSample.Integers)];

    /// <summary>To call where samples stand for what the network will see.</summary>
    /// <param name="samples">Numbers of the samples.</param>
    /// <param name="masks">Inputs that may hold minus infinity, by value number.</param>
    /// <exception cref="ModelCompilationException">MC3004: a sample holds a number that is not finite as float32.</exception>
    public void RequireFinite(IEnumerable<int> samples, IReadOnlySet<int> masks)
    {
        foreach ((int sample, int i) in samples.SelectMany(s => _inputs.Select((_, i) => (s, i))))
        {
            if (_inputs[i].Type != ElementType.Float32 && !_inputs[i].IsAffine) continue;
            float wrong = Slice(i, sample).ToFloats().FirstOrDefault(v => !float.IsFinite(v)
                && !(float.IsNegativeInfinity(v) && masks.Contains(_inputs[i].Id)));
            if (wrong == 0) continue;
            throw new ModelCompilationException(
                "MC3004", $"Sample {sample.ToString(CultureInfo.InvariantCulture)} (counted from 0) of array '{_names[i]}' holds "
                + $"{(float.IsNaN(wrong) ? "not-a-number" : "an infinite number")}{(_names[i] == _inputs[i].Name ? "" : $", for input '{_inputs[i].Name}'")}.",
                "Leave such samples out, or write finite numbers in their place.", file: _file);
        }
    }

    /// <summary>The inputs of one sample as real numbers; inputs that are integers by nature keep their type.</summary>
    public IReadOnlyList<TensorData> Real(int sample) => [.. _inputs.Select((input, i) =>
    {
        bool keep = input.Type != ElementType.Float32 && !input.IsAffine;
        TensorData data = Slice(i, sample);
        return keep ? Convert(data, input.Type) : TensorData.Of(input.Shape, data.ToFloats());
    })];

    /// <summary>The inputs of one sample in their own element types, as they are in the file.</summary>
    public IReadOnlyList<TensorData> Raw(int sample) => [.. _inputs.Select((_, i) => Slice(i, sample))];

    /// <summary>At most <paramref name="limit"/> sample numbers, evenly spread.</summary>
    public IEnumerable<int> Spread(int limit) => Count <= limit ? Enumerable.Range(0, Count) : Enumerable.Range(0, limit)
        .Select(i => (int)((long)i * Count / limit));

    private TensorData Slice(int input, int sample)
    {
        NumpyArray array = _arrays[input];
        int size = _inputs[input].Shape.Elements * array.Type.Size();
        return new TensorData(array.Type, _inputs[input].Shape, array.Bytes.AsSpan(sample * size, size).ToArray());
    }

    private static TensorData Convert(TensorData data, ElementType type)
    {
        if (data.Type == type) return data;
        var result = new TensorData(type, data.Shape);
        for (int i = 0; i < data.Count; i++)
        {
            long value = (long)data.ToDouble(i);
            BitConverter.TryWriteBytes(result.Bytes.AsSpan(i * type.Size()), value);
        }

        return result;
    }

    private static bool Fits(int[] array, Shape input)
    {
        IEnumerable<int> sample = array.Skip(1);
        return sample.SequenceEqual(input) || (input.Rank > 0 && input[0] == 1 && sample.SequenceEqual(input.Skip(1)))
            || sample.SequenceEqual(input.Where(d => d != 1)) || sample.Where(d => d != 1).SequenceEqual(input.Where(d => d != 1));
    }
}
