using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// A layer whose outputs are sums of inputs times constant weights: what quantisation and compression change. Its inputs are activations,
/// weights (output channels first) and optional bias; float, or 8-bit activations and weights with a bias in int32 at scale input × weight.
/// </summary>
internal interface ILinearLayer : IFusesActivation
{
    /// <summary>The input that holds the weights.</summary>
    public const int Weights = 1;

    /// <summary>The input that holds the bias, where there is one.</summary>
    public const int Bias = 2;

    /// <summary>All sizes; a fully connected layer is a convolution of 1×1 images.</summary>
    ConvGeometry Geometry(Shape input, Shape weights, Shape output);
}
