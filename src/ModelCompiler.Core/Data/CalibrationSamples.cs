using System.Globalization;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Data;

/// <summary>Real inputs of a float network, which calibration, compression and checks look at.</summary>
/// <param name="File">The file they are from, for messages.</param>
/// <param name="Numbers">Which samples of the file were chosen.</param>
/// <param name="Inputs">One tensor per input, for each sample.</param>
internal sealed record CalibrationSamples(string File, int[] Numbers, IReadOnlyList<TensorData>[] Inputs)
{
    /// <summary>Reads the calibration file: as many samples as the options allow, evenly spread.</summary>
    /// <exception cref="ModelCompilationException">MC3002, MC3003, MC3004: the file does not fit the network.</exception>
    public static CalibrationSamples Read(ModelGraph graph, CompilationInput input)
    {
        string file = Path.GetFileName(input.Options.Calibration ?? "calibration.npz");
        SampleSet samples = SampleSet.For(graph, NpzArchive.Read(input.Calibration!.Value, file), file);
        int[] numbers = [.. samples.Spread(input.Options.CalibrationSamples)];
        samples.RequireFinite(numbers, MaskInputs.Find(graph));
        return new(file, numbers, [.. numbers.Select(samples.Own)]);
    }

    /// <summary>At most so many samples, evenly spread.</summary>
    public IReadOnlyList<TensorData>[] Spread(int most)
    {
        int step = Math.Max(1, Inputs.Length / most);
        return [.. Enumerable.Range(0, Math.Min(most, (Inputs.Length + step - 1) / step)).Select(i => Inputs[i * step])];
    }

    /// <summary>How messages name a sample.</summary>
    public string Describe(int index) => string.Create(CultureInfo.InvariantCulture, $"sample {Numbers[index]} of calibration file '{File}'");
}
