using System;

namespace ModelCompiler.CodeGen.Plan;

/// <summary>A step that cannot be written as code.</summary>
internal sealed class PlanStepException(int step, string name, Exception reason)
    : InvalidOperationException($"step {step} ({name}) cannot be written as code: {reason.Message}", reason)
{
    /// <summary>Zero-based index of the step.</summary>
    public int Step { get; } = step;
}
