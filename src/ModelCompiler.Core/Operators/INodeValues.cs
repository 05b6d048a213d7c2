using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators;

/// <summary>The types, shapes, quantisation and constants around a node, which the reference interpreter and lowering know alike.</summary>
internal interface INodeValues
{
    /// <summary>How accumulators become activations.</summary>
    RequantizationMode Mode { get; }

    /// <summary>Number of inputs, absent ones included.</summary>
    int InputCount { get; }

    /// <summary>True when the optional input is there.</summary>
    bool HasInput(int index);

    /// <summary>An input.</summary>
    Value InputValue(int index);

    /// <summary>An output.</summary>
    Value OutputValue(int index);
}

/// <summary>Shorthands.</summary>
internal static class NodeValues
{
    /// <summary>An input that must be a constant.</summary>
    /// <exception cref="ModelCompilationException">MC2002: it is computed at run time.</exception>
    public static TensorData Constant(this INodeValues node, int index, string what) => node.InputValue(index).Constant
        ?? throw new ModelCompilationException("MC2002", $"The {what} are computed at run time, which is not supported.", $"Make the {what} constant.");

    /// <summary>Stops with MC2002: the operator is known, but not for these types.</summary>
    public static ModelCompilationException Unsupported(this INodeValues node, string what) =>
        new("MC2002", $"{what} on {string.Join(", ", Enumerable.Range(0, node.InputCount).Where(node.HasInput).Select(i => node.InputValue(i).Type))} is not supported.", "Convert the model with other element types.");
}
