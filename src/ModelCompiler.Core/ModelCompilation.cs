using System.Collections.Immutable;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Core;

/// <summary>Everything a compilation reads, as bytes: the façade opens no file.</summary>
/// <param name="FileName">Name of the model file, for messages and the header; directories are dropped.</param>
/// <param name="Model">Content of the <c>.onnx</c> or <c>.tflite</c> file.</param>
/// <param name="Options">What the user asked for.</param>
/// <param name="Calibration">Content of the calibration <c>.npz</c>, when the options name one.</param>
public sealed record CompilationInput(string FileName, ReadOnlyMemory<byte> Model, CompilationOptions Options, ReadOnlyMemory<byte>? Calibration = null);

/// <summary>What a compilation produces. <see cref="Plan"/> is null exactly when there is an error.</summary>
/// <param name="Plan">The plan, which the generator turns into C#.</param>
/// <param name="Weights">The weights blob the plan points into.</param>
/// <param name="Diagnostics">Errors, warnings and information, in order.</param>
public sealed record CompilationResult(ModelPlan? Plan, ReadOnlyMemory<byte> Weights, ImmutableArray<Diagnostic> Diagnostics)
{
    /// <summary>True when a plan was made.</summary>
    public bool Success => Plan is not null;
}
