using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Operators.Reference;

namespace ModelCompiler.Benchmarks.Fit;

/// <summary>A convolution with the kernel of one family instead of the cheapest.</summary>
/// <param name="Layer">The convolution.</param>
/// <param name="Family">Number of the family among those that make an offer.</param>
/// <param name="Offers">Gets to see all offers.</param>
internal sealed record OfferedConv(Conv Layer, int Family, Action<IReadOnlyList<KernelOffer>> Offers) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context) => Layer.Infer(context);

    /// <inheritdoc/>
    public override bool TakesAnyScales(int input) => Layer.TakesAnyScales(input);

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context)
    {
        ConvGeometry geometry = ((ILinearLayer)Layer).Geometry(context.Input(0).Shape, context.Input(1).Shape, context.Output(0).Shape);
        return Implementation.Kernels(LinearLayer.Choose(context, geometry, Layer.Activation).Evaluate, lowering =>
        {
            KernelOffer[] offers = [.. LinearKernels.Offers(LinearLayer.Task(lowering, geometry, Layer.Activation))];
            Offers(offers);
            lowering.Emit(offers[Family]);
        });
    }
}
