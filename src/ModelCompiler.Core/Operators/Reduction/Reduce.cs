using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>One number from the elements along some axes, in row-major order.</summary>
/// <param name="Kind">What to compute.</param>
/// <param name="Axes">The axes, ascending.</param>
/// <param name="KeepDimensions">True to keep the axes with one element.</param>
internal sealed record Reduce(string Kind, EquatableArray<int> Axes, bool KeepDimensions) : Operator
{
    /// <inheritdoc/>
    public override bool IsChannelwise(int rank) => !Axes.Contains(rank - 1);

    /// <inheritdoc/>
    public override string Name => "Reduce" + Kind;

    /// <inheritdoc/>
    public override bool NeedsRelativePrecision(int input) => Kind == "LogSum";

    /// <inheritdoc/>
    public override Operator? InLayout(IReadOnlyList<int> order) =>
        KeepDimensions ? this with { Axes = Axes.Select(a => order[a]).Order().ToEquatableArray() } : null;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        if (input.Type == ElementType.Bool && Kind is not ("Largest" or "Smallest"))
            throw new ModelCompilationException("MC2003", $"'{input.Name}' is of booleans, of which there is no {Kind}.", "Convert it to numbers.");
        IEnumerable<int> kept = KeepDimensions ? input.Shape.Select((d, i) => Axes.Contains(i) ? 1 : d) : input.Shape.Where((_, i) => !Axes.Contains(i));
        return [new TensorType(input.Type, new Shape(kept))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Value input, Value output) = (context.Input(0), context.Output(0));
        int[] strides = Transpose.Strides(input.Shape);
        int[] kept = [.. Enumerable.Range(0, input.Shape.Rank).Where(a => !Axes.Contains(a) && input.Shape[a] != 1)];
        int[] gone = [.. Axes.Where(a => input.Shape[a] != 1)];
        string name = input.Type.Name();
        (string reduction, string state) = (input.Type, Kind) switch
        {
            (ElementType.Bool, "Largest") => ("AnyReduction", name),
            (ElementType.Bool, _) => ("AllReduction", name),
            (_, "Largest" or "Smallest") => ($"{Kind}Reduction<{name}>", name),
            (_, "LogSumExp") => ($"LogSumExpReduction<{name}>", "LogSumExpState"),
            _ => ($"{Kind}Reduction<{name},{Sum(input.Type)}>", Sum(input.Type)),
        };
        return new LibraryCall("Reduction.Reduce", reduction, name, state).In(0).Out(0)
            .Table("Sizes", kept.Select(a => input.Shape[a])).Table("Steps", kept.Select(a => strides[a]))
            .Table("Sizes", gone.Select(a => input.Shape[a]).DefaultIfEmpty(1)).Table("Steps", gone.Select(a => strides[a]).DefaultIfEmpty(1))
            .Number(kept.Length, Math.Max(gone.Length, 1), output.Shape.Elements, Axes.Aggregate(1, (product, a) => product * input.Shape[a]));
    }

    // Small integers wrap around at the end, as if they did at every step.
    private static string Sum(ElementType type) => type is ElementType.UInt8 or ElementType.UInt16 or ElementType.Int8 or ElementType.Int16 ? "long"
        : type.SumName();

    [OnnxOperator("ReduceSum")]
    internal static void SumFromOnnx(OnnxNode node) => FromOnnx(node, "Sum");

    [OnnxOperator("ReduceProd")]
    internal static void ProductFromOnnx(OnnxNode node) => FromOnnx(node, "Product");

    [OnnxOperator("ReduceMax")]
    internal static void LargestFromOnnx(OnnxNode node) => FromOnnx(node, "Largest");

    [OnnxOperator("ReduceMin")]
    internal static void SmallestFromOnnx(OnnxNode node) => FromOnnx(node, "Smallest");

    [OnnxOperator("ReduceL1")]
    internal static void L1FromOnnx(OnnxNode node) => FromOnnx(node, "L1");

    [OnnxOperator("ReduceL2")]
    internal static void L2FromOnnx(OnnxNode node) => FromOnnx(node, "L2");

    [OnnxOperator("ReduceSumSquare")]
    internal static void SumSquareFromOnnx(OnnxNode node) => FromOnnx(node, "SumSquare");

    [OnnxOperator("ReduceLogSum")]
    internal static void LogSumFromOnnx(OnnxNode node) => FromOnnx(node, "LogSum");

    [OnnxOperator("ReduceLogSumExp")]
    internal static void LogSumExpFromOnnx(OnnxNode node) => FromOnnx(node, "LogSumExp");

    [OnnxOperator("ReduceMean")]
    internal static void MeanFromOnnx(OnnxNode node) => FromOnnx(node, "Mean");

    // ONNX: axes are an attribute before opset 18 (ReduceSum: 13) and an optional input since; without them, all axes or (if the model says so) none.
    private static void FromOnnx(OnnxNode node, string kind)
    {
        Value input = node.Value(0);
        int rank = input.Shape.Rank;
        int[] axes = node.Ints("axes") ?? node.OptionalConstant(1, "list of axes")?.ToInt32s() ?? [];
        bool keep = node.Int("keepdims", 1) != 0;
        if (axes.Length == 0 && node.Int("noop_with_empty_axes", 0) != 0)
        {
            node.Emit(new Reduce(kind, default, keep), input.Id);
            return;
        }

        if (axes.Length == 0) axes = [.. Enumerable.Range(0, rank)];
        var resolved = axes.Select(a => node.Axis(a, rank)).Distinct().Order().ToEquatableArray();
        bool common = kind == "Mean" && (input.Type == ElementType.Float32 || input.IsQuantized) && input.Shape.Elements > 0;
        node.Emit(common ? new ReduceMean(resolved, keep) : new Reduce(kind, resolved, keep), input.Id);
    }
}
