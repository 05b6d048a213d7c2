using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;
using static ModelCompiler.Core.Operators.TfLiteElementwiseBindings;

namespace ModelCompiler.Core.Operators;

/// <summary>How reductions, norms and selections along axes read from TFLite.</summary>
internal static class TfLiteReductionBindings
{
    [TfLiteOperator(TfLiteBuiltinOperator.Sum, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void SumFromTfLite(TfLiteNode node) => node.EmitReal(x => Reduce(node, "Sum", x[0]), inputs: 1);

    [TfLiteOperator(TfLiteBuiltinOperator.ReduceProd, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void ProductFromTfLite(TfLiteNode node) => node.EmitReal(x => Reduce(node, "Product", x[0]), inputs: 1);

    // Extremes of integers are integers of the same scale.
    [TfLiteOperator(TfLiteBuiltinOperator.ReduceMax, Integers = IntegerSupport.Any)]
    internal static void LargestFromTfLite(TfLiteNode node) => Extreme(node, "Largest");

    [TfLiteOperator(TfLiteBuiltinOperator.ReduceMin, Integers = IntegerSupport.Any)]
    internal static void SmallestFromTfLite(TfLiteNode node) => Extreme(node, "Smallest");

    [TfLiteOperator(TfLiteBuiltinOperator.ReduceAny, Integers = IntegerSupport.Any)]
    internal static void AnyFromTfLite(TfLiteNode node) => node.Bind(0, Reduce(node, "Largest", node.Input(0)));

    [TfLiteOperator(TfLiteBuiltinOperator.ReduceAll, Integers = IntegerSupport.Any)]
    internal static void AllFromTfLite(TfLiteNode node) => node.Bind(0, Reduce(node, "Smallest", node.Input(0)));

    private static void Extreme(TfLiteNode node, string kind)
    {
        if (node.Value(0).Quantization == node.Output(0).Quantization) node.Emit(Reduction(node, kind, node.Value(0).Shape.Rank), node.Input(0));
        else node.EmitReal(x => Reduce(node, kind, x[0]), inputs: 1);
    }

    private static Value Reduce(TfLiteNode node, string kind, int x) => node.Add("reduced", Reduction(node, kind, node.Graph[x].Shape.Rank), x);

    // TFLite: the option is keep_dims.
    private static Reduce Reduction(TfLiteNode node, string kind, int rank) => new(kind, Axes(node, 1, rank), node.Options.Bool(0));

    private static EquatableArray<int> Axes(TfLiteNode node, int input, int rank)
    {
        int[] axes = [.. node.ConstantInput(input, "list of axes").ToInt32s().Select(a => a < 0 ? a + rank : a).Distinct().Order()];
        return axes.All(a => a >= 0 && a < rank) ? axes.ToEquatableArray()
            : throw node.Malformed($"A tensor of rank {rank} lacks one of the axes {string.Join(", ", axes)}.");
    }

    [TfLiteOperator(TfLiteBuiltinOperator.ArgMax, Integers = IntegerSupport.Any)]
    internal static void ArgMaxFromTfLite(TfLiteNode node) => ArgExtreme(node, true);

    [TfLiteOperator(TfLiteBuiltinOperator.ArgMin, Integers = IntegerSupport.Any)]
    internal static void ArgMinFromTfLite(TfLiteNode node) => ArgExtreme(node, false);

    private static void ArgExtreme(TfLiteNode node, bool largest)
    {
        Shape shape = node.Value(0).Shape;
        int axis = Axes(node, 1, shape.Rank) is { Count: 1 } one ? one[0] : throw node.Malformed("There is not one axis.");
        Value kept = node.Add("kept", new ArgExtreme(axis, largest, false, node.Output(0).Type), node.Input(0));
        node.Emit(new Reshape(new Shape(shape.Where((_, i) => i != axis))), kept.Id);
    }

    // TFLite: options are exclusive, reverse.
    [TfLiteOperator(TfLiteBuiltinOperator.Cumsum, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void RunningSumFromTfLite(TfLiteNode node) => node.EmitReal(
        x => node.Add("sum", new Running(Axes(node, 1, node.Graph[x[0]].Shape.Rank)[0], false, node.Options.Bool(0), node.Options.Bool(1)), x[0]), inputs: 1);

    // x − ln Σ eˣ over the last axis.
    [TfLiteOperator(TfLiteBuiltinOperator.LogSoftmax, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void LogSoftmaxFromTfLite(TfLiteNode node) => node.EmitReal(x =>
    {
        int last = node.Graph[x[0]].Shape.Rank - 1;
        return Pair(node, "Subtract", x[0], node.Add("sum", new Reduce("LogSumExp", EquatableArray.Of(last), true), x[0]).Id);
    });

    // x ÷ √(max(Σ x², 10⁻⁶)) over the last axis.
    [TfLiteOperator(TfLiteBuiltinOperator.L2Normalization, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void NormaliseFromTfLite(TfLiteNode node)
    {
        ActivationRange activation = node.Activation(0);
        node.EmitReal(x =>
        {
            int last = node.Graph[x[0]].Shape.Rank - 1;
            Value squares = node.Add("squares", new Reduce("SumSquare", EquatableArray.Of(last), true), x[0]);
            Value bounded = node.Add("bounded", Unary.Clamp(new ActivationRange(1e-6f, float.PositiveInfinity)), squares.Id);
            return node.Add("normalised", new Binary(BinaryKind.Divide, activation), x[0], node.Add("norm", new Unary(UnaryKind.Sqrt), bounded.Id).Id);
        });
    }

    // √ of the mean of squares. TFLite: options as of the other pools.
    [TfLiteOperator(TfLiteBuiltinOperator.L2Pool2D, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void L2PoolFromTfLite(TfLiteNode node) => node.EmitReal(x =>
    {
        Value squares = Pair(node, "Multiply", x[0], x[0]);
        Value root = node.Add("root", new Unary(UnaryKind.Sqrt),
            node.Add("mean", PoolBindings.FromOptions(node, PoolKind.Average, squares.Shape, ActivationRange.None), squares.Id).Id);
        return node.Activation(5).IsNone ? root : node.Add("activation", Unary.Clamp(node.Activation(5)), root.Id);
    });

    // TFLite: options are axis, batch_dims.
    [TfLiteOperator(TfLiteBuiltinOperator.Gather, Integers = IntegerSupport.Any)]
    internal static void GatherFromTfLite(TfLiteNode node)
    {
        Shape shape = node.Value(0).Shape;
        int axis = node.Options.Int32(0) is var a && a < 0 ? a + shape.Rank : a, batch = node.Options.Int32(1);
        if (axis < 0 || axis >= shape.Rank) throw node.Malformed($"A tensor of shape {shape} has no axis {axis}.");
        if (batch != 0) throw node.Unsupported("Indices of their own for every slice of a batch are not supported.", "Gather from every slice by itself.");
        node.Emit(new Gather(axis), node.Input(0), node.Input(1));
    }

    [TfLiteOperator(TfLiteBuiltinOperator.GatherNd, Integers = IntegerSupport.Any)]
    internal static void GatherTuplesFromTfLite(TfLiteNode node) => node.Emit(new GatherTuples(0), node.Input(0), node.Input(1));

    // TFLite: inputs are rows, table. Of a table of integers with a scale and a real output, the rows are dequantised.
    [TfLiteOperator(TfLiteBuiltinOperator.EmbeddingLookup, Integers = IntegerSupport.Any)]
    internal static void EmbeddingFromTfLite(TfLiteNode node)
    {
        int table = node.Input(1);
        if (node.Output(0).Type == ElementType.Float32 && node.Value(1).IsQuantized) table = node.Add("table", new Dequantize(), table).Id;
        node.Emit(new Gather(0), table, node.Input(0));
    }

    // TFLite: options are adj_x, adj_y.
    [TfLiteOperator(TfLiteBuiltinOperator.BatchMatMul, Integers = IntegerSupport.ByWayOfFloat)]
    internal static void ProductFromBatches(TfLiteNode node) =>
        node.EmitReal(x => node.Add("product", new MatMul(), Turned(node, x[0], node.Options.Bool(0)), Turned(node, x[1], node.Options.Bool(1))));

    private static int Turned(TfLiteNode node, int x, bool turn)
    {
        int rank = node.Graph[x].Shape.Rank;
        if (rank < 2) throw node.Malformed($"A tensor of shape {node.Graph[x].Shape} consists of no matrices.");
        return turn ? node.Add("turned", new Transpose([.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2]), x).Id : x;
    }
}
