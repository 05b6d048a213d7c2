namespace ModelCompiler.Core.Compression;

/// <summary>How much goes when an option says Auto.</summary>
internal static class AutomaticShare
{
    /// <summary>With limits of accuracy: how many shares are told apart.</summary>
    public const int Steps = 32;

    /// <summary>Without: the square error of the outputs, relative to their power, that what goes may add up to (15 % of the outputs).</summary>
    public const double BearableError = 0.15 * 0.15;
}
