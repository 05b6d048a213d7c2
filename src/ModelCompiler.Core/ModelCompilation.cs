using System.Collections.Immutable;
using System.Security.Cryptography;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.Core;

/// <summary>Everything a compilation reads, as bytes or as files that are read when needed: the façade itself opens none.</summary>
/// <param name="FileName">Name of the model file, for messages and the header; directories are dropped.</param>
/// <param name="Model">Content of the <c>.onnx</c> or <c>.tflite</c> file.</param>
/// <param name="Options">What the user asked for.</param>
/// <param name="Calibration">The calibration data, when the options name some: content of a file, or a folder.</param>
public sealed record CompilationInput(string FileName, ReadOnlyMemory<byte> Model, CompilationOptions Options, DataFiles? Calibration = null)
{
    /// <summary>
    /// Content of a file beside the model, by its path relative to the model's folder (with slashes): an ONNX model may keep weights there. It throws
    /// <see cref="IOException"/> with the reason as a part of a sentence when there is none; <see cref="ModelFolder"/> has one that reads folders.
    /// Null when there are no such files.
    /// </summary>
    public Func<string, ReadOnlyMemory<byte>>? ExternalData { get; init; }

    /// <summary>The evaluation data, when the options name some: content of a file, or a folder.</summary>
    public DataFiles? Evaluation { get; init; }

    /// <summary>How the host spells options, for messages.</summary>
    public OptionSpelling Spelling { get; init; } = OptionText.AsMetadata;
}

/// <summary>What a compilation produces.</summary>
/// <param name="Weights">The weights blob the plan points into.</param>
/// <param name="Diagnostics">Errors, warnings and information, in order.</param>
public sealed record CompilationResult(ReadOnlyMemory<byte> Weights, ImmutableArray<Diagnostic> Diagnostics)
{
    /// <summary>True when a plan was made.</summary>
    public bool Success => Plan is not null;

    /// <summary>The plan as the text of its file, from which the source generator writes the class; null exactly when there is an error.</summary>
    public string? PlanFile => Plan is { } plan ? PlanText.Write(plan) : null;

    /// <summary>The plan; null exactly when there is an error.</summary>
    internal ModelPlan? Plan { get; init; }

    /// <summary>The optimised network before quantisation: what accuracy is measured against.</summary>
    internal ModelGraph? Original { get; init; }

    /// <summary>The network that the plan computes, for the reference interpreter.</summary>
    internal ModelGraph? Compiled { get; init; }

    /// <summary>The value of <see cref="Original"/> that a value of <see cref="Compiled"/> stands for, by number; empty where nothing was quantised.</summary>
    internal IReadOnlyDictionary<int, int> Originals { get; init; } = ImmutableDictionary<int, int>.Empty;

    /// <summary>What every step did, cost and gained.</summary>
    public CompilationReport? Report { get; init; }
}

/// <summary>The compiler: model bytes and options to plan, weights and diagnostics. No I/O, no state, no clock.</summary>
public static class ModelCompilation
{
    /// <summary>Compiles a model. Everything that can be wrong with model, data or options becomes a diagnostic.</summary>
    public static CompilationResult Run(CompilationInput input)
    {
        var diagnostics = new DiagnosticBag(input.FileName, input.Spelling);
        try
        {
            ValidateNaming(input.Options);
            ImagePreprocessing.Parse(input.Options.Preprocess);
            Target target = ResolveTarget(input.Options.Target);
            var context = new PipelineContext(input, target, diagnostics);
            var external = new OnnxExternalData(input.ExternalData);
            (ModelGraph original, ModelGraph compiled) = Pipeline.Run(Import(input, external, context.Note), context);
            Lowered lowered = Lowering.Run(compiled, input, target, [.. context.Report.Notes]);
            context.Report.LiveBytes = lowered.LiveBytes;
            (ModelPlan plan, byte[] weights) = lowered;
            if (external.Files.Count > 0) plan = plan with { ModelSha256 = Hash([input.Model, .. external.Files.Values]) };
            if (SelfTestVector.IsWorthwhile(plan)) plan = plan with { SelfTestHash = SelfTestVector.TryHash(compiled, input.Options.Requantization) };
            return new CompilationResult(weights, diagnostics.ToImmutableArray()) { Plan = plan, Original = original, Compiled = compiled,
                Originals = context.Originals, Report = context.Report };
        }
        catch (ModelCompilationException e)
        {
            diagnostics.Add(e.ToDiagnostic(input.FileName, input.Spelling));
            return new CompilationResult(default, diagnostics.ToImmutableArray());
        }
    }

    // Of the model and the files beside it, one after the other in ordinal order of their paths.
    private static string Hash(IEnumerable<ReadOnlyMemory<byte>> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ReadOnlyMemory<byte> file in files) hash.AppendData(file.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static ModelGraph Import(CompilationInput input, OnnxExternalData external, Action<string> note)
    {
        InputShapes shapes = InputShapes.Parse(input.Options.InputShapes);
        bool isTfLite = Path.GetExtension(input.FileName).Equals(".tflite", StringComparison.OrdinalIgnoreCase)
            || (input.Model.Length >= 8 && input.Model.Span.Slice(4, 4).SequenceEqual("TFL3"u8));
        return isTfLite ? TfLiteImporter.Import(input.Model, shapes)
            : OnnxImporter.Import(input.Model, shapes, InputValues.Parse(input.Options.InputValues), external, note);
    }

    private static Target ResolveTarget(string? name) => name is null ? Target.Default
        : Target.Find(name) ?? throw new ModelCompilationException("MC5002", $"There is no target '{name}'.",
            $"Targets are: {string.Join(", ", Target.Names)}.");

    private static void ValidateNaming(CompilationOptions options)
    {
        if (options.ClassName is { } name && !Names.IsIdentifier(name))
            throw new ModelCompilationException("MC9002", $"'{name}' is not a class name.",
                $"Give a C# identifier as {OptionText.Of(nameof(CompilationOptions.ClassName))}.");
        if (options.ClassName is { } taken && Names.IsTaken(taken))
            throw new ModelCompilationException("MC9002", $"A generated class cannot be called '{taken}', because its own code means something else by that "
                + "name.", $"Give another {OptionText.Of(nameof(CompilationOptions.ClassName))}, such as {taken}Model.");
        if (options.Namespace is { } space && !space.Split('.').All(Names.IsIdentifier))
            throw new ModelCompilationException("MC9002", $"'{space}' is not a namespace.",
                $"Give C# identifiers separated by dots as {OptionText.Of(nameof(CompilationOptions.Namespace))}.");
        if (options.Accessibility is not ("public" or "internal"))
            throw new ModelCompilationException("MC9002", $"'{options.Accessibility}' is not an accessibility.",
                $"Give public or internal as {OptionText.Of(nameof(CompilationOptions.Accessibility))}.");
    }
}
