namespace ModelCompiler.Core.Operators;

/// <summary>An operator that can clamp its result for free.</summary>
internal interface IFusesActivation
{
    /// <summary>The fused activation.</summary>
    ActivationRange Activation { get; }

    /// <summary>The same operator with another fused activation.</summary>
    Operator WithActivation(ActivationRange activation);
}

/// <summary>An operator that may be a clamp and nothing else.</summary>
internal interface IClampingActivation
{
    /// <summary>The clamp, or null when the operator is something else.</summary>
    ActivationRange? Range { get; }
}
