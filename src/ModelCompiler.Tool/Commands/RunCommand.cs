using System.CommandLine;
using System.Globalization;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.CommandLine;
using ModelCompiler.Tool.Engines;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary><c>run</c>: samples in, outputs out.</summary>
internal sealed class RunCommand : ModelCommand
{
    private readonly Option<string> _input = new("--input") {
        Description = "An .npz file with an array for each input, named after it (or x when there is one), whose leading dimension counts samples; for one "
        + "input also an .npy, .csv or .bin file, or a folder of images or .wav files.", HelpName = "path", Required = true };
    private readonly Option<string> _output = new("--output") {
        Description = "The .npz file to write, with an array for each output, named after it (or y when there is one).", HelpName = "file", Required = true };
    private readonly Option<EngineKind> _engine = SharedOptions.Engine();
    private readonly Option<bool> _resetEach = new("--reset-each") {
        Description = "Reset the network's state before every sample; by default it carries over from sample to sample." };

    public RunCommand()
        : base("run", "Runs a model on samples from a file or folder. Arrays with the element type of the quantised input hold the integers themselves; "
        + "all others are real numbers.")
    {
        foreach (Option option in (Option[])[_input, _output, _engine, _resetEach]) Command.Options.Add(option);
    }

    /// <inheritdoc/>
    protected override Report Execute(CompiledModel model, ParseResult parsed)
    {
        string input = parsed.GetValue(_input)!;
        string output = parsed.GetValue(_output)!;
        EngineKind kind = parsed.GetValue(_engine);
        SampleSet samples = SampleSet.For(model.Graph, model.ReadArrays(input, "input"), input);
        using IEngine engine = EngineFactory.Create(kind, model.Result, model.Options);
        bool raw = SampleRunner.IsRaw(engine, samples);
        int[] all = [.. Enumerable.Range(0, Math.Max(samples.Count, engine.Inputs.Count == 0 ? 1 : 0))];
        var results = new IReadOnlyList<TensorData>[all.Length];
        SampleRunner.Run(engine, samples, all, raw, parsed.GetValue(_resetEach), (i, outputs) => results[i] = outputs);

        IReadOnlyList<string> names = engine.Outputs.Count == 1 ? ["y"] : Names.Unique(engine.Outputs.Select(e => e.Name));
        OrderedDictionary<string, NumpyArray> arrays = new(StringComparer.Ordinal);
        for (int o = 0; o < names.Count; o++) arrays.Add(names[o], Stack(engine.Outputs[o], raw, [.. results.Select(r => r[o])]));
        AtomicFiles.Write([(output, stream => NpzArchive.Write(stream, arrays))]);
        return new RunReport(output, kind, raw, all.Length,
            [.. names.Select((name, o) => new ArrayReport(name, engine.Outputs[o].Name, EdgeReport.NameOf(arrays[name].Type), arrays[name].Shape))]);
    }

    // One array of all samples; the network's own leading dimension of 1 gives way to their number.
    private static NumpyArray Stack(EngineEdge edge, bool raw, IReadOnlyList<TensorData> samples)
    {
        ElementType type = raw ? edge.Type : edge.RealType;
        var bytes = new byte[samples.Sum(s => s.Bytes.LongLength)];
        long at = 0;
        foreach (TensorData sample in samples)
        {
            sample.Bytes.CopyTo(bytes, at);
            at += sample.Bytes.LongLength;
        }

        bool hasBatch = edge.Shape.Rank > 0 && edge.Shape[0] == 1;
        return new NumpyArray(type, [samples.Count, .. edge.Shape.Skip(hasBatch ? 1 : 0)], bytes);
    }
}

/// <summary>An array that was written.</summary>
internal sealed record ArrayReport(string Name, string Output, string Type, int[] Shape);

/// <summary>What <c>run</c> did.</summary>
/// <param name="File">The file it wrote.</param>
/// <param name="Engine">What computed the network.</param>
/// <param name="FixedPoint">True when inputs and outputs are the integers themselves.</param>
/// <param name="Samples">Number of samples.</param>
/// <param name="Arrays">The arrays in the file.</param>
internal sealed record RunReport(string File, EngineKind Engine, bool FixedPoint, int Samples, IReadOnlyList<ArrayReport> Arrays) : Report
{
    /// <inheritdoc/>
    public override void WriteText(TextWriter output)
    {
        string arrays = string.Join(", ", Arrays.Select(a => $"{a.Name} {a.Type} {new Shape(a.Shape)}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"wrote {File}: {Samples} samples through the {(FixedPoint ? "fixed-point" : "float")} entry, {arrays}"));
    }
}
