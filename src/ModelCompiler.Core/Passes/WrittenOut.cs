using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Reads a graph by what its nodes compute, for passes that find operators written out as simpler ones:
/// it does not matter whether a node has a kernel of its own or comes from the library, whether numbers in between are float16 or float32,
/// and whether axes that were summed away are kept or put back.
/// </summary>
internal sealed class WrittenOut(ModelGraph graph)
{
    private readonly Dictionary<int, Node> _producers = graph.Producers();

    /// <summary>Type, shape and content of a value.</summary>
    public Value this[int id] => graph.Values[id];

    /// <summary>A value without conversions between float16 and float32 and without changes of shape that change nothing.</summary>
    public int Plain(int id)
    {
        while (_producers.TryGetValue(id, out Node? node) && (IsFloatConversion(node) || IsSameShape(node))) id = node.Inputs[0];
        return id;

        bool IsSameShape(Node node) => node.Operator is Reshape && IsReal(id) && this[node.Inputs[0]].Shape == this[id].Shape;
    }

    /// <summary>Like <see cref="Plain"/>, and without any change of shape: for values with one element for each row, of which only the order matters.</summary>
    public int Bare(int id)
    {
        while (Plain(id) is var plain && Producer(plain) is { Operator: Reshape } node) id = node.Inputs[0];
        return Plain(id);
    }

    /// <summary>True for a node that makes float16 of float32 or the reverse.</summary>
    public bool IsFloatConversion(Node node) => node.Operator is Elementwise { Function: "Convert" } && IsReal(node.Inputs[0]) && IsReal(node.Outputs[0]);

    /// <summary>True for float32 and float16.</summary>
    public bool IsReal(int id) => id >= 0 && this[id] is { Type: ElementType.Float32 or ElementType.Float16, Quantization: null };

    /// <summary>True when both are one value, but for conversions.</summary>
    public bool IsSame(int a, int b) => Plain(a) == Plain(b);

    /// <summary>The node that computes a value.</summary>
    public Node? Producer(int id) => _producers.GetValueOrDefault(Plain(id));

    /// <summary>Operands of a sum, difference, product or quotient.</summary>
    public (int A, int B)? Pair(int id, BinaryKind kind) => Producer(id) is { } node && IsPair(node, kind) ? (node.Inputs[0], node.Inputs[1]) : null;

    /// <summary>True for a node that computes a sum, difference, product or quotient of real numbers and nothing else.</summary>
    public bool IsPair(Node node, BinaryKind kind) => IsReal(node.Outputs[0]) && node.Inputs is [>= 0, >= 0]
        && (node.Operator is Binary { Activation.IsNone: true } binary ? binary.Kind == kind : node.Operator is Elementwise { Output: null } function
            && function.Function == kind.ToString());

    /// <summary>The operand of a function.</summary>
    public int? Of(int id, UnaryKind kind) => Producer(id) is { } node
        && (node.Operator is Unary unary ? unary.Kind == kind : node.Operator is Elementwise function && function.Function == kind.ToString()) ? node.Inputs[0]
        : null;

    /// <summary>The number that all elements of a constant are.</summary>
    public float? Number(int id) => id >= 0 && this[Plain(id)].Constant is { Count: > 0 } constant && constant.ToFloats() is var x
        && Array.TrueForAll(x, y => y == x[0]) ? x[0] : null;

    /// <summary>The operand that is computed and the constant one, whatever the order.</summary>
    public (int Value, float Number)? WithNumber((int A, int B)? pair) =>
        pair is not { } p ? null : Number(p.B) is { } right ? (p.A, right) : Number(p.A) is { } left ? (p.B, left) : null;

    /// <summary>The larger of a value and a number.</summary>
    public (int Value, float Number)? AtLeast(int id) => Producer(id) switch
    {
        { Operator: Elementwise { Function: "Maximum" }, Inputs: [>= 0, >= 0] } node => WithNumber((node.Inputs[0], node.Inputs[1])),
        { Operator: Unary { Kind: UnaryKind.Clamp, Beta: >= float.MaxValue } clamp } node => (node.Inputs[0], clamp.Alpha),
        { Operator: Elementwise { Function: "ClampNumber", Beta: >= float.MaxValue } clamp } node => (node.Inputs[0], (float)clamp.Alpha),
        _ => null,
    };

    /// <summary>What a value is one divided by.</summary>
    public int? Reciprocal(int id) => Of(id, UnaryKind.Reciprocal) ?? (Pair(id, BinaryKind.Divide) is { } q && Number(q.A) == 1 ? q.B : null);

