using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>The same elements in another shape; costs nothing at run time.</summary>
/// <param name="Target">Shape of the output.</param>
internal sealed record Reshape(Shape Target) : Operator
{
    /// <inheritdoc/>
    public override bool TakesAnyScales(int input) => true;

    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => QuantizationRule.SameAsInput;

    /// <inheritdoc/>
    public override SignRule Signs(SignContext context) => SignRule.AllTogether;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        InferenceContext.Require(input.Shape.Elements == Target.Elements, $"A tensor of shape {input.Shape} cannot become one of shape {Target}.");
        return [new TensorType(input.Type, Target, input.Quantization is { IsPerTensor: false } q ? q with { Axis = MoveAxis(q.Axis, input.Shape) }
            : input.Quantization)];
    }

    // The axis of the output that has the slices of an axis of the input.
    private int MoveAxis(int axis, Shape from)
    {
        int before = from.ElementsBetween(0, axis);
        for (int i = 0; i < Target.Rank; i++)
        {
            if (Target[i] == from[axis] && Target.ElementsBetween(0, i) == before) return i;
        }

        throw new ModelCompilationException("MC2002", $"A reshape from {from} to {Target} breaks up axis {axis}, whose slices have scales of their own.",
            "Quantise this tensor with a single scale.");
    }

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context) => Implementation.Alias;

    // Sparse constants are dense as soon as they are read.
    [TfLiteOperator(TfLiteBuiltinOperator.Densify, Integers = IntegerSupport.Any)]
    internal static void DensifyFromTfLite(TfLiteNode node) => node.Emit(new Reshape(node.Value(0).Shape), node.Input(0));

    // ONNX: 0 keeps a dimension (unless allowzero), −1 stands for what is left. Before opset 5 the shape is an attribute.
    [OnnxOperator("Reshape")]
    internal static void FromOnnx(OnnxNode node)
    {
        Shape shape = node.Value(0).Shape;
        int[] target = node.Ints("shape") ?? node.ConstantInput(1, "shape").ToInt32s();
        bool zeroKeeps = node.Int("allowzero", 0) == 0;
        for (int i = 0; i < target.Length; i++)
        {
            if (target[i] == 0 && zeroKeeps)
                target[i] = i < shape.Rank ? shape[i] : throw node.Malformed($"Dimension {i} of the shape is kept, but the input has only {shape.Rank}.");
        }

        int open = Array.IndexOf(target, -1);
        if (target.Where((d, i) => d < 0 && i != open).Any()) throw node.Malformed("The shape has more than one open dimension.");
        if (open >= 0)
        {
            target[open] = 1;
            int known = new Shape(target).Elements;
            target[open] = known > 0 && shape.Elements % known == 0 ? shape.Elements / known
                : throw node.Malformed($"A tensor of shape {shape} does not divide into rows of {known} elements.");
        }

        node.Emit(new Reshape(new Shape(target)), node.Input(0));
    }

    [OnnxOperator("Flatten")]
    internal static void FlattenFromOnnx(OnnxNode node)
    {
        Shape shape = node.Value(0).Shape;
        int axis = node.Int("axis", 1);
        if (axis < 0) axis += shape.Rank;
        if (axis < 0 || axis > shape.Rank) throw node.Malformed($"A tensor of shape {shape} has no axis {axis}.");
        node.Emit(new Reshape(new Shape(shape.ElementsBetween(0, axis), shape.ElementsBetween(axis, shape.Rank))), node.Input(0));
    }

    [OnnxOperator("Squeeze")]
    internal static void SqueezeFromOnnx(OnnxNode node)
    {
        Shape shape = node.Value(0).Shape;
        int[]? given = node.Ints("axes") ?? node.OptionalConstant(1, "list of axes")?.ToInt32s();
        int[] axes = given is null ? [.. Enumerable.Range(0, shape.Rank).Where(i => shape[i] == 1)] : Axes(node, given, shape.Rank);
        if (axes.Any(a => shape[a] != 1)) throw node.Malformed($"An axis to remove from shape {shape} is not 1.");
        node.Emit(new Reshape(new Shape(shape.Where((_, i) => !axes.Contains(i)))), node.Input(0));
    }

    [OnnxOperator("Unsqueeze")]
    internal static void UnsqueezeFromOnnx(OnnxNode node)
    {
        int[] given = node.Ints("axes") ?? node.ConstantInput(1, "list of axes").ToInt32s();
        List<int> target = [.. node.Value(0).Shape];
        foreach (int axis in Axes(node, given, target.Count + given.Length)) target.Insert(axis, 1);
        node.Emit(new Reshape(new Shape(target)), node.Input(0));
    }

    [OnnxOperator("Identity")]
    internal static void IdentityFromOnnx(OnnxNode node)
    {
        if (node.IsSequence(0)) node.Bind(0, node.AnyInput(0));
        else node.Emit(new Reshape(node.Value(0).Shape), node.Input(0));
    }

    // Dropout does nothing after training; its mask, if anything uses it, is all true.
    [OnnxOperator("Dropout")]
    internal static void DropoutFromOnnx(OnnxNode node)
    {
        Shape shape = node.Value(0).Shape;
        bool training = node.OptionalConstant(2, "training mode") is { Count: 1 } mode && mode.Bytes[0] != 0;
        if (training && !(node.HasInput(1) && node.ConstantInput(1, "ratio").ToDouble(0) == 0))
            throw node.Unsupported("Dropout in training mode draws random numbers.", "Export the model for inference.");
        node.Emit(new Reshape(shape), node.Input(0));
        if (node.OutputCount < 2) return;
        var mask = new TensorData(ElementType.Bool, shape);
        mask.Bytes.AsSpan().Fill(1);
        node.Bind(1, node.Graph.AddConstant(node.OutputName(1), mask));
    }

    private static int[] Axes(OnnxNode node, int[] axes, int rank)
    {
        int[] result = [.. axes.Select(a => a < 0 ? a + rank : a).Order()];
        if (result.Any(a => a < 0 || a >= rank) || result.Distinct().Count() != result.Length)
            throw node.Malformed($"[{string.Join(", ", axes)}] are not axes of a tensor of rank {rank}.");
        return result;
    }
}
