using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Regions of images, averaged over a grid of bins. Inputs: images, regions [n, 4], the image of every region.</summary>
internal sealed record RoiAlign(int Rows, int Columns, int Ratio, float Scale, bool HalfPixel, bool Largest) : Operator
{
    // What the routine takes at most along one side of a bin.
    private const int MostSamples = 4096;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value x, Value regions) = (context[0], context[1]);
        InferenceContext.Require(x.Shape.Rank == 4 && regions.Shape.Rank == 2 && regions.Shape[1] == 4 && context[2].Shape.Elements == regions.Shape[0]
            && context[2].Type == ElementType.Int64, $"Regions of shape {regions.Shape} do not belong to images of shape {x.Shape}.");
        InferenceContext.Require(x.Type == regions.Type && x.Type is ElementType.Float32 or ElementType.Float64, $"There are no regions of {x.Type}.");
        if (Ratio > MostSamples)
            throw new ModelCompilationException("MC2002", $"A sampling ratio of {Ratio} is not supported.",
                $"Use one of at most {MostSamples}, or 0 to let it follow from the regions.");
        return [new TensorType(x.Type, new Shape(regions.Shape[0], x.Shape[1], Rows, Columns))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape x = context.Input(0).Shape;
        return new LibraryCall("Sampling.Regions", context.Input(0).Type.Name()).In(0, 1, 2).Out(0)
            .Number(x[0], x[1], x[2], x[3], context.Input(1).Shape[0], Rows, Columns, Ratio, Scale, HalfPixel, Largest)
            .Costs((long)context.Output(0).Shape.Elements * (Ratio > 0 ? (long)Ratio * Ratio : Math.Max(1, (long)x[2] * x[3] / ((long)Rows * Columns))));
    }

    [OnnxOperator("RoiAlign")]
    internal static void FromOnnx(OnnxNode node) => node.Emit(
        new RoiAlign(
            node.Int("output_height", 1), node.Int("output_width", 1), node.Int("sampling_ratio", 0), node.Float("spatial_scale", 1),
            node.Text("coordinate_transformation_mode", node.Opset < 16 ? "output_half_pixel" : "half_pixel") == "half_pixel",
            node.Text("mode", "avg") == "max"),
        node.Input(0), node.Input(1), node.Input(2));
}
