using System.Globalization;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Compression;

/// <summary>Reads what the options ask of the weights beside their format.</summary>
internal static class CompressionChoice
{
    private const int FewestClusters = 2, MostClusters = 256;

    /// <summary>True when weights are to be factorised, pruned or shared; the context has the pattern and the samples then.</summary>
    /// <exception cref="ModelCompilationException">MC3001, MC9002: what the options ask for does not go together.</exception>
    public static bool Read(ModelGraph graph, PipelineContext context)
    {
        CompilationOptions options = context.Options;
        bool isByChannels = ChannelPruning.IsAsked(options);
        if (isByChannels) RequireShare(options, ChannelPruning.Name);
        else if (options.Pruning is not null || options.Sparsity is not null) context.Pattern = Pattern(options);
        if (options.Clusters is not 0 and (< FewestClusters or > MostClusters))
            throw new ModelCompilationException("MC9002", $"Weights cannot share {options.Clusters} values.",
                $"Give {OptionText.Of(nameof(CompilationOptions.Clusters))} from {FewestClusters} to {MostClusters}.");
        if (options.LowRank is not null) LowRank.OptionShare(options);
        if (context.Pattern is null && !isByChannels && options.Clusters == 0 && options.LowRank is null) return false;
        string asked = OptionText.Of(context.Pattern is not null || isByChannels ? nameof(CompilationOptions.Pruning)
            : options.Clusters > 0 ? nameof(CompilationOptions.Clusters) : nameof(CompilationOptions.LowRank));
        if (context.Input.Calibration is null)
            throw new ModelCompilationException("MC3001", $"{asked} needs representative inputs, and no calibration file is given.",
                $"Name an .npz file with the option {OptionText.Of(nameof(CompilationOptions.Calibration))}, with an array for each input (or x).");
        context.Samples = CalibrationSamples.Read(graph, context.Input);
        return true;
    }

    /// <summary>The share that an option asks for; null when it is to be found.</summary>
    /// <param name="text">What was given.</param>
    /// <param name="option">The option.</param>
    /// <param name="remedy">What to give.</param>
    /// <exception cref="ModelCompilationException">MC9002: neither a share nor Auto.</exception>
    public static double? Share(string? text, string option, string remedy)
    {
        if ("Auto".Equals(text, StringComparison.OrdinalIgnoreCase)) return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && share is > 0 and < 1 ? share
            : throw new ModelCompilationException("MC9002", $"'{text}' is not a value of option '{OptionText.Of(option)}'.", remedy);
    }

    private static SparsityPattern Pattern(CompilationOptions options)
    {
        SparsityPattern pattern = options.Pruning is null ? SparsityPattern.Unstructured : SparsityPattern.Parse(options.Pruning);
        string sparsity = OptionText.Of(nameof(CompilationOptions.Sparsity)), pruning = OptionText.Of(nameof(CompilationOptions.Pruning));
        if (pattern.IsFixed && options.Sparsity is not null)
            throw new ModelCompilationException("MC9002", $"{pruning} {pattern} says itself how many weights stay.", $"Leave {sparsity} out.");
        if (!pattern.IsFixed) RequireShare(options, pattern.ToString());
        return pattern;
    }

    private static void RequireShare(CompilationOptions options, string pattern)
    {
        if (options.Sparsity is null)
            throw new ModelCompilationException("MC9002", $"{OptionText.Of(nameof(CompilationOptions.Pruning))} {pattern} leaves open how much goes.",
                $"Give {OptionText.Of(nameof(CompilationOptions.Sparsity))}, such as 0.5, or Auto.");
        PruningShares.OptionShare(options);
    }
}
