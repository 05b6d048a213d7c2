using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// A convolution in the order that ONNX files have: channels before the spatial axes, of which there may be any number, weights that may be computed, and
/// integers with the zero points of a file. <see cref="Conv"/> is the one with kernels: images, channels last, constant weights.
/// Inputs: x [N, groups × C, ..], weights [M, C, ..], optional bias [M], and for integers, which are summed in int32, optional zero points of x and of the
/// weights.
/// </summary>
/// <param name="Window">How the window moves.</param>
/// <param name="Groups">Number of groups.</param>
internal sealed record ConvChannelsFirst(Window Window, int Groups) : Operator
{
    /// <summary>Weights and bias, not the activations.</summary>
    public override bool TakesAnyScales(int input) => input > 0;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value x, Value w) = (context[0], context[1]);
        InferenceContext.Require(Groups > 0 && x.Shape.Rank == w.Shape.Rank && x.Shape[1] == w.Shape[1] * Groups && w.Shape[0] % Groups == 0,
            $"Weights of shape {w.Shape} in {Groups} groups do not belong to an image of shape {x.Shape}.");
        InferenceContext.Require(x.Type != ElementType.Bool && w.Type != ElementType.Bool && x.Type != ElementType.Float16,
            $"There is no convolution of {x.Type}.");
        InferenceContext.Require(context.Optional(2) is not { } bias || bias.Shape.Elements == w.Shape[0], "The bias does not have one entry per output.");
        return [new TensorType(x.Type.IsInteger() ? ElementType.Int32 : x.Type, new Shape([x.Shape[0], w.Shape[0], .. Window.Output]))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Value x, Value w) = (context.Input(0), context.Input(1));
        LibraryCall call = new LibraryCall("Convolution.Direct", x.Type.Name(), w.Type.Name(), context.Output(0).Type.Name())
            .In(0, 1).InOrNull(context, 2).InOrNull(context, 3).InOrNull(context, 4).Out(0);
        return Window.Describe(call, x.Shape).Number(Window.Axes, x.Shape[0], Groups, w.Shape[1], w.Shape[0] / Groups,
            context.HasInput(4) ? context.Input(4).Shape.Elements : 1)
            .Costs((long)context.Output(0).Shape.Elements * w.Shape.ElementsBetween(1, w.Shape.Rank));
    }

    /// <summary>The convolution that a node's attributes describe.</summary>
    internal static Value Emit(OnnxNode node, Value x, Value w, int bias = -1, int zeroX = -1, int zeroW = -1)
    {
        if (w.Shape.Rank < 3) throw node.Malformed($"Weights of shape {w.Shape} do not belong to images or sequences.");
        var conv = new ConvChannelsFirst(Window.FromOnnx(node, x.Shape, [.. w.Shape.Skip(2)]), node.Int("group", 1));
        return node.Add("conv", conv, x.Id, w.Id, bias, zeroX, zeroW);
    }

    /// <summary>Reads a float convolution for which there is no kernel of its own.</summary>
    internal static void FromOnnx(OnnxNode node)
    {
        Value x = node.Widen(node.Value(0));
        int bias = node.HasInput(2) ? node.Widen(node.Value(2)).Id : -1;
        node.Bind(0, node.Narrow(Emit(node, x, node.Widen(node.Value(1)), bias), node.Value(0).Type));
    }

    [OnnxOperator("ConvInteger", Integers = IntegerSupport.Yes)]
    internal static void IntegerFromOnnx(OnnxNode node) => node.Bind(0, Emit(node, node.Value(0), node.Value(1), -1, node.Input(2), node.Input(3)));

    // A depthwise convolution of a sequence over what came before, which is an input and an output.
    [OnnxOperator("CausalConvWithState")]
    internal static void CausalFromOnnx(OnnxNode node)
    {
        ElementType type = node.Value(0).Type;
        Value x = node.Widen(node.Value(0));
        Value w = node.Widen(node.Value(1));
        int past = w.Shape[2] - 1;
        if (past > 0)
        {
            Value before = node.HasInput(3) ? node.Widen(node.Value(3))
                : node.Graph.AddConstant($"{node.Name}/past", new TensorData(x.Type, x.Shape.With(2, past)));
            x = node.Call("Concat", [before, x], ("axis", 2));
        }

        Value result = node.Call("Conv", [x, w, node.HasInput(2) ? node.Widen(node.Value(2)) : null], ("group", x.Shape[1]));
        if (node.Text("activation", "none") is "silu" or "swish") result = node.Call("Mul", [result, node.Call("Sigmoid", [result])]);
        node.Bind(0, node.Narrow(result, type));
        node.Bind(1, node.Narrow(MovementBindings.Part(node, $"{node.Name}/state", x, 2, x.Shape[2] - past, past), type));
    }
}
