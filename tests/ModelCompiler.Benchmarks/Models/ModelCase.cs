using System.Globalization;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import;

namespace ModelCompiler.Benchmarks.Models;

/// <summary>One row: a model file, the options it is compiled with, and data.</summary>
/// <param name="Model">The network.</param>
/// <param name="Row">What distinguishes the row from others of the same network.</param>
/// <param name="File">Model file in the shared data.</param>
/// <param name="Samples">Inputs: for calibration, and to compare engines on.</param>
internal sealed record ModelCase(string Model, string Row, string File, Samples Samples)
{
    /// <summary>The options, without target and calibration.</summary>
    public CompilationOptions Options { get; init; } = new();

    /// <summary>True to quantise the float model with <see cref="Samples"/>.</summary>
    public bool Calibrate { get; init; }

    /// <summary>True for a float network in ONNX, which ONNX Runtime reads as it is.</summary>
    public bool IsFloat { get; init; }

    /// <summary>Network and row.</summary>
    public string Name => $"{Model}, {Row}";

    /// <summary>Where calibration data comes from, for the table's notes.</summary>
    public string Note => Calibrate ? $"{Name}: calibrated on {Samples.Description}." : "";

    /// <summary>The row with further options, such as <c>Pruning=Block16x4 Sparsity=0.5</c>, each row's own aside.</summary>
    public ModelCase With(string text)
    {
        IEnumerable<KeyValuePair<string, string>> own = CompilationOptions.All.Where(o => !Equals(o.GetValue(Options), o.GetValue(new CompilationOptions())))
            .Select(o => KeyValuePair.Create(o.Name, Convert.ToString(o.GetValue(Options), CultureInfo.InvariantCulture)!));
        IEnumerable<KeyValuePair<string, string>> added = text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(t => t.Split('=', 2)).Select(t => KeyValuePair.Create(t[0], t.Length > 1 ? t[1] : ""));
        return this with { Row = $"{Row}, {text}", Options = CompilationOptions.Parse([.. own, .. added]) };
    }

    /// <summary>Calibration data as a file, or null.</summary>
    public byte[]? CalibrationFile(Shape input)
    {
        if (!Calibrate) return null;
        IReadOnlyList<float[]> samples = Samples.Reals(input, Options.CalibrationSamples);
        var stream = new MemoryStream();
        NpzArchive.Write(stream, [KeyValuePair.Create("x", NumpyArray.Of<float>(samples.SelectMany(s => s).ToArray(), [samples.Count, .. input.Skip(1)]))]);
        return stream.ToArray();
    }

    /// <summary>Compiles for a target.</summary>
    /// <exception cref="InvalidOperationException">The compiler refuses the model; the message holds its diagnostics.</exception>
    public CompilationResult Compile(string target)
    {
        byte[] model = System.IO.File.ReadAllBytes(SharedData.Path(File));
        CompilationOptions options = Options with { Target = target };
        if (!Calibrate) return Compile(model, options, null);
        // The float compilation tells the shape of the input.
        Shape input = Compile(model, new CompilationOptions { Target = target }, null).Original!.InputValues.Single().Shape;
        return Compile(model, options with { Calibration = "samples.npz" }, CalibrationFile(input));
    }

    private CompilationResult Compile(byte[] model, CompilationOptions options, byte[]? calibration)
    {
        CompilationResult result = ModelCompilation.Run(new CompilationInput(Path.GetFileName(File), model, options,
            calibration is null ? null : (ReadOnlyMemory<byte>?)calibration));
        return result.Success ? result : throw new InvalidOperationException(string.Join("\n", result.Diagnostics));
    }
}
