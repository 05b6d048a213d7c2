using Microsoft.Build.Framework;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Planning;
using Task = Microsoft.Build.Utilities.Task;

namespace ModelCompiler.Tasks;

/// <summary>
/// Compiles one <c>NeuralModel</c> item: reads its files, runs the compiler, writes the plan and, for larger models, the weights assembly.
/// After an error nothing of an earlier success is left behind.
/// </summary>
[MSBuildMultiThreadableTask]
public sealed class CompileNeuralModel : Task
{
    /// <summary>The model file; its metadata are the options.</summary>
    [Required]
    public ITaskItem Model { get; set; } = null!;

    /// <summary>Folder for the outputs, which belongs to this model alone.</summary>
    [Required]
    public string OutputDirectory { get; set; } = "";

    /// <summary>Folder that relative paths start from.</summary>
    [Required]
    public string ProjectDirectory { get; set; } = "";

    /// <summary>Namespace of the generated class, unless the item has one.</summary>
    public string RootNamespace { get; set; } = "";

    /// <summary>Machine to compile for, unless the item has one.</summary>
    public string Target { get; set; } = "";

    /// <summary>Decides the target when neither item nor project does.</summary>
    public string RuntimeIdentifier { get; set; } = "";

    /// <inheritdoc/>
    public override bool Execute()
    {
        string modelFile = Resolve(Model.ItemSpec);
        var output = new OutputDirectory(Resolve(OutputDirectory));
        try
        {
            Compile(modelFile, output);
        }
        catch (ModelCompilationException e)
        {
            Report(e.ToDiagnostic(modelFile, Spell), []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Report(new Diagnostic("MC9005", DiagnosticSeverity.Error, modelFile, null, $"The compiled model cannot be written: {e.Message}",
                "Check the output folder and the free space."), []);
        }
        catch (Exception e)
        {
            Log.LogMessage(MessageImportance.Low, "{0}", e);
            Report(new Diagnostic("MC9999", DiagnosticSeverity.Error, modelFile, null, $"The compiler failed: {e.Message}",
                $"This is a fault of ModelCompiler ({e.GetType().Name}). Please report it with the model, if you may share it."), []);
        }

        if (Log.HasLoggedErrors) Forget(output);
        return !Log.HasLoggedErrors;
    }

    private void Compile(string modelFile, OutputDirectory output)
    {
        CompilationOptions options = CompilationOptions.Parse(ReadMetadata());
        string? calibrationFile = options.Calibration is { } calibration ? ResolveData(calibration) : null,
            evaluationFile = options.Evaluation is { } evaluation ? ResolveData(evaluation) : null;
        var folder = new ModelFolder(modelFile);
        var input = new CompilationInput(
            Path.GetFileName(modelFile),
            Read(File.ReadAllBytes, modelFile, "MC1000", "The model file",
                "Check the Include of the NeuralModel item; relative paths start at the project's folder."),
            options,
            ReadData(calibrationFile, nameof(CompilationOptions.Calibration)))
        {
            Evaluation = ReadData(evaluationFile, nameof(CompilationOptions.Evaluation)),
            ExternalData = folder.Read,
            Spelling = Spell,
        };

        CompilationResult result = ModelCompilation.Run(input);
        foreach (Diagnostic diagnostic in result.Diagnostics) Report(diagnostic, [modelFile, calibrationFile, evaluationFile]);
        if (result.Plan is not { } plan || Log.HasLoggedErrors) return;

        output.Write(result.PlanFile!, WriteWeights(plan.Weights, result.Weights.Span),
            [.. new[] { modelFile, calibrationFile, evaluationFile }.OfType<string>()], folder.Files);
        Log.LogMessage(MessageImportance.High, "{0} -> {1}.{2}", Model.ItemSpec, plan.Namespace, plan.ClassName);
    }

    private static (string FileName, byte[] Content)? WriteWeights(WeightStorage storage, ReadOnlySpan<byte> weights) =>
        storage.IsAssembly ? (storage.Assembly + ".dll", WeightsAssembly.Write(storage.Assembly, WeightStorage.TypeNamespace, storage.TypeName, weights))
        : null;

    // Items may carry other people's metadata, so only known names are read; defaults come from the project.
    private Dictionary<string, string> ReadMetadata()
    {
        Dictionary<string, string> metadata = CompilationOptions.All.ToDictionary(p => p.Name, p => Model.GetMetadata(MetadataName(p.Name)));
        if (metadata[nameof(CompilationOptions.Namespace)].Length == 0) metadata[nameof(CompilationOptions.Namespace)] = ToNamespace(RootNamespace);
        if (metadata[nameof(CompilationOptions.Target)].Length == 0)
            metadata[nameof(CompilationOptions.Target)] = Target.Length > 0 ? Target : TargetOf(RuntimeIdentifier);
        return metadata;
    }

    /// <summary>The item metadata that holds an option: its name, except that MSBuild allows no metadata called Target.</summary>
    public static string MetadataName(string option) => option == nameof(CompilationOptions.Target) ? "Machine" : option;

    private static string Spell(string option, string? value) => OptionText.AsMetadata(MetadataName(option), value);

    // A root namespace is by default the project's name, in which anything may stand.
    private static string ToNamespace(string rootNamespace) => string.Join(".", rootNamespace.Split('.', StringSplitOptions.RemoveEmptyEntries).Select(part =>
    {
        string text = string.Concat(part.Select(c => char.IsLetterOrDigit(c) ? c : '_'));
        return Names.IsIdentifier(text) ? text : "_" + text;
    }));

    // linux-musl-x64 → x64; other processors and no identifier at all leave the choice to the compiler.
    private static string TargetOf(string runtimeIdentifier) => runtimeIdentifier[(runtimeIdentifier.LastIndexOf('-') + 1)..] switch
    {
        "x64" => "x64",
        "arm64" => "arm64",
        _ => "",
    };

    private DataFiles? ReadData(string? file, string option)
    {
        const string remedy = "Check the path; relative paths start at the project's folder.";
        if (file is null) return null;
        return Directory.Exists(file) ? Read(DataFiles.In, file, "MC3001", $"The folder that NeuralModel '{Model.ItemSpec}' names in {option}", remedy)
            : Read(File.ReadAllBytes, file, "MC3001", $"The file that NeuralModel '{Model.ItemSpec}' names in {option}", remedy);
    }

    private static T Read<T>(Func<string, T> read, string file, string code, string what, string remedy)
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelCompilationException(code, $"{what} does not exist.", remedy, file: file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelCompilationException(code, $"{what} cannot be read: {e.Message}", remedy, file: file);
        }
    }

