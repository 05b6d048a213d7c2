using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.CommandLine;

namespace ModelCompiler.Tool.Commands;

/// <summary>A model file and what the compiler made of it.</summary>
/// <param name="Path">The file, as the user named it.</param>
/// <param name="Options">The options it was compiled with.</param>
/// <param name="Result">What the compiler gave.</param>
internal sealed record CompiledModel(string Path, CompilationOptions Options, CompilationResult Result)
{
    /// <summary>The plan of a successful compilation.</summary>
    public ModelPlan Plan => Result.Plan!;

    /// <summary>The network that the plan computes.</summary>
    public ModelGraph Graph => Result.Compiled!;

    /// <summary>The float network before quantisation; null when the model was quantised already.</summary>
    public ModelGraph? FloatOriginal => Result.Original is { } graph && !graph.Nodes.SelectMany(n => n.Outputs).Concat(graph.Inputs)
        .Any(v => graph.Values[v].IsQuantized) ? graph : null;

    /// <summary>Bytes of weights and tables.</summary>
    public long WeightBytes => Plan.Weights.Bytes + Plan.Data.Sum(d => (long)d.Bytes);

    /// <summary>Multiply-accumulate operations of one run.</summary>
    public long Macs => Plan.Steps.Sum(s => s.Kernel.Macs);

    /// <summary>Reads the files and compiles.</summary>
    /// <exception cref="ModelCompilationException">MC9004, MC3001: a file cannot be read.</exception>
    public static CompiledModel Load(string path, CompilationOptions options)
    {
        byte[] model = ReadModel(path);
        // Not a conditional expression: null would become an empty memory there.
        ReadOnlyMemory<byte>? calibration = null, evaluation = null;
        if (options.Calibration is { } file) calibration = ReadData(file, "calibration");
        if (options.Evaluation is { } data) evaluation = ReadData(data, "evaluation");
        return new CompiledModel(path, options, ModelCompilation.Run(new CompilationInput(path, model, options, calibration) { Evaluation = evaluation,
            ExternalData = new ModelFolder(path).Read, Spelling = ItemOptions.Spell }));
    }

    /// <summary>Reads the arrays of a data file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">What it is for, for messages.</param>
    /// <exception cref="ModelCompilationException">MC3001: there is no such file; MC1005, MC1006: it is damaged.</exception>
    public static OrderedDictionary<string, NumpyArray> ReadArrays(string path, string kind) => NpzArchive.Read(ReadData(path, kind), path);

    private static byte[] ReadModel(string path) =>
        TryRead(path, out string? problem) ?? throw new ModelCompilationException("MC9004", $"The model cannot be read: {problem}", "Check the path.",
            file: path);

    private static byte[] ReadData(string path, string kind) =>
        TryRead(path, out string? problem) ?? throw new ModelCompilationException("MC3001", $"The {kind} file '{path}' cannot be read: {problem}",
            "Name an .npz or .npy file that exists.", file: path);

    private static byte[]? TryRead(string path, out string? problem)
    {
        try
        {
            problem = Directory.Exists(path) ? "it is a folder." : File.Exists(path) ? null : "there is no such file.";
            return problem is null ? File.ReadAllBytes(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problem = e.Message;
            return null;
        }
    }
}
