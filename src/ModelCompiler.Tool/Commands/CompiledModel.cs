using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;
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

    /// <summary>The float network before quantisation; null when the model was quantised already and stays so.</summary>
    public ModelGraph? FloatOriginal => Result.Original is { } graph && !LiftToFloat.IsQuantised(graph) ? graph : null;

    /// <summary>Bytes of weights and tables.</summary>
    public long WeightBytes => Plan.Weights.Bytes + Plan.Data.Sum(d => (long)d.Bytes);

    /// <summary>Multiply-accumulate operations of one run.</summary>
    public long Macs => Plan.Steps.Sum(s => s.Kernel.Macs);

    /// <summary>Reads the files and compiles.</summary>
    /// <exception cref="ModelCompilationException">MC9004, MC3001: a file cannot be read.</exception>
    public static CompiledModel Load(string path, CompilationOptions options)
    {
        byte[] model = ReadModel(path);
        DataFiles? calibration = options.Calibration is { } file ? ReadData(file, "calibration") : null,
            evaluation = options.Evaluation is { } data ? ReadData(data, "evaluation") : null;
        return new CompiledModel(path, options, ModelCompilation.Run(new CompilationInput(path, model, options, calibration) { Evaluation = evaluation,
            ExternalData = new ModelFolder(path).Read, Spelling = ItemOptions.Spell }));
    }

    /// <summary>What was found out about data after the compilation.</summary>
    public List<Diagnostic> Notices { get; } = [];

    /// <summary>Reads the arrays of a data file, or of a folder.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="kind">What it is for, for messages.</param>
    /// <param name="most">Of a folder at most so many samples are read.</param>
    /// <exception cref="ModelCompilationException">MC3001: there is no such file; others of <see cref="DataReader"/>: it is damaged, or does not fit the
    /// network.</exception>
    public OrderedDictionary<string, NumpyArray> ReadArrays(string path, string kind, int most = int.MaxValue) => ReadSamples(path, kind, most).Arrays;

    /// <inheritdoc cref="ReadArrays"/>
    public DataArrays ReadSamples(string path, string kind, int most = int.MaxValue)
    {
        // What the model itself takes: quantisation does not change what images become.
        DataArrays data = DataReader.Read(ReadData(path, kind), new(Result.Original!, path.TrimEnd('/', '\\'), Options) { Most = most });
        Notices.AddRange(data.Notices.Select(n => n.Spelled(ItemOptions.Spell)));
        return data;
    }

    private static byte[] ReadModel(string path) =>
        TryRead(path, out string? problem) ?? throw new ModelCompilationException("MC9004", $"The model cannot be read: {problem}", "Check the path.",
            file: path);

    private static DataFiles ReadData(string path, string kind)
    {
        string? problem;
        DataFiles? data = Directory.Exists(path) ? Try(DataFiles.In, path, out problem) : TryRead(path, out problem);
        return data ?? throw new ModelCompilationException("MC3001", $"The {kind} {(Directory.Exists(path) ? "folder" : "file")} '{path}' cannot be read: "
            + problem, "Name an .npz, .npy, .csv or .bin file, or a folder of images or recordings, that exists.", file: path);
    }

    private static byte[]? TryRead(string path, out string? problem)
    {
        problem = Directory.Exists(path) ? "it is a folder." : File.Exists(path) ? null : "there is no such file.";
        return problem is null ? Try(File.ReadAllBytes, path, out problem) : null;
    }

    private static T? Try<T>(Func<string, T> read, string path, out string? problem)
        where T : class
    {
        problem = null;
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problem = e.Message;
            return null;
        }
    }
}
