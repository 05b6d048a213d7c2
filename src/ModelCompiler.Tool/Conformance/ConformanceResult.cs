namespace ModelCompiler.Tool.Conformance;

/// <summary>How a test ended.</summary>
internal enum ConformanceOutcome
{
    /// <summary>The outputs are right.</summary>
    Passed,

    /// <summary>The outputs are wrong, or the compiler has a defect.</summary>
    Failed,

    /// <summary>The compiler says that it does not support the model.</summary>
    Skipped,
}

/// <summary>Result of one test.</summary>
/// <param name="Name">Name of its folder.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Reason">What went wrong or is not supported; empty when it passed.</param>
/// <param name="Constants">Inputs that were given as constants, because shapes depend on them.</param>
internal sealed record ConformanceResult(string Name, ConformanceOutcome Outcome, string Reason, IReadOnlyList<string> Constants);
