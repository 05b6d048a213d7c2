using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Generator;

/// <summary>A plan file as it was found.</summary>
internal sealed record PlanSource(string Path, string Text);

/// <summary>What one plan becomes: a file of C#, or an error.</summary>
/// <param name="PlanPath">Where the plan lies, for messages.</param>
/// <param name="ModelFile">The model it was made from, for messages.</param>
/// <param name="ClassName">Full name of the class.</param>
/// <param name="Code">The C# text, empty when there is an error.</param>
/// <param name="Error">Why there is no code.</param>
internal sealed record GeneratedClass(string PlanPath, string ModelFile, string ClassName, string Code, PlanError? Error)
{
    /// <summary>Name of the generated file, empty when there is none.</summary>
    public string HintName => Error is null ? ClassName + ".g.cs" : "";

    public static GeneratedClass Compile(PlanSource source)
    {
        try
        {
            return PlanText.ReadAndCheck(source.Text, plan => new GeneratedClass(source.Path, plan.ModelFile, $"{plan.Namespace}.{plan.ClassName}", ModelEmitter.Emit(plan), null));
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

        GeneratedClass Failed(PlanError error) => new(source.Path, "", "", "", error);
    }
}
