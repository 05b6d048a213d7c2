using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Elements put back where a pool found them. Inputs: elements, their indices in the output.</summary>
/// <param name="Target">Shape that the indices count in.</param>
internal sealed record Unpool(Shape Target) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        InferenceContext.Require(context[0].Shape == context[1].Shape && context[1].Type == CodeGen.Plan.ElementType.Int64,
            "There is not one index per element.");
        return [new TensorType(context[0].Type, Target)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context) =>
        new LibraryCall("Pooling.Unpool", context.Input(0).Type.BySize()).In(0, 1).Out(0).Number(context.Input(0).Shape.Elements, Target.Elements);

    // Without an output shape, the image is as large as the window needs; with one, the result lies at its start.
    [OnnxOperator("MaxUnpool")]
    internal static void FromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        int axes = x.Shape.Rank - 2;
        int[] kernel = node.Ints("kernel_shape") ?? throw node.Malformed("Attribute 'kernel_shape' is missing.");
        int[] strides = node.Ints("strides") ?? Window.Ones(axes);
        int[] pads = node.Ints("pads") ?? new int[2 * axes];
        if (kernel.Length != axes || strides.Length != axes || pads.Length != 2 * axes)
            throw node.Malformed($"The window does not fit a tensor of shape {x.Shape}.");
        var natural = new Shape([x.Shape[0], x.Shape[1], .. Enumerable.Range(0, axes)
            .Select(a => ((x.Shape[a + 2] - 1) * strides[a]) - pads[a] - pads[a + axes] + kernel[a])]);
        Value result = node.Add("unpool", new Unpool(natural), x.Id, node.Input(1));
        if (node.HasInput(2) && new Shape(node.ConstantInput(2, "output shape").ToInt32s()) is var wanted && wanted != natural)
        {
            if (wanted.Rank != natural.Rank) throw node.Malformed($"The output shape {wanted} has another rank than the input.");
            result = node.Call("Pad", [result, node.Constant([.. Enumerable.Repeat(0L, wanted.Rank), .. wanted.Select((d, i) => (long)d - natural[i])])]);
        }

        node.Bind(0, result);
    }
}
