namespace ModelCompiler.Core.Operators;

/// <summary>Which integers an operator of a model may compute with; the tables of the documentation say it.</summary>
internal enum IntegerSupport
{
    /// <summary>What the operator's own <see cref="Operator.QuantizationRule"/> says, where its reader stands in the operator's type; else none.</summary>
    ByRule,

    /// <summary>None: quantised models compute it in float.</summary>
    None,

    /// <summary>8 bits.</summary>
    Yes,

    /// <summary>8 bits, after it has become a convolution or part of one.</summary>
    AsConvolution,

    /// <summary>It makes integers of real numbers, or real numbers of integers.</summary>
    Converts,

    /// <summary>Its output is a constant.</summary>
    Constant,

    /// <summary>It is gone when the graph is there.</summary>
    Resolved,

    /// <summary>8 bits.</summary>
    Eight,

    /// <summary>8 and 16 bits.</summary>
    EightAndSixteen,

    /// <summary>8, 16 and 32 bits.</summary>
    EightToThirtyTwo,

    /// <summary>All that there are.</summary>
    Any,

    /// <summary>Quantised inputs become real numbers and the output integers again.</summary>
    ByWayOfFloat,

    /// <summary>Like <see cref="ByWayOfFloat"/>, and int32 that stands for itself.</summary>
    ByWayOfFloatOrInt32,

    /// <summary>Those of its definition.</summary>
    Fixed,
}
