using System.Globalization;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Data;

/// <summary>Real inputs of a float network, which calibration, compression and checks look at.</summary>
/// <param name="File">The file or folder they are from, for messages.</param>
/// <param name="Numbers">Which samples of it were chosen.</param>
/// <param name="Inputs">One tensor per input, for each sample.</param>
internal sealed record CalibrationSamples(string File, int[] Numbers, IReadOnlyList<TensorData>[] Inputs)
{
    /// <summary>The file of each sample, where every sample is a file.</summary>
    public IReadOnlyList<string>? Files { get; init; }

    /// <summary>What people may want to know of the data.</summary>
    public IReadOnlyList<Diagnostic> Notices { get; init; } = [];

    /// <summary>Reads the calibration data: as many samples as the options allow, evenly spread.</summary>
    /// <exception cref="ModelCompilationException">MC3002, MC3003, MC3004 and others of <see cref="DataReader"/>: the data does not fit the
    /// network.</exception>
    public static CalibrationSamples Read(ModelGraph graph, CompilationInput input)
    {
        string file = CompilationOptions.FileName(input.Options.Calibration ?? "calibration.npz");
        DataArrays data = DataReader.Read(input.Calibration!, new(graph, file, input.Options) { Most = input.Options.CalibrationSamples, HasLabels = false });
        SampleSet samples = SampleSet.For(graph, data.Arrays, file);
        int[] numbers = [.. samples.Spread(input.Options.CalibrationSamples)];
        samples.RequireFinite(numbers, MaskInputs.Find(graph));
        return new(file, numbers, [.. numbers.Select(samples.Own)]) { Files = data.Files, Notices = data.Notices };
    }

    /// <summary>At most so many samples, evenly spread.</summary>
    public IReadOnlyList<TensorData>[] Spread(int most)
    {
        int step = Math.Max(1, Inputs.Length / most);
        return [.. Enumerable.Range(0, Math.Min(most, (Inputs.Length + step - 1) / step)).Select(i => Inputs[i * step])];
    }

    /// <summary>How messages name a sample.</summary>
    public string Describe(int index) => Files is not null ? $"calibration sample '{Files[Numbers[index]]}'"
        : string.Create(CultureInfo.InvariantCulture, $"sample {Numbers[index]} of calibration file '{File}'");
}
