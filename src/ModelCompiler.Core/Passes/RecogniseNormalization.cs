using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Finds layer, RMS and L2 normalisation written out as means, squares and roots, and makes each one operator,
/// together with a constant scale and shift along the same axes that follow or that the divisor is multiplied with.
/// What would be divided by zero is zero afterwards.
/// </summary>
internal sealed class RecogniseNormalization
{
    private readonly ModelGraph _graph;
    private readonly GraphEditor _editor;
    private readonly WrittenOut _written;
    private readonly ILookup<int, Node> _consumers;

    private RecogniseNormalization(ModelGraph graph) => (_graph, _editor, _written, _consumers) = (graph, new(graph), new(graph), graph.Consumers());

    // Scale and shift are constants that were found on the way; −1 for none.
    private sealed record Match(int Input, WrittenDivisor Divisor, bool Centred, int Scale = -1, int Shift = -1);

    public static ModelGraph Run(ModelGraph graph, Action<string> note) => new RecogniseNormalization(graph).Rewrite(note);

    private ModelGraph Rewrite(Action<string> note)
    {
        var found = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (Node node in _graph.Nodes)
        {
            if (Find(node) is not { } match) continue;
            Operator op = Replace(node, match);
            found[op.Name] = found.GetValueOrDefault(op.Name) + 1;
        }

        if (found.Count == 0) return _graph;
        note($"Recognised normalisations written out: {string.Join(", ", found.Select(f => $"{f.Value} {f.Key}"))}.");
        return _editor.ToGraph();
    }

    private Match? Find(Node node)
    {
        (int a, int b) = node.Inputs.Length == 2 ? (node.Inputs[0], node.Inputs[1]) : (-1, -1);
        Match? match = _written.IsPair(node, BinaryKind.Divide) ? Quotient(a, b)
            : _written.IsPair(node, BinaryKind.Multiply) ? Product(a, b) ?? Product(b, a)
            : _written.IsPair(node, BinaryKind.Add) ? Folded(a, b, false) ?? Folded(b, a, false)
            : _written.IsPair(node, BinaryKind.Subtract) ? Folded(a, b, true) : null;
        if (match is null || _written[node.Outputs[0]].Shape != _written[match.Input].Shape) return null;
        return Normalize.Takes(_written[match.Input].Shape, match.Divisor.Axes) ? match : null;
    }

    // x ÷ d, and (x · scale) ÷ d
    private Match? Quotient(int x, int divisor)
    {
        if (WrittenDivisor.Find(_written, divisor) is not { } found) return null;
        if (Numerator(x, divisor, found) is { } plain) return plain;
        return Scaled(x) is { } scaled && Numerator(scaled.Value, divisor, found) is { } match ? match with { Scale = scaled.Constant } : null;
    }

    // x · 1/d, and x · (1/d · scale)
    private Match? Product(int x, int inverse) => Inverse(inverse) is { } found && Numerator(x, found.Used, found.Divisor) is { } match
        ? match with { Scale = found.Scale } : null;

    private (WrittenDivisor Divisor, int Used, int Scale)? Inverse(int id)
    {
        if (WrittenDivisor.FindInverse(_written, id) is { } plain) return (plain, id, -1);
        return Scaled(id) is { } scaled && WrittenDivisor.FindInverse(_written, scaled.Value) is { } inner ? (inner, scaled.Value, scaled.Constant) : null;
    }

    private (int Value, int Constant)? Scaled(int id) => _written.Pair(id, BinaryKind.Multiply) is not { } product ? null
        : IsConstant(product.B) ? (product.A, product.B) : IsConstant(product.A) ? (product.B, product.A) : null;

    // What the mean is subtracted from may be computed twice: once to be squared, once to be divided.
    private Match? Numerator(int x, int used, WrittenDivisor divisor)
    {
        if (!_written.IsReal(x) || !_written.Fits(used, _written[x].Shape, divisor.Axes)) return null;
        int? centred = Centred(x, divisor.Axes);
        if (_written.IsSame(x, divisor.Of)) return centred is { } of ? new Match(of, divisor, true) : new Match(x, divisor, false);
        return centred is { } source && IsDistance(divisor, source) ? new Match(source, divisor, true) : null;
    }

    // Squared, x − mean and mean − x are alike.
    private bool IsDistance(WrittenDivisor divisor, int x) => _written.Pair(divisor.Of, BinaryKind.Subtract) is { } difference
        && ((_written.IsSame(difference.A, x) && IsMean(difference.B, x, divisor.Axes))
            || (_written.IsSame(difference.B, x) && IsMean(difference.A, x, divisor.Axes)));

    private int? Centred(int id, EquatableArray<int> axes) =>
        _written.Pair(id, BinaryKind.Subtract) is { } difference && IsMean(difference.B, difference.A, axes) ? difference.A : null;

    private bool IsMean(int mean, int of, EquatableArray<int> axes) =>
        _written.Mean(_written.Unexpanded(mean)) is { } found && found.Axes == axes && _written.IsSame(found.Of, of)
        && _written.Fits(mean, _written[of].Shape, axes);

