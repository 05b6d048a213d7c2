using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Images [N, C, ..] at the places that a grid [N, .., axes] gives.</summary>
/// <param name="Mode">0 nearest, 1 linear, 2 cubic.</param>
/// <param name="Padding">0 zeros, 1 border, 2 reflection.</param>
/// <param name="Corners">True when −1 and 1 are the centres of the corner pixels, false for their edges.</param>
internal sealed record GridSample(int Mode, int Padding, bool Corners) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value x, Value grid) = (context[0], context[1]);
        InferenceContext.Require(x.Shape.Rank > 2 && grid.Shape.Rank == x.Shape.Rank && grid.Shape[0] == x.Shape[0] && grid.Shape[-1] == x.Shape.Rank - 2,
            $"A grid of shape {grid.Shape} does not belong to images of shape {x.Shape}.");
        InferenceContext.Require(x.Type == grid.Type && x.Type is ElementType.Float32 or ElementType.Float64,
            $"{x.Type} cannot be sampled by a grid of {grid.Type}.");
        return [new TensorType(x.Type, new Shape([x.Shape[0], x.Shape[1], .. grid.Shape.Skip(1).Take(grid.Shape.Rank - 2)]))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Shape x, Shape grid) = (context.Input(0).Shape, context.Input(1).Shape);
        return new LibraryCall("Sampling.Grid", context.Input(0).Type.Name()).In(0, 1).Out(0).Table("Sizes", x.Skip(2))
            .Number(x.Rank - 2, x[0], x[1], grid.ElementsBetween(1, grid.Rank - 1), Mode, Padding, Corners)
            .Costs((long)context.Output(0).Shape.Elements << (2 * Math.Min(x.Rank - 2, 8)));
    }

    [OnnxOperator("GridSample")]
    internal static void FromOnnx(OnnxNode node)
    {
        Value x = node.Widen(node.Value(0));
        int mode = node.Text("mode", "linear") switch { "nearest" => 0, "linear" or "bilinear" => 1, "cubic" or "bicubic" => 2,
            var m => throw node.Unsupported($"Mode '{m}' is not supported.", "Use nearest, linear or cubic.") };
        int padding = node.Text("padding_mode", "zeros") switch { "zeros" => 0, "border" => 1, "reflection" => 2,
            var p => throw node.Unsupported($"Padding '{p}' is not supported.", "Use zeros, border or reflection.") };
        Value y = node.Add("sample", new GridSample(mode, padding, node.Int("align_corners", 0) != 0), x.Id, node.Narrow(node.Value(1), x.Type).Id);
        node.Bind(0, node.Narrow(y, node.Value(0).Type));
    }

    // The grid of an affine map: base places times a matrix [N, axes, axes + 1].
    [OnnxOperator("AffineGrid")]
    internal static void AffineFromOnnx(OnnxNode node)
    {
        Value theta = node.Widen(node.Value(0));
        int[] size = node.ConstantInput(1, "size").ToInt32s();
        int axes = size.Length - 2;
        if (axes is not (2 or 3) || theta.Shape != new Shape(size[0], axes, axes + 1))
            throw node.Malformed($"A matrix of shape {theta.Shape} does not belong to such a grid.");
        bool corners = node.Int("align_corners", 0) != 0;
        int places = new Shape(size.Skip(2)).Elements;
        var data = new TensorData(theta.Type, new Shape(places, axes + 1));
        for (int p = 0; p < places; p++)
        {
            for (int a = axes - 1, rest = p; a >= 0; rest /= size[a + 2], a--)
            {
                int n = size[a + 2];
                double at = corners ? (n > 1 ? (2.0 * (rest % n) / (n - 1)) - 1 : 0) : (((2.0 * (rest % n)) + 1) / n) - 1;
                data.Set((p * (axes + 1)) + (axes - 1 - a), at);
            }

            data.Set((p * (axes + 1)) + axes, 1);
        }

        Value bases = node.Graph.AddConstant($"{node.Name}/base", data);
        Value grid = MatMul.Emit(node, bases, node.Add("theta", new Transpose(0, 2, 1), theta.Id));
        node.Bind(0, node.Narrow(node.Add("grid", new Reshape(new Shape([size[0], .. size.Skip(2), axes])), grid.Id), node.Value(0).Type));
    }
}
