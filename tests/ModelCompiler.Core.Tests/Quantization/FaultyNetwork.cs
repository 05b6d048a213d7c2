using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Passes;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Tests.Quantization;

/// <summary>A small network of images with faults to choose: convolution and rectifier, depthwise convolution, pooling to one row of numbers,
/// dense layer to classes.</summary>
internal static class FaultyNetwork
{
    public const int Channels = 8;
    private const int Classes = 5;
    private const int Size = 8;

    /// <summary>The float network.</summary>
    /// <param name="depthwise">Factor of every channel of the depthwise layer; the dense layer makes up for it.</param>
    public static ModelGraph Build(Func<int, double>? depthwise = null)
    {
        var random = new Random(11);
        depthwise ??= _ => 1;
        var g = new GraphEditor();
        Value x = g.AddValue("image", new TensorType(ElementType.Float32, new Shape(1, Size, Size, 3)));
        g.Inputs.Add(x.Id);
        Value first = g.Add("first", "Conv", Convolution(1), [x.Id, Weights(0.4, (_, _) => 0.3, Channels, 3, 3, 3), Weights(0.4, (_, _) => 0.02, Channels)]);
        Value second = g.Add("depthwise", "Conv", Convolution(Channels),
            [first.Id, Weights(0.4, (c, _) => 0.4 * depthwise(c), Channels, 3, 3, 1), Weights(0.4, (c, _) => 0.01 * depthwise(c), Channels)]);
        Value flat = g.Add("flat", "Reshape", new Reshape(new Shape(1, Size * Size * Channels)), [second.Id]);
        Value y = g.Add("dense", "Gemm", new FullyConnected(false, ActivationRange.None),
            [flat.Id, Weights(0.5, (_, i) => 0.2 / depthwise(i % Channels), Classes, Size * Size * Channels)]);
        g.Outputs.Add(y.Id);
        g.OutputNames.Add("scores");
        return g.ToGraph();

        // Rows first, then place in the row.
        int Weights(double offset, Func<int, int, double> width, params int[] shape)
        {
            int row = shape.Skip(1).Aggregate(1, (a, b) => a * b);
            return g.AddConstant("weights", TensorData.Of(new Shape(shape),
                [.. Enumerable.Range(0, shape[0] * row).Select(i => (float)((random.NextDouble() - offset) * width(i / row, i % row)))])).Id;
        }
    }

    /// <summary>Images of numbers up to a size.</summary>
    public static List<IReadOnlyList<TensorData>> Samples(double size = 1, int count = 24, int seed = 3)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (IReadOnlyList<TensorData>)[TensorData.Of(new Shape(1, Size, Size, 3),
            [.. Enumerable.Range(0, Size * Size * 3).Select(_ => (float)(((random.NextDouble() * 2) - 1) * size))])])];
    }

    /// <summary>Quantises the network and says what is wrong with it.</summary>
    public static (LayerAnalysis Analysis, IReadOnlyList<AccuracyFinding> Findings) Explain(
        ModelGraph graph, string method = "MinMax", IReadOnlyList<IReadOnlyList<TensorData>>? calibration = null,
        IReadOnlyList<IReadOnlyList<TensorData>>? data = null, int bits = 8, Action<Dictionary<int, ValueRange>>? change = null)
    {
        Dictionary<int, ValueRange> ranges = RangeCalibrator.Parse(method).Calibrate(graph, calibration ?? Samples(count: 96));
        change?.Invoke(ranges);
        ModelGraph quantised = AbsorbEdgeConversions.Run(PostTrainingQuantization.Run(graph, ranges, _ => bits, _ => { }), _ => { });
        LayerAnalysis analysis = LayerAnalysis.Run(graph, quantised, new Dictionary<int, int>(), data ?? Samples(), RequantizationMode.Float);
        return (analysis, AccuracyAdvice.Of(analysis, new CompilationOptions { CalibrationMethod = method, WeightBits = bits }));
    }

    private static Conv Convolution(int groups) => new(1, 1, 1, 1, 1, 1, 1, 1, groups, ActivationRange.Relu);
}
