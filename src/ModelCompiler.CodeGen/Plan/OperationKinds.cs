namespace ModelCompiler.CodeGen.Plan;

/// <summary>Arithmetic on two numbers.</summary>
internal enum BinaryKind
{
    /// <summary>a + b.</summary>
    Add,

    /// <summary>a − b.</summary>
    Subtract,

    /// <summary>a · b.</summary>
    Multiply,

    /// <summary>a ÷ b.</summary>
    Divide,
}

/// <summary>A function of one number x, with up to two constants α and β.</summary>
internal enum UnaryKind
{
    /// <summary>min(max(x, α), β).</summary>
    Clamp,

    /// <summary>1 ÷ (1 + e⁻ˣ).</summary>
    Sigmoid,

    /// <summary>Hyperbolic tangent.</summary>
    Tanh,

    /// <summary>|x|.</summary>
    Abs,

    /// <summary>−x.</summary>
    Negate,

    /// <summary>eˣ.</summary>
    Exp,

    /// <summary>Natural logarithm.</summary>
    Log,

    /// <summary>Square root.</summary>
    Sqrt,

    /// <summary>1 ÷ x.</summary>
    Reciprocal,

    /// <summary>x when positive, else α · x.</summary>
    LeakyRelu,

    /// <summary>x when positive, else α · (eˣ − 1).</summary>
    Elu,

    /// <summary>ln(1 + eˣ).</summary>
    Softplus,

    /// <summary>min(max(α · x + β, 0), 1).</summary>
    HardSigmoid,

    /// <summary>x · min(max(x + 3, 0), 6) ÷ 6.</summary>
    HardSwish,
}

/// <summary>What a pool computes of its window.</summary>
internal enum PoolKind
{
    /// <summary>The largest element.</summary>
    Max,

    /// <summary>The mean.</summary>
    Average,
}
