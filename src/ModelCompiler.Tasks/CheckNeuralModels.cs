using Microsoft.Build.Framework;
using ModelCompiler.Core;
using Task = Microsoft.Build.Utilities.Task;

namespace ModelCompiler.Tasks;

/// <summary>
/// Warns of metadata of <c>NeuralModel</c> items that is almost the name of an option. It runs in every build: such metadata changes nothing,
/// so no model is compiled for it. Items may carry other people's metadata, so names further off mean nothing.
/// It also records how long the files of each model are, so that one replaced by another of the same date is noticed.
/// </summary>
[MSBuildMultiThreadableTask]
public sealed class CheckNeuralModels : Task
{
    // Others write these on items, for MSBuild and editors.
    private static readonly HashSet<string> Known =
        new(StringComparer.OrdinalIgnoreCase) { "Generator", "PlanClass", "PlanNamespace", "PlanDirectory", "PlanOutput", "DataDate", "MeasuringDate",
            "CalibrationInput", "EvaluationInput", "LengthFile", "FilesBeside" };

    /// <summary>The items.</summary>
    [Required]
    public ITaskItem[] Models { get; set; } = [];

    /// <summary>Folder that relative paths start from.</summary>
    [Required]
    public string ProjectDirectory { get; set; } = "";

    /// <inheritdoc/>
    public override bool Execute()
    {
        string[] options = [.. CompilationOptions.All.Select(p => CompileNeuralModel.MetadataName(p.Name))];
        foreach (ITaskItem model in Models)
        {
            Record(model);
            foreach (string name in model.MetadataNames.Cast<string>().Order(StringComparer.Ordinal))
            {
                if (Known.Contains(name) || options.Contains(name, StringComparer.OrdinalIgnoreCase) || Misspelling.Nearest(name, options, 0.2) is not { }
                    option) continue;
                Log.LogWarning(null, "MC9007", null, model.GetMetadata("FullPath"), 0, 0, 0, 0, $"There is no option '{name}'. Did you mean {option}?");
            }
        }

        return true;
    }

    private void Record(ITaskItem model)
    {
        if (model.GetMetadata("PlanDirectory") is not { Length: > 0 } folder) return;
        string[] files = [model.ItemSpec, model.GetMetadata(nameof(CompilationOptions.Calibration)), model.GetMetadata(nameof(CompilationOptions.Evaluation))];
        try
        {
            new OutputDirectory(Resolve(folder)).RecordLengths(files.Where(f => f.Length > 0).Select(f => Path.TrimEndingDirectorySeparator(Resolve(f))));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whoever compiles says what is wrong with the folder.
            Log.LogMessage(MessageImportance.Low, "{0}", e);
        }
    }

    private string Resolve(string path) => Path.GetFullPath(path.Replace('\\', Path.DirectorySeparatorChar), ProjectDirectory);
}
