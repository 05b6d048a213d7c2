namespace ModelCompiler.Benchmarks.Fit;

/// <summary>A family's kernel for a layer.</summary>
/// <param name="Target">Target of the code.</param>
/// <param name="Layer">The layer.</param>
/// <param name="Family">The kernel's name.</param>
/// <param name="Estimated">Cycles that the family's offer says.</param>
/// <param name="Measured">Cycles that the kernel takes.</param>
internal sealed record FitResult(string Target, string Layer, string Family, double Estimated, double Measured)
{
    /// <summary>The factor on estimates that brings their relative errors to the least sum of squares.</summary>
    public static double Scale(IReadOnlyCollection<FitResult> results) =>
        results.Sum(r => r.Estimated / r.Measured) / results.Sum(r => r.Estimated / r.Measured * (r.Estimated / r.Measured));

    /// <summary>Root of the mean square of the relative errors that are left with a factor.</summary>
    public static double Error(IReadOnlyCollection<FitResult> results, double scale) =>
        Math.Sqrt(results.Average(r => Math.Pow((scale * r.Estimated / r.Measured) - 1, 2)));

    /// <summary>How much longer the kernel with the least estimate takes than the fastest one: 0 when the choice is right.</summary>
    /// <param name="offers">All kernels for one layer.</param>
    /// <param name="estimate">The estimate to choose by.</param>
    public static double Loss(IEnumerable<FitResult> offers, Func<FitResult, double> estimate) =>
        (offers.MinBy(estimate)!.Measured / offers.Min(r => r.Measured)) - 1;
}