    // x · a + (shift − mean · a), or x · a − mean · a, where a is 1/d, perhaps times a scale.
    private Match? Folded(int scaled, int rest, bool subtract)
    {
        if (_written.Pair(scaled, BinaryKind.Multiply) is not { } left) return null;
        int shift = -1;
        (int A, int B)? factors = subtract ? _written.Pair(rest, BinaryKind.Multiply) : null;
        if (!subtract && _written.Pair(rest, BinaryKind.Subtract) is { } difference && IsConstant(difference.A))
        {
            (shift, factors) = (difference.A, _written.Pair(difference.B, BinaryKind.Multiply));
        }
        else if (!subtract && _written.Pair(rest, BinaryKind.Add) is { } sum && (IsConstant(sum.A) || IsConstant(sum.B)))
        {
            (shift, factors) = IsConstant(sum.A) ? (sum.A, Negated(sum.B)) : (sum.B, Negated(sum.A));
        }
        else if (!subtract)
        {
            factors = Negated(rest);
        }

        if (factors is not { } right) return null;
        return Of(left.A, left.B) ?? Of(left.B, left.A);

        Match? Of(int x, int inverse)
        {
            if (!_written.IsReal(x) || Inverse(inverse) is not { } found || !IsDistance(found.Divisor, x)) return null;
            int mean = _written.IsSame(right.A, inverse) ? right.B : _written.IsSame(right.B, inverse) ? right.A : -1;
            bool fits = mean >= 0 && IsMean(mean, x, found.Divisor.Axes) && _written.Fits(found.Used, _written[x].Shape, found.Divisor.Axes);
            return fits ? new Match(x, found.Divisor, true, found.Scale, shift) : null;
        }
    }

    // Factors of a product whose negative a value is.
    private (int A, int B)? Negated(int id)
    {
        if (_written.Of(id, UnaryKind.Negate) is { } whole) return _written.Pair(whole, BinaryKind.Multiply);
        return _written.Pair(id, BinaryKind.Multiply) is not { } product ? null
            : _written.Of(product.A, UnaryKind.Negate) is { } left ? (left, product.B) : _written.Of(product.B, UnaryKind.Negate) is { } right
            ? (product.A, right) : null;
    }

    private Normalize Replace(Node node, Match match)
    {
        (int scale, int shift, Node last) = (match.Scale, match.Shift, node);
        EquatableArray<int> axes = match.Divisor.Axes;
        Shape shape = _written[match.Input].Shape;
        if (shift < 0 && scale < 0 && Next(last, BinaryKind.Multiply, shape, axes) is { } product) (last, scale) = product;
        if (shift < 0 && Next(last, BinaryKind.Add, shape, axes) is { } sum) (last, shift) = sum;

        // What is not along the axes follows as products and sums.
        var rest = new List<(BinaryKind Kind, int Constant)>();
        if (scale >= 0 && Parameter(scale, shape, axes) is null)
        {
            rest.Add((BinaryKind.Multiply, Widened(scale)));
            scale = -1;
            if (shift >= 0) rest.Add((BinaryKind.Add, Widened(shift)));
            shift = -1;
        }
        else if (shift >= 0 && Parameter(shift, shape, axes) is null)
        {
            rest.Add((BinaryKind.Add, Widened(shift)));
            shift = -1;
        }

        var op = new Normalize(axes, match.Centred, match.Divisor.Mean, match.Divisor.Floor, match.Divisor.Epsilon);
        int[] constants = shift >= 0 ? [scale < 0 ? -1 : Added(scale), Added(shift)] : scale >= 0 ? [Added(scale)] : [];
        _written.Replace(_editor, last, op, match.Input, constants, rest);
        return op;

        int Added(int id) => _editor.AddConstant(_written[id].Name, Parameter(id, shape, axes)!).Id;
    }

    // The only use of a node's output, past a conversion, when that is a product or sum with a constant along the axes.
    private (Node Node, int Constant)? Next(Node node, BinaryKind kind, Shape shape, EquatableArray<int> axes)
    {
        Node? next = OnlyUse(node);
        if (next is not null && _written.IsFloatConversion(next)) next = OnlyUse(next);
        if (next is null || !_written.IsPair(next, kind)) return null;
        int constant = IsConstant(next.Inputs[1]) ? next.Inputs[1] : IsConstant(next.Inputs[0]) ? next.Inputs[0] : -1;
        return constant >= 0 && Parameter(constant, shape, axes) is not null && _written[next.Outputs[0]].Shape == shape ? (next, constant) : null;
    }

    private Node? OnlyUse(Node node) => !_graph.IsResult(node.Outputs[0]) && _consumers[node.Outputs[0]].ToArray() is [var only] ? only : null;

    private bool IsConstant(int id) => _written[_written.Plain(id)].Constant is not null && _written.IsReal(id);

    private int Widened(int id) => _written[id].Type == ElementType.Float32 && _written[id].Constant is not null ? id
        : _editor.AddConstant(_written[id].Name, TensorData.Of(_written[id].Shape, _written[_written.Plain(id)].Constant!.ToFloats())).Id;

    // The elements of a constant along the axes; null when it differs along others.
    private TensorData? Parameter(int id, Shape shape, EquatableArray<int> axes)
    {
        TensorData constant = _written[_written.Plain(id)].Constant!;
        Shape target = Normalize.ParameterShape(shape, axes);
        if (Shape.Broadcast(constant.Shape, target) != target) return null;
        var steps = Where.Steps(constant.Shape, target.Rank);
        float[] elements = constant.ToFloats(), result = new float[target.Elements];
        int[] strides = Transpose.Strides(target);
        for (int i = 0; i < result.Length; i++)
        {
            int from = 0;
            for (int axis = 0; axis < target.Rank; axis++) from += i / strides[axis] % target[axis] * steps[axis];
            result[i] = elements[from];
        }

        return TensorData.Of(target, result);
    }
}
