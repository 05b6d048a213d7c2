using System.Collections.Immutable;
using System.Globalization;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Quantization;

/// <summary>Compares the quantised network with the float network on calibration samples, and says where it is lost when it is.</summary>
internal static class QuantizationCheck
{
    private const int MostSamples = 8;

    /// <summary>‖quantised − float‖ ÷ ‖float‖ of an output above which the user is warned.</summary>
    public const double Warning = 0.1;

    /// <summary>Checks on the samples of the context; the graph stays as it is.</summary>
    public static ModelGraph Run(ModelGraph original, ModelGraph quantised, PipelineContext context)
    {
        Report(LayerAnalysis.Run(original, quantised, context.Originals, context.Samples!.Spread(MostSamples), context.Options.Requantization),
            context.Diagnostics, Remedy(context.Options));
        return quantised;
    }

    /// <summary>‖quantised − float‖ ÷ ‖float‖ of the output that differs most; infinite where one is not a number.</summary>
    public static double LargestError(ModelGraph original, ModelGraph quantised, PipelineContext context) => LayerAnalysis
        .Run(original, quantised, context.Originals, context.Samples!.Spread(MostSamples), context.Options.Requantization)
        .Outputs.Select(o => double.IsNaN(o.RelativeError) ? double.PositiveInfinity : o.RelativeError).DefaultIfEmpty().Max();

    /// <summary>The node in which most of the error on the calibration samples arises; null when there are no samples or no error.</summary>
    public static string? WorstNode(ModelGraph original, ModelGraph quantised, PipelineContext context) => context.Samples is null
        ? null : LayerAnalysis.Run(original, quantised, context.Originals, context.Samples.Spread(MostSamples), context.Options.Requantization).Worst()?.Label;

    /// <summary>Adds a warning MC3008 for every output that differs much.</summary>
    /// <exception cref="ModelCompilationException">MC3007: an output is not a number where that of the float network is.</exception>
    public static void Run(ModelGraph original, ModelGraph quantised, IReadOnlyList<IReadOnlyList<TensorData>> samples, RequantizationMode mode,
        DiagnosticBag diagnostics) =>
        Report(LayerAnalysis.Run(original, quantised, ImmutableDictionary<int, int>.Empty, samples, mode), diagnostics, Remedy(new CompilationOptions()));

    private static string Remedy(CompilationOptions options)
    {
        string less = options.Sparsity is not null ? $"try a smaller {OptionText.Of(nameof(CompilationOptions.Sparsity))}"
            : options.Pruning is not null ? $"leave {OptionText.Of(nameof(CompilationOptions.Pruning))} out"
            : options.LowRank is not null ? $"try a larger {OptionText.Of(nameof(CompilationOptions.LowRank))}"
            : options.Clusters > 0 ? $"try more {OptionText.Of(nameof(CompilationOptions.Clusters))}"
            : $"try {OptionText.Set(nameof(CompilationOptions.CalibrationMethod), "MinMax")} or {OptionText.Set(nameof(CompilationOptions.WeightBits), "8")}";
        return $"Give representative calibration samples, {less}, keep layers in float (Precision Auto finds them, LayerPrecision names them), or compile the "
            + "model to Float32.";
    }

    private static void Report(LayerAnalysis analysis, DiagnosticBag diagnostics, string remedy)
    {
        string worst = analysis.Worst() is { } layer ? $" Most of it arises in {layer.Label}." : "";
        foreach (OutputFacts output in analysis.Outputs)
        {
            if (double.IsNaN(output.RelativeError))
            {
                throw new ModelCompilationException(
                    "MC3007", $"Output '{output.Name}' of the quantised network is not a number for a calibration sample, for which the float network gives "
                    + $"one.{worst}", "Compile the model to Float32, or report the model.");
            }

            if (output.RelativeError <= Warning) continue;
            diagnostics.Warn(
                "MC3008", string.Create(CultureInfo.InvariantCulture,
                    $"Output '{output.Name}' of the quantised network differs from the float network's by {100 * output.RelativeError:0.0} % on calibration "
                    + $"samples.{worst}"),
                remedy);
        }
    }
}
