using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>How functions of elements and of pairs of elements read from TFLite.</summary>
internal static class TfLiteElementwiseBindings
{
    [TfLiteOperator(TfLiteBuiltinOperator.Sin, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void SinFromTfLite(TfLiteNode node) => Function(node, "Sin", ElementKind.Float);

    [TfLiteOperator(TfLiteBuiltinOperator.Cos, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void CosFromTfLite(TfLiteNode node) => Function(node, "Cos", ElementKind.Float);

    [TfLiteOperator(TfLiteBuiltinOperator.Floor, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void FloorFromTfLite(TfLiteNode node) => Function(node, "Floor", ElementKind.Float);

    [TfLiteOperator(TfLiteBuiltinOperator.Ceil, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void CeilFromTfLite(TfLiteNode node) => Function(node, "Ceiling", ElementKind.Float);

    [TfLiteOperator(TfLiteBuiltinOperator.Round, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void RoundFromTfLite(TfLiteNode node) => Function(node, "Round", ElementKind.Float);

    [TfLiteOperator(TfLiteBuiltinOperator.Sign, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void SignFromTfLite(TfLiteNode node) => Function(node, "Sign", ElementKind.Number);

    // TFLite: the option is approximate.
    [TfLiteOperator(TfLiteBuiltinOperator.Gelu, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void GeluFromTfLite(TfLiteNode node) => Function(node, node.Options.Bool(0) ? "GeluTanh" : "Gelu", ElementKind.Float);

    [TfLiteOperator(TfLiteBuiltinOperator.Relu0To1, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void Relu0To1FromTfLite(TfLiteNode node) => node.Emit(Unary.Clamp(new ActivationRange(0, 1)), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.LogicalNot, Integers = IntegerSupport.Any)]
    internal static void NotFromTfLite(TfLiteNode node) => node.Emit(new Elementwise("Not", ElementKind.Bool), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.LogicalAnd, Integers = IntegerSupport.Any)]
    internal static void AndFromTfLite(TfLiteNode node) => node.Emit(new Elementwise("And", ElementKind.Bool), node.Input(0), node.Input(1));

    [TfLiteOperator(TfLiteBuiltinOperator.LogicalOr, Integers = IntegerSupport.Any)]
    internal static void OrFromTfLite(TfLiteNode node) => node.Emit(new Elementwise("Or", ElementKind.Bool), node.Input(0), node.Input(1));

    // Quantised extremes have one scale; the integers are compared as they are.
    [TfLiteOperator(TfLiteBuiltinOperator.Minimum, Integers = IntegerSupport.Any)]
    internal static void MinimumFromTfLite(TfLiteNode node) => node.Emit(new Elementwise("Minimum", ElementKind.Number), node.Input(0), node.Input(1));

    [TfLiteOperator(TfLiteBuiltinOperator.Maximum, Integers = IntegerSupport.Any)]
    internal static void MaximumFromTfLite(TfLiteNode node) => node.Emit(new Elementwise("Maximum", ElementKind.Number), node.Input(0), node.Input(1));

    [TfLiteOperator(TfLiteBuiltinOperator.Equal, Integers = IntegerSupport.Any)]
    internal static void EqualFromTfLite(TfLiteNode node) => node.Bind(0, Compare(node, "Equal", 0, 1));

    [TfLiteOperator(TfLiteBuiltinOperator.NotEqual, Integers = IntegerSupport.Any)]
    internal static void NotEqualFromTfLite(TfLiteNode node) => node.Emit(new Elementwise("Not", ElementKind.Bool), Compare(node, "Equal", 0, 1).Id);

    [TfLiteOperator(TfLiteBuiltinOperator.Less, Integers = IntegerSupport.Any)]
    internal static void LessFromTfLite(TfLiteNode node) => node.Bind(0, Compare(node, "Less", 0, 1));

    [TfLiteOperator(TfLiteBuiltinOperator.LessEqual, Integers = IntegerSupport.Any)]
    internal static void LessEqualFromTfLite(TfLiteNode node) => node.Bind(0, Compare(node, "LessOrEqual", 0, 1));

    [TfLiteOperator(TfLiteBuiltinOperator.Greater, Integers = IntegerSupport.Any)]
    internal static void GreaterFromTfLite(TfLiteNode node) => node.Bind(0, Compare(node, "Greater", 0, 1));

    [TfLiteOperator(TfLiteBuiltinOperator.GreaterEqual, Integers = IntegerSupport.Any)]
    internal static void GreaterEqualFromTfLite(TfLiteNode node) => node.Bind(0, Compare(node, "GreaterOrEqual", 0, 1));

    [TfLiteOperator(TfLiteBuiltinOperator.SquaredDifference, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void SquaredDifferenceFromTfLite(TfLiteNode node) => node.EmitReal(x =>
    {
        Value difference = Pair(node, "Subtract", x[0], x[1]);
        return Pair(node, "Multiply", difference.Id, difference.Id);
    });

    [TfLiteOperator(TfLiteBuiltinOperator.Square, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void SquareFromTfLite(TfLiteNode node) => node.EmitReal(x => Pair(node, "Multiply", x[0], x[0]));

    [TfLiteOperator(TfLiteBuiltinOperator.Rsqrt, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void ReciprocalRootFromTfLite(TfLiteNode node) =>
        node.EmitReal(x => node.Add("reciprocal", new Unary(UnaryKind.Reciprocal), node.Add("root", new Unary(UnaryKind.Sqrt), x[0]).Id));

    [TfLiteOperator(TfLiteBuiltinOperator.Pow, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void PowerFromTfLite(TfLiteNode node) => node.EmitReal(x => node.Add("power", new Elementwise("Power", ElementKind.Number), x[0], x[1]));

    [TfLiteOperator(TfLiteBuiltinOperator.Prelu, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void PreluFromTfLite(TfLiteNode node) => node.EmitReal(x => node.Add("prelu", new Elementwise("Prelu", ElementKind.Float), x[0], x[1]));

    // The quotient rounded down; of integers by way of the remainder that has the divisor's sign.
    [TfLiteOperator(TfLiteBuiltinOperator.FloorDiv, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void FloorDivFromTfLite(TfLiteNode node) => node.EmitReal(x =>
    {
        if (!node.Graph[x[0]].Type.IsInteger()) return node.Add("floor", new Elementwise("Floor", ElementKind.Float), Pair(node, "Divide", x[0], x[1]).Id);
        return Pair(node, "Divide", Pair(node, "Subtract", x[0], Pair(node, "Modulo", x[0], x[1]).Id).Id, x[1]);
    });

    [TfLiteOperator(TfLiteBuiltinOperator.FloorMod, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void FloorModFromTfLite(TfLiteNode node) => node.EmitReal(x => Pair(node, "Modulo", x[0], x[1]));

    [TfLiteOperator(TfLiteBuiltinOperator.AddN, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void AddManyFromTfLite(TfLiteNode node) =>
        node.EmitReal(x => x.Skip(1).Aggregate(node.Graph[x[0]], (sum, next) => Pair(node, "Add", sum.Id, next)));

    [TfLiteOperator(TfLiteBuiltinOperator.Select, Integers = IntegerSupport.Any)]
    [TfLiteOperator(TfLiteBuiltinOperator.SelectV2, Integers = IntegerSupport.Any)]
    internal static void SelectFromTfLite(TfLiteNode node) => node.Emit(new Where(), node.Input(0), node.Input(1), node.Input(2));

    // The integers themselves, whatever they stand for.
    [TfLiteOperator(TfLiteBuiltinOperator.Cast, Integers = IntegerSupport.Any)]
    internal static void CastFromTfLite(TfLiteNode node) =>
        node.Bind(0, node.Named(0, Convert(node.Value(0).Type, node.Output(0).Type, node.Value(0).Shape), node.Input(0)));

    /// <summary>The operator that converts elements.</summary>
    public static Operator Convert(ElementType from, ElementType to, Shape shape) =>
        from == to ? new Reshape(shape)
        : to == ElementType.Bool ? new Elementwise("ToBool", ElementKind.Number, to)
        : from == ElementType.Bool ? new Elementwise("FromBool", ElementKind.Bool, to)
        : new Elementwise("Convert", ElementKind.Number, to);

    /// <summary>A function of two values, in float by the kernels that layers use.</summary>
    public static Value Pair(TfLiteNode node, string function, int a, int b)
    {
        Operator op = node.Graph[a].Type == ElementType.Float32 && Enum.TryParse(function, out BinaryKind kind) ? new Binary(kind, ActivationRange.None)
            : new Elementwise(function, ElementKind.Number);
        return node.Add(function.ToLowerInvariant(), op, a, b);
    }

    private static void Function(TfLiteNode node, string function, ElementKind kind) =>
        node.EmitReal(x => node.Add(function.ToLowerInvariant(), new Elementwise(function, kind), x[0]));

    // Integers of one scale are compared as they are, others as the real numbers they stand for.
    private static Value Compare(TfLiteNode node, string function, int first, int second)
    {
        (Value a, Value b) = (node.Value(first), node.Value(second));
        if (a.IsAffine && b.IsAffine && a.Quantization != b.Quantization) (a, b) = (node.Real(a), node.Real(b));
        ElementKind kind = function == "Equal" ? ElementKind.Any : ElementKind.Number;
        return node.Named(0, new Elementwise(function, kind, ElementType.Bool), a.Id, b.Id);
    }
}