    private string Resolve(string path) => Path.GetFullPath(path.Replace('\\', Path.DirectorySeparatorChar), ProjectDirectory);

    // Folders may be named with a slash at the end.
    private string ResolveData(string path) => Path.TrimEndingDirectorySeparator(Resolve(path));

    private void Report(Diagnostic diagnostic, IEnumerable<string?> files)
    {
        // The compiler knows files by name, those of folders by the folder's, too; people want to click on them.
        string name = diagnostic.File.Split('/')[0];
        string file = files.FirstOrDefault(f => Path.GetFileName(f) == diagnostic.File) is { } whole ? whole
            : files.FirstOrDefault(f => f is not null && Path.GetFileName(f) == name && Directory.Exists(f)) is { } folder
            ? Path.Combine(folder, diagnostic.File[(name.Length + 1)..]) : diagnostic.File;
        switch (diagnostic.Severity)
        {
            case DiagnosticSeverity.Error: Log.LogError(null, diagnostic.Code, null, file, 0, 0, 0, 0, diagnostic.Message); break;
            case DiagnosticSeverity.Warning: Log.LogWarning(null, diagnostic.Code, null, file, 0, 0, 0, 0, diagnostic.Message); break;
            default: Log.LogMessage(null, diagnostic.Code, null, file, 0, 0, 0, 0, MessageImportance.High, diagnostic.Message); break;
        }
    }

    private void Forget(OutputDirectory output)
    {
        try
        {
            output.Clear();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.LogWarning(null, "MC9005", null, Model.ItemSpec, 0, 0, 0, 0, "The outputs of an earlier compilation cannot be removed: {0}", e.Message);
        }
    }
}
