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
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core;

/// <summary>Everything a compilation reads, as bytes: the façade opens no file.</summary>
/// <param name="FileName">Name of the model file, for messages and the header; directories are dropped.</param>
/// <param name="Model">Content of the <c>.onnx</c> or <c>.tflite</c> file.</param>
/// <param name="Options">What the user asked for.</param>
/// <param name="Calibration">Content of the calibration file (<c>.npz</c> or <c>.npy</c>), when the options name one.</param>
public sealed record CompilationInput(string FileName, ReadOnlyMemory<byte> Model, CompilationOptions Options, ReadOnlyMemory<byte>? Calibration = null)
{
    /// <summary>
    /// Content of a file beside the model, by its path relative to the model's folder (with slashes): an ONNX model may keep weights there. It throws
    /// <see cref="IOException"/> with the reason as a part of a sentence when there is none; <see cref="ModelFolder"/> has one that reads folders. Null when there are no such files.
    /// </summary>
    public Func<string, ReadOnlyMemory<byte>>? ExternalData { get; init; }

    /// <summary>How the host spells options, for messages.</summary>
    public OptionSpelling Spelling { get; init; } = OptionText.AsMetadata;
}

/// <summary>What a compilation produces. <see cref="Plan"/> is null exactly when there is an error.</summary>
/// <param name="Plan">The plan, which the generator turns into C#.</param>
/// <param name="Weights">The weights blob the plan points into.</param>
/// <param name="Diagnostics">Errors, warnings and information, in order.</param>
public sealed record CompilationResult(ModelPlan? Plan, ReadOnlyMemory<byte> Weights, ImmutableArray<Diagnostic> Diagnostics)
{
    /// <summary>True when a plan was made.</summary>
    public bool Success => Plan is not null;

    /// <summary>The optimised network before quantisation: what accuracy is measured against.</summary>
    public ModelGraph? Original { get; init; }

    /// <summary>The network that the plan computes, for the reference interpreter.</summary>
    public ModelGraph? Compiled { get; init; }
}

