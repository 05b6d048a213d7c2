using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Generator;

/// <summary>A plan file as it was found.</summary>
internal sealed record PlanSource(string Path, string Text);

/// <summary>What one plan becomes: files of C#, or an error.</summary>
/// <param name="PlanPath">Where the plan lies, for messages.</param>
/// <param name="ModelFile">The model it was made from, for messages.</param>
/// <param name="ClassName">Full name of the class.</param>
/// <param name="Files">The files of C#, none when there is an error.</param>
/// <param name="Error">Why there is no code.</param>
internal sealed record GeneratedClass(string PlanPath, string ModelFile, string ClassName, EquatableArray<GeneratedFile> Files, PlanError? Error)
{
    private static readonly string[] Companions = [GeneratedFile.Kernels, GeneratedFile.Data];

    /// <summary>Name of the file with the class, empty when there is none.</summary>
    public string HintName => Error is null ? Hint(GeneratedFile.Model) : "";

    /// <summary>Name of a file.</summary>
    /// <remarks>
    /// A class with the name of a companion, such as <c>Kernels</c>, has a hyphen before it,
    /// because the companion of another class may have the full name of this one, but for its letters' case.
    /// </remarks>
    public string Hint(string suffix)
    {
        int dot = ClassName.LastIndexOf('.');
        bool isCompanion = dot > 0 && Companions.Contains(ClassName.Substring(dot) + GeneratedFile.Model, StringComparer.OrdinalIgnoreCase);
        return (isCompanion ? ClassName.Substring(0, dot) + "-" + ClassName.Substring(dot + 1) : ClassName) + suffix;
    }

    public static GeneratedClass Compile(PlanSource source)
    {
        try
        {
            return PlanText.ReadAndCheck(source.Text, plan =>
                new GeneratedClass(source.Path, plan.ModelFile, $"{plan.Namespace}.{plan.ClassName}", ModelEmitter.EmitFiles(plan), null));
        }
        catch (PlanFormatException e)
        {
            return Failed(new PlanError(PlanError.Malformed, e.Line, e.Message));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // An exception that leaves a generator becomes a warning without a place; this one has both.
            return Failed(new PlanError(PlanError.Malformed, 1, PlanFormatException.Damaged(e.Message)));
        }

        GeneratedClass Failed(PlanError error) => new(source.Path, "", "", default, error);
    }
}