    /// <summary>The base of a power.</summary>
    public int? Power(int id, float exponent) => Producer(id) is { Operator: Elementwise { Function: "Power" }, Inputs: [>= 0, >= 0] } node
        && Number(node.Inputs[1]) == exponent ? node.Inputs[0] : null;

    /// <summary>What a value is the square of.</summary>
    public int? Square(int id) => Pair(id, BinaryKind.Multiply) is { } product && IsSame(product.A, product.B) ? product.A : Power(id, 2);

    /// <summary>What was reduced, and along which axes.</summary>
    public (int Of, EquatableArray<int> Axes)? Reduced(int id, string kind) => Producer(Bare(id)) switch
    {
        { Operator: ReduceMean mean } node when kind == "Mean" && IsReal(node.Inputs[0]) => (node.Inputs[0], mean.Axes),
        { Operator: Reduce reduce } node when kind == reduce.Kind && IsReal(node.Inputs[0]) => (node.Inputs[0], reduce.Axes),
        _ => null,
    };

    /// <summary>What a mean is of, also one written as a sum divided by the number of elements.</summary>
    public (int Of, EquatableArray<int> Axes)? Mean(int id)
    {
        if (Reduced(id, "Mean") is { } mean) return mean;
        id = Bare(id);
        (int Value, float Number)? scaled = WithNumber(Pair(id, BinaryKind.Multiply))
            ?? (Pair(id, BinaryKind.Divide) is { } q && Number(q.B) is { } divisor ? (q.A, 1 / divisor) : null);
        if (scaled is not { } part || Reduced(part.Value, "Sum") is not { } sum) return null;
        double count = sum.Axes.Aggregate(1.0, (product, a) => product * this[sum.Of].Shape[a]);
        return Math.Abs((part.Number * count) - 1) < 1e-6 ? sum : null;
    }

    /// <summary>True when a value has one element for every row along the axes of a tensor, and meets that row where the two are joined.</summary>
    public bool Fits(int id, Shape shape, EquatableArray<int> axes)
    {
        Shape own = this[Plain(Unexpanded(id))].Shape;
        return own.Rank <= shape.Rank && axes.All(a => a < shape.Rank)
            && Enumerable.Repeat(1, shape.Rank - own.Rank).Concat(own).SequenceEqual(shape.Select((d, i) => axes.Contains(i) ? 1 : d));
    }

    /// <summary>Without the repetition along axes that broadcasting does anyway.</summary>
    public int Unexpanded(int id)
    {
        while (Producer(id) is { Operator: Strided strided } node && strided == Strided.Expand(this[node.Inputs[0]].Shape, this[Plain(id)].Shape))
            id = node.Inputs[0];
        return id;
    }

    /// <summary>The one axis along which a reduction does something.</summary>
    public int? OneAxis(Shape shape, EquatableArray<int> axes)
    {
        int[] wide = [.. axes.Where(a => shape[a] != 1)];
        return wide.Length == 1 ? wide[0] : axes.Count == 1 ? axes[0] : null;
    }

    /// <summary>
    /// Replaces the last node of what was found by an operator on float32, with conversions around it where the value is float16,
    /// and by what is left to do afterwards.
    /// </summary>
    /// <param name="editor">Where.</param>
    /// <param name="last">The node whose output the operator, or what is left, computes.</param>
    /// <param name="op">The operator.</param>
    /// <param name="input">Its first input, float32 or float16.</param>
    /// <param name="constants">Its other inputs, of float32; −1 for none.</param>
    /// <param name="rest">Operators with a constant operand of float32 that follow, in order.</param>
    public void Replace(GraphEditor editor, Node last, Operator op, int input, int[] constants, params IReadOnlyList<(BinaryKind Kind, int Constant)> rest)
    {
        var nodes = new List<Node>();
        int x = To(input, ElementType.Float32);
        Shape shape = this[input].Shape;
        x = Add(op, [x, .. constants], shape);
        foreach ((BinaryKind kind, int constant) in rest) x = Add(new Binary(kind, ActivationRange.None), [x, constant], shape);
        _ = To(x, this[last.Outputs[0]].Type);
        nodes[^1] = nodes[^1] with { Outputs = last.Outputs };
        editor.Replace(last, [.. nodes]);

        int To(int id, ElementType type) => editor[id].Type == type ? id
            : Add(new Elementwise("Convert", ElementKind.Number, type), [id], editor[id].Shape, type);

        int Add(Operator next, int[] inputs, Shape size, ElementType type = ElementType.Float32)
        {
            int id = editor.AddValue(last.Name, new TensorType(type, size)).Id;
            nodes.Add(new Node(last.Name, last.Origin, next, [.. inputs], [id]));
            return id;
        }
    }
}