/// <summary>The compiler: model bytes and options to plan, weights and diagnostics. No I/O, no state, no clock.</summary>
public static class ModelCompilation
{
    /// <summary>Compiles a model. Everything that can be wrong with model, data or options becomes a diagnostic.</summary>
    public static CompilationResult Run(CompilationInput input)
    {
        var diagnostics = new DiagnosticBag(input.FileName, input.Spelling);
        var notes = new List<string>();
        try
        {
            ValidateNaming(input.Options);
            Target target = ResolveTarget(input.Options.Target);
            var external = new OnnxExternalData(input.ExternalData);
            ModelGraph original = Pipeline.Optimise(Import(input, external, notes.Add), notes.Add);
            ModelGraph compiled = ChooseFormat(original, input, target, diagnostics, notes.Add);
            compiled = Pipeline.Specialise(compiled, target.InstructionSets[0], input.Options.Requantization, notes.Add);
            (ModelPlan plan, byte[] weights) = Lowering.Run(compiled, input, target, notes);
            if (external.Files.Count > 0) plan = plan with { ModelSha256 = Hash([input.Model, .. external.Files.Values]) };
            if (SelfTestVector.IsWorthwhile(plan)) plan = plan with { SelfTestHash = SelfTestVector.TryHash(compiled, input.Options.Requantization) };
            return new CompilationResult(plan, weights, diagnostics.ToImmutableArray()) { Original = original, Compiled = compiled };
        }
        catch (ModelCompilationException e)
        {
            diagnostics.Add(e.ToDiagnostic(input.FileName, input.Spelling));
            return new CompilationResult(null, default, diagnostics.ToImmutableArray());
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
        return isTfLite ? TfLiteImporter.Import(input.Model, shapes) : OnnxImporter.Import(input.Model, shapes, InputValues.Parse(input.Options.InputValues), external, note);
    }

    private static ModelGraph ChooseFormat(ModelGraph graph, CompilationInput input, Target target, DiagnosticBag diagnostics, Action<string> note)
    {
        bool isQuantized = graph.Nodes.Any(n => graph.Values[n.Outputs[0]] is { IsQuantized: true } or { IsQuantized16: true });
        switch (input.Options.Precision)
        {
            case Precision.Float32 when isQuantized:
                throw new ModelCompilationException("MC3005", "The model is quantised already and cannot be compiled to Float32.", $"Leave the option {OptionText.Of(nameof(CompilationOptions.Precision))} out, or compile the float model it was made from.");
            case Precision.Int8 when !isQuantized && input.Calibration is null:
                throw new ModelCompilationException("MC3001", "Quantising a float model needs representative inputs, and no calibration file is given.", $"Name an .npz file with the option {OptionText.Of(nameof(CompilationOptions.Calibration))}, with an array for each input (or x).");
            case Precision.Float32:
                return graph;
        }

        if (isQuantized && input.Calibration is not null) diagnostics.Info("MC3006", "The model is quantised already, so the calibration file is not used.", $"Leave the option {OptionText.Of(nameof(CompilationOptions.Calibration))} out.");
        if (isQuantized || input.Calibration is null) return graph;

        string file = Path.GetFileName(input.Options.Calibration ?? "calibration.npz");
        SampleSet samples = SampleSet.For(graph, NpzArchive.Read(input.Calibration.Value, file), file);
        RangeCalibrator calibrator = RangeCalibrator.Parse(input.Options.CalibrationMethod);
        int[] chosen = [.. samples.Spread(input.Options.CalibrationSamples)];
        samples.RequireFinite(chosen, MaskInputs.Find(graph));
        IReadOnlyList<TensorData>[] inputs = [.. chosen.Select(samples.Own)];
        Dictionary<int, ValueRange> ranges = calibrator.Calibrate(graph, inputs, i => $"sample {chosen[i]} of calibration file '{file}'");
        note($"Calibrated ranges on {chosen.Length} samples of {file}.");
        int bits = input.Options.WeightBits;
        if (bits is not 0 and (< 2 or > 8)) throw new ModelCompilationException("MC9002", $"Weights cannot have {bits} bits.", $"Give {OptionText.Of(nameof(CompilationOptions.WeightBits))} from 2 to 8.");
        ModelGraph quantised = bits == 0 && target.InstructionSets[0].Has(Products.Bytes)
            ? WeightBitsChoice.Choose(graph, (b, n) => Pipeline.Quantise(graph, ranges, b, n), inputs, input.Options.Requantization, note)
            : Pipeline.Quantise(graph, ranges, bits == 0 ? 8 : bits, note);
        QuantizationCheck.Run(graph, quantised, inputs, input.Options.Requantization, diagnostics);
        return quantised;
    }

    private static Target ResolveTarget(string? name) => name is null ? Target.Default
        : Target.Find(name) ?? throw new ModelCompilationException("MC5002", $"There is no target '{name}'.", $"Targets are: {string.Join(", ", Target.Names)}.");

    private static void ValidateNaming(CompilationOptions options)
    {
        if (options.ClassName is { } name && !Names.IsIdentifier(name)) throw new ModelCompilationException("MC9002", $"'{name}' is not a class name.", $"Give a C# identifier as {OptionText.Of(nameof(CompilationOptions.ClassName))}.");
        if (options.ClassName is { } taken && Names.IsTaken(taken)) throw new ModelCompilationException("MC9002", $"A generated class cannot be called '{taken}', because its own code means something else by that name.", $"Give another {OptionText.Of(nameof(CompilationOptions.ClassName))}, such as {taken}Model.");
        if (options.Namespace is { } space && !space.Split('.').All(Names.IsIdentifier)) throw new ModelCompilationException("MC9002", $"'{space}' is not a namespace.", $"Give C# identifiers separated by dots as {OptionText.Of(nameof(CompilationOptions.Namespace))}.");
        if (options.Accessibility is not ("public" or "internal")) throw new ModelCompilationException("MC9002", $"'{options.Accessibility}' is not an accessibility.", $"Give public or internal as {OptionText.Of(nameof(CompilationOptions.Accessibility))}.");
    }
}
