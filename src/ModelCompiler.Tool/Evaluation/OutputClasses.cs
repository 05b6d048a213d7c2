using ModelCompiler.Core.Operators;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Tool.Evaluation;

/// <summary>Where outputs choose among classes, as far as their shapes tell.</summary>
internal static class OutputClasses
{
    /// <summary>
    /// Number of elements of an output among which the largest is looked for: those of the last axis, or of the only axis longer than 1.
    /// Null when it has one number per position, is of integers, or belongs to a detector and holds boxes (N×4) or one number for each of their N.
    /// </summary>
    /// <param name="edge">The output.</param>
    /// <param name="outputs">All outputs of the network.</param>
    public static int? Of(EngineEdge edge, IReadOnlyList<EngineEdge> outputs)
    {
        int[] axes = [.. edge.Shape.Where(d => d > 1)];
        if (!edge.RealType.IsFloat() || axes.Length == 0 || (axes.Length > 1 && edge.Shape[-1] == 1)) return null;
        if (outputs.Count > 1 && (IsBoxes(edge) || (axes.Length == 1 && outputs.Any(o => IsBoxes(o) && o.Shape[-2] == axes[0])))) return null;
        return axes[^1];
    }

    /// <summary>True when an output chooses one class for each sample.</summary>
    /// <param name="edge">The output.</param>
    /// <param name="outputs">All outputs of the network.</param>
    public static bool IsOneChoice(EngineEdge edge, IReadOnlyList<EngineEdge> outputs) => Of(edge, outputs) == edge.Shape.Elements;

    private static bool IsBoxes(EngineEdge edge) => edge.Shape.Rank >= 2 && edge.Shape[-1] == 4 && edge.Shape[-2] > 1;
}
