using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Compression;

/// <summary>How much goes when an option says Auto.</summary>
internal static class AutomaticShare
{
    /// <summary>With limits of accuracy: how many shares are told apart.</summary>
    public const int Steps = 32;

    /// <summary>Without: the square error of the outputs, relative to their power, that what goes may add up to (15 % of the outputs).</summary>
    public const double BearableError = 0.15 * 0.15;

    /// <summary>The network that comes of layers made thinner, to try it; a share of pruning that is to be found as well takes what they leave.</summary>
    public static ModelGraph Compiled(ModelGraph thin, PipelineContext tried, bool isQuantised)
    {
        if (isQuantised)
        {
            RangeCalibrator.Run(thin, tried);
            WeightBitsChoice.Run(thin, tried);
        }

        if (tried.Pattern is { IsFixed: false } && PruningShares.OptionShare(tried.Options) is null) tried.Pattern = null;
        PruningShares.Run(thin, tried);
        return Pipeline.Try(thin, tried);
    }
}
