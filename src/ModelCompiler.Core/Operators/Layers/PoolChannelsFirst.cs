using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// A pool in the order that ONNX files have: channels before the spatial axes, of which there may be any number. Largest elements (with their indices when
/// there is a second output), means, or p-norms. <see cref="Pool"/> is the one with kernels: images, channels last.
/// </summary>
/// <param name="Kind">Max, Average or Norm.</param>
/// <param name="Window">How the window moves.</param>
/// <param name="Option">Max: 1 for indices that count column by column. Average: 1 to include padding. Norm: p.</param>
/// <param name="Indices">True for a second output.</param>
internal sealed record PoolChannelsFirst(string Kind, Window Window, int Option, bool Indices = false) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value x = context[0];
        InferenceContext.Require(x.Type != ElementType.Bool, "There is no pool of booleans.");
        var shape = new Shape([x.Shape[0], x.Shape[1], .. Window.Output]);
        return Indices ? [new TensorType(x.Type, shape), new TensorType(ElementType.Int64, shape)] : [new TensorType(x.Type, shape)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Value x = context.Input(0);
        LibraryCall call = new LibraryCall($"Pooling.{Kind}", x.Type.Name()).In(0).Out(0);
        if (Kind == "Max") call = Indices ? call.Out(1) : call.Null();
        call = Window.Describe(call, x.Shape);
        if (Kind == "Average") call = call.Table("Pads", Window.After);
        return call.Number(Window.Axes, x.Shape[0] * x.Shape[1], Kind == "Norm" ? Option : Option != 0)
            .Costs((long)context.Output(0).Shape.Elements * Window.Kernel.Aggregate(1L, (product, k) => product * k));
    }

    [OnnxOperator("LpPool")]
    internal static void NormFromOnnx(OnnxNode node) => Emit(node, "Norm", node.Int("p", 2));

    [OnnxOperator("GlobalLpPool")]
    internal static void GlobalNormFromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        int[] kernel = [.. x.Shape.Skip(2)];
        node.Emit(new PoolChannelsFirst("Norm", Window.FromOnnx(node, x.Shape, kernel), node.Int("p", 2)), x.Id);
    }

    /// <summary>Reads a pool for which there is no kernel of its own.</summary>
    internal static void Emit(OnnxNode node, string kind, int option, int[]? kernel = null)
    {
        bool indices = kind == "Max" && node.HasOutput(1);
        Value x = kind == "Max" ? node.Value(0) : node.Widen(node.Value(0));
        Window window = Window.FromOnnx(node, x.Shape, kernel ?? node.Ints("kernel_shape") ?? throw node.Malformed("Attribute 'kernel_shape' is missing."));
        IReadOnlyList<Value> results = node.AddMany("pool", new PoolChannelsFirst(kind, window, option, indices), x.Id);
        node.Bind(0, node.Narrow(results[0], node.Value(0).Type));
        if (indices) node.Bind(1, results[1]);
    }
}
