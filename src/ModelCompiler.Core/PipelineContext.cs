using ModelCompiler.CodeGen.Emit;
using ModelCompiler.Core.Compression;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Evaluation;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core;

/// <summary>What the steps of the pipeline share: what the user asked for, the machine, real samples, and the report that they write.</summary>
/// <param name="input">Model, options and data.</param>
/// <param name="target">The machine to compile for.</param>
/// <param name="diagnostics">Receives what does not stop the compilation.</param>
internal sealed class PipelineContext(CompilationInput input, Target target, DiagnosticBag diagnostics)
{
    /// <summary>Model, options and data.</summary>
    public CompilationInput Input => input;

    /// <summary>What the user asked for.</summary>
    public CompilationOptions Options => input.Options;

    /// <summary>The formats that the options give the network's nodes.</summary>
    public LayerFormats Formats { get; } = new(input.Options);

    /// <summary>The machine to compile for.</summary>
    public Target Target => target;

    /// <summary>The best instruction set of the machine.</summary>
    public Isa Isa => target.InstructionSets[0];

    /// <summary>Receives what does not stop the compilation.</summary>
    public DiagnosticBag Diagnostics => diagnostics;

    /// <summary>What every step did, cost and gained.</summary>
    public CompilationReport Report { get; } = new();

    /// <summary>Real inputs of the float network; null until a step that needs them has read them.</summary>
    public CalibrationSamples? Samples { get; set; }

    /// <summary>True when the network is being quantised.</summary>
    public bool IsQuantised => Ranges.Count > 0;

    /// <summary>Ranges of the float network's values on the samples, by value number; empty until they are calibrated.</summary>
    public Dictionary<int, ValueRange> Ranges { get; set; } = [];

    /// <summary>Bits of the weights of every layer that is to be quantised, by the number of the float network's value that it computes.</summary>
    public Dictionary<int, int> WeightBits { get; set; } = [];

    /// <summary>Nodes that stay in float because 8 bits cost the outputs too much, by the number of their first output.</summary>
    public HashSet<int> KeptFloat { get; set; } = [];

    /// <summary>Which weights become zero together; null without pruning.</summary>
    public SparsityPattern? Pattern { get; set; }

    /// <summary>The share of its weights that a layer gives up, by the number of the float network's value that it computes.</summary>
    public Dictionary<int, double> Shares { get; set; } = [];

    /// <summary>What measures on the evaluation data; null until something has to be measured.</summary>
    public AccuracyMeasurement? Measurement { get; set; }

    /// <summary>The float network's value that a value of the quantised network stands for, by number.</summary>
    public Dictionary<int, int> Originals { get; set; } = [];

    /// <summary>The same with a report of its own and perhaps other options, for steps that try something.</summary>
    public PipelineContext Silent(CompilationOptions? options = null) =>
        new(input with { Options = options ?? input.Options }, target, new DiagnosticBag(input.FileName)) { Samples = Samples, Ranges = Ranges,
            WeightBits = WeightBits, KeptFloat = KeptFloat, Pattern = Pattern, Shares = Shares };

    /// <summary>Adds a sentence to the report, for people.</summary>
    public void Note(string text) => Report.Note(text);
}
