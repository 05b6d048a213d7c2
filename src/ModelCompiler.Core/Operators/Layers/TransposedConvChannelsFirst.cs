using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// A transposed convolution in the order that ONNX files have: channels before the spatial axes, of which there may be any number, and weights input first.
/// <see cref="TransposedConv"/> is TFLite's: images, channels last, also in integers. Inputs: x [N, groups × C, ..], weights [groups × C, M, ..],
/// optional bias [groups × M].
/// </summary>
/// <param name="Window">How the window moves over the output.</param>
/// <param name="Groups">Number of groups.</param>
internal sealed record TransposedConvChannelsFirst(Window Window, int Groups) : Operator
{
    /// <summary>Weights and bias, not the activations.</summary>
    public override bool TakesAnyScales(int input) => input > 0;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value x, Value w) = (context[0], context[1]);
        InferenceContext.Require(Groups > 0 && x.Shape[1] == w.Shape[0] && w.Shape[0] % Groups == 0,
            $"Weights of shape {w.Shape} in {Groups} groups do not belong to an image of shape {x.Shape}.");
        InferenceContext.Require(x.Type == w.Type && x.Type is ElementType.Float32 or ElementType.Float64, $"There is no transposed convolution of {x.Type}.");
        return [new TensorType(x.Type, new Shape([x.Shape[0], w.Shape[1] * Groups, .. Window.Output]))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Value x, Value w) = (context.Input(0), context.Input(1));
        LibraryCall call = new LibraryCall("Convolution.Transposed", x.Type.Name()).In(0, 1).InOrNull(context, 2).Out(0);
        return Window.Describe(call, x.Shape).Number(Window.Axes, x.Shape[0], Groups, w.Shape[0] / Groups, w.Shape[1])
            .Costs((long)x.Shape.Elements * w.Shape.ElementsBetween(1, w.Shape.Rank));
    }

    [OnnxOperator("ConvTranspose")]
    internal static void FromOnnx(OnnxNode node)
    {
        Value x = node.Widen(node.Value(0));
        Value w = node.Widen(node.Value(1));
        int bias = node.HasInput(2) ? node.Widen(node.Value(2)).Id : -1;
        var conv = new TransposedConvChannelsFirst(OutputWindow(node, x.Shape, [.. w.Shape.Skip(2)]), node.Int("group", 1));
        node.Bind(0, node.Narrow(node.Add("conv", conv, x.Id, w.Id, bias), node.Value(0).Type));
    }

    private static Window OutputWindow(OnnxNode node, Shape x, int[] kernel)
    {
        int axes = x.Rank - 2;
        int[] strides = node.Ints("strides") ?? Window.Ones(axes), dilations = node.Ints("dilations") ?? Window.Ones(axes),
            extra = node.Ints("output_padding") ?? new int[axes];
        int[] pads = node.Ints("pads") ?? new int[2 * axes];
        int[]? wanted = node.Ints("output_shape");
        string auto = node.Text("auto_pad", "NOTSET");
        if (kernel.Length != axes || strides.Length != axes || dilations.Length != axes || extra.Length != axes || pads.Length != 2 * axes
            || strides.Any(s => s < 1)) throw node.Malformed($"The window does not fit a tensor of shape {x}.");
        (int[] before, int[] output) = (new int[axes], new int[axes]);
        for (int a = 0; a < axes; a++)
        {
            int full = (strides[a] * (x[a + 2] - 1)) + extra[a] + ((kernel[a] - 1) * dilations[a]) + 1;
            if (wanted is null && auto is not ("SAME_UPPER" or "SAME_LOWER"))
            {
                (before[a], output[a]) = auto == "VALID" ? (0, full) : (pads[a], full - pads[a] - pads[a + axes]);
                continue;
            }

            output[a] = wanted is null ? x[a + 2] * strides[a] : wanted[a + wanted.Length - axes];
            int total = Math.Max(full - output[a], 0);
            before[a] = auto == "SAME_UPPER" ? total / 2 : total - (total / 2);
        }

        return new Window(kernel.ToEquatableArray(), output.ToEquatableArray(), strides.ToEquatableArray(), dilations.ToEquatableArray(),
            before.ToEquatableArray(), default);
    }
}
