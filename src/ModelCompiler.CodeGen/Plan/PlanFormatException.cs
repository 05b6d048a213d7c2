using System;

namespace ModelCompiler.CodeGen.Plan;

/// <summary>A plan that cannot be read, with the line at fault.</summary>
public sealed class PlanFormatException(int line, string message) : Exception(message)
{
    /// <summary>One-based line in the plan.</summary>
    public int Line { get; } = line;
}
