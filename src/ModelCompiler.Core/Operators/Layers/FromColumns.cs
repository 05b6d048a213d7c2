using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Images from columns of patches, [N, C × taps, places] to [N, C, ..]; patches are summed where they overlap.</summary>
/// <param name="Image">Spatial sizes of the output.</param>
/// <param name="Window">The window over the output; its outputs are the places.</param>
internal sealed record FromColumns(EquatableArray<int> Image, Window Window) : Operator
{
    private int Taps => Window.Kernel.Aggregate(1, (product, k) => product * k);

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value x = context[0];
        InferenceContext.Require(x.Shape.Rank == 3 && x.Shape[1] % Taps == 0 && x.Shape[2] == Window.Output.Aggregate(1, (product, p) => product * p),
            $"Columns of shape {x.Shape} do not make such images.");
        return [new TensorType(x.Type, new Shape([x.Shape[0], x.Shape[1] / Taps, .. Image]))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Value x = context.Input(0);
        return new LibraryCall("Convolution.FromColumns", x.Type.Name()).In(0).Out(0)
            .Table("Sizes", Image).Table("Sizes", Window.Kernel).Table("Sizes", Window.Output).Table("Steps", Window.Strides).Table("Steps", Window.Dilations)
            .Table("Pads", Window.Before)
            .Number(Window.Axes, x.Shape[0] * (x.Shape[1] / Taps));
    }

    [OnnxOperator("Col2Im")]
    internal static void FromOnnx(OnnxNode node)
    {
        int[] image = node.ConstantInput(1, "image shape").ToInt32s();
        int[] block = node.ConstantInput(2, "block shape").ToInt32s();
        node.Emit(new FromColumns(image.ToEquatableArray(), Window.FromOnnx(node, new Shape([1, 1, .. image]), block)), node.Input(0));
    }
}
