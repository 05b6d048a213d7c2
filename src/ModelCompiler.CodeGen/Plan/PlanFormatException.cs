using System;

namespace ModelCompiler.CodeGen.Plan;

/// <summary>A plan that cannot be read, with the line at fault.</summary>
internal sealed class PlanFormatException(int line, string message) : Exception(message)
{
    /// <summary>One-based line in the plan.</summary>
    public int Line { get; } = line;

    /// <summary>The message about a plan that makes no sense.</summary>
    public static string Damaged(string problem) =>
        $"The plan is damaged: {problem}. Rebuild the project, so that the model is compiled again; if that does not help, please report it with the model.";
}
