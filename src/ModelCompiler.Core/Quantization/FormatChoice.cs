using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Quantization;

/// <summary>Decides in which numeric format a network is compiled: as it is, or in integers that post-training quantisation makes.</summary>
internal static class FormatChoice
{
    /// <summary>True when a float network is to be quantised; the context has the samples then.</summary>
    /// <exception cref="ModelCompilationException">MC3001, MC9002: what the options ask for does not go together.</exception>
    public static bool IsToBeQuantised(ModelGraph graph, PipelineContext context)
    {
        CompilationOptions options = context.Options;
        bool isQuantized = LiftToFloat.IsQuantised(graph);
        bool hasSamples = context.Input.Calibration is not null;
        bool isFloat = options.Precision is Precision.Float32 or Precision.Float16;
        string precision = OptionText.Of(nameof(CompilationOptions.Precision)), bits = OptionText.Of(nameof(CompilationOptions.WeightBits));
        context.Formats.RequireKnown(graph);
        bool isAsked = context.Formats.HasIntegers || options.Precision is Precision.Int16 or Precision.Int8 or Precision.Int4
            or Precision.Auto;
        if (isAsked && !isQuantized && !hasSamples)
            throw new ModelCompilationException("MC3001", "Quantising a float model needs representative inputs, and no calibration file is given.",
                $"Name an .npz file with the option {OptionText.Of(nameof(CompilationOptions.Calibration))}, with an array for each input (or x).");
        if (isQuantized && hasSamples)
            context.Diagnostics.Info("MC3006", "The model is quantised already, so the calibration file is not used.",
                $"Leave the option {OptionText.Of(nameof(CompilationOptions.Calibration))} out.");
        if (isQuantized || !hasSamples || (isFloat && !isAsked)) return false;
        if (options.WeightBits is not 0 and (< 2 or > 8))
            throw new ModelCompilationException("MC9002", $"Weights cannot have {options.WeightBits} bits.", $"Give {bits} from 2 to 8.");
        if (options.Precision == Precision.Int16 && (options.Clusters > 0 || context.Pattern is not null || options.WeightBits is not (0 or 8)))
            throw new ModelCompilationException("MC9002", "Precision Int16 has plain weights of 8 bits.",
                $"Leave {bits}, {OptionText.Of(nameof(CompilationOptions.Clusters))} and {OptionText.Of(nameof(CompilationOptions.Pruning))} of weights out, or "
                + $"choose another {precision}.");
        if (options.WeightBits != 0 && options.Precision is Precision.Auto or Precision.Int4)
            throw new ModelCompilationException("MC9002", $"Precision {options.Precision} chooses the bits of weights itself.",
                $"Leave one of {bits} and {precision} out.");
        context.Samples ??= CalibrationSamples.Read(graph, context.Input);
        return true;
    }
}
