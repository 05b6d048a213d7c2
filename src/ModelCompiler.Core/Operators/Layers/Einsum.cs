using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Einsum: letters name axes; those that the output does not have are summed. Operands are contracted two at a time, from left to right.</summary>
internal static class Einsum
{
    [OnnxOperator("Einsum")]
    internal static void FromOnnx(OnnxNode node)
    {
        string equation = node.Text("equation", "").Replace(" ", "", StringComparison.Ordinal);
        string[] sides = equation.Split("->");
        string[] terms = sides[0].Split(',');
        if (terms.Length != node.InputCount || sides.Length > 2) throw node.Malformed($"The equation '{equation}' does not fit {node.InputCount} inputs.");
        int ellipsis = Enumerable.Range(0, terms.Length).Max(i => terms[i].Contains("...", StringComparison.Ordinal)
            ? node.Value(i).Shape.Rank - (terms[i].Length - 3) : 0);
        var sizes = new Dictionary<char, int>();
        List<(Value Tensor, char[] Axes)> operands = [.. terms.Select((t, i) => (node.Value(i), Axes(node, t, node.Value(i).Shape, ellipsis, sizes)))];
        // Without an output: the ellipsis, then the letters that occur once, in alphabetical order.
        char[] output = sides.Length == 2
            ? Expand(sides[1], ellipsis, ellipsis)
            : [.. Enumerable.Range(0, ellipsis).Select(i => (char)i),
                .. operands.SelectMany(o => o.Axes).Where(c => c >= 'A').GroupBy(c => c).Where(g => g.Count() == 1).Select(g => g.Key).Order()];
        if (output.Any(c => !sizes.ContainsKey(c)) || output.Distinct().Count() != output.Length)
            throw node.Malformed($"The output of the equation '{equation}' has axes that no input has.");
        if (operands.Count == 1) operands[0] = Contract(node, operands[0], null, output, sizes);
        while (operands.Count > 1)
        {
            IEnumerable<char> later = operands.Skip(2).SelectMany(o => o.Axes).Concat(output);
            char[] kept = operands.Count == 2 ? output : [.. operands[0].Axes.Concat(operands[1].Axes).Distinct().Where(later.Contains)];
            operands[1] = Contract(node, operands[0], operands[1], kept, sizes);
            operands.RemoveAt(0);
        }

        node.Bind(0, operands[0].Tensor);
    }

    private static (Value, char[]) Contract(OnnxNode node, (Value Tensor, char[] Axes) a, (Value Tensor, char[] Axes)? b, char[] kept,
        Dictionary<char, int> sizes)
    {
        char[] axes = [.. kept, .. a.Axes.Concat(b?.Axes ?? []).Distinct().Except(kept)];
        int[] stepsA = Steps(a, axes);
        int[] stepsB = b is { } second ? Steps(second, axes) : new int[axes.Length];
        Value result = node.Add("sum", new Contract(axes.Select(c => sizes[c]).ToEquatableArray(), stepsA.ToEquatableArray(), stepsB.ToEquatableArray(),
            kept.Length), a.Tensor.Id, b?.Tensor.Id ?? -1);
        return (result, kept);
    }

    // A letter that occurs twice runs along the diagonal.
    private static int[] Steps((Value Tensor, char[] Axes) operand, char[] axes)
    {
        int[] strides = Transpose.Strides(operand.Tensor.Shape);
        return [.. axes.Select(c => operand.Axes.Select((own, i) => own == c && operand.Tensor.Shape[i] != 1 ? strides[i] : 0).Sum())];
    }

    private static char[] Axes(OnnxNode node, string term, Shape shape, int ellipsis, Dictionary<char, int> sizes)
    {
        bool dots = term.Contains("...", StringComparison.Ordinal);
        char[] axes = Expand(term, dots ? shape.Rank - (term.Length - 3) : 0, ellipsis);
        if (axes.Length != shape.Rank) throw node.Malformed($"'{term}' does not name the axes of a tensor of shape {shape}.");
        for (int i = 0; i < axes.Length; i++)
        {
            int known = sizes.GetValueOrDefault(axes[i], 1);
            if (known != 1 && shape[i] != 1 && known != shape[i]) throw node.Malformed($"Axis '{axes[i]}' has sizes {known} and {shape[i]}.");
            sizes[axes[i]] = Math.Max(known, shape[i]);
        }

        return axes;
    }

    // The dots stand for axes without letters, aligned at the right: here characters below the letters.
    private static char[] Expand(string term, int own, int ellipsis)
    {
        int dots = term.IndexOf("...", StringComparison.Ordinal);
        return dots < 0 ? [.. term] : [.. term[..dots], .. Enumerable.Range(ellipsis - own, own).Select(i => (char)i), .. term[(dots + 3)..]];
    }
}
