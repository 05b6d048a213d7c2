using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// A copy of the first input with the third written, or combined, at the indices of the second: indices along one axis for every element,
/// or tuples of indices for slices.
/// </summary>
/// <param name="Axis">The axis, counted from the front; −1 for tuples.</param>
/// <param name="Combination">What becomes of an element that is there: Replace, Add, Multiply, Maximum or Minimum.</param>
internal sealed record Scatter(int Axis, string Combination) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value input, Value indices, Value updates) = (context[0], context[1], context[2]);
        InferenceContext.Require(indices.Type is ElementType.Int32 or ElementType.Int64 && input.Type == updates.Type,
            $"Indices are of type {indices.Type}, updates of type {updates.Type}.");
        bool fits = Axis >= 0
            ? indices.Shape == updates.Shape && indices.Shape.Rank == input.Shape.Rank && Enumerable.Range(0, input.Shape.Rank)
            .All(a => a == Axis || indices.Shape[a] <= input.Shape[a])
            : indices.Shape.Rank > 0 && indices.Shape[-1] <= input.Shape.Rank
            && updates.Shape == new Shape([.. indices.Shape.Take(indices.Shape.Rank - 1), .. input.Shape.Skip(indices.Shape[-1])]);
        InferenceContext.Require(fits, $"Indices of shape {indices.Shape} and updates of shape {updates.Shape} do not belong to a tensor of shape "
            + $"{input.Shape}.");
        return [new TensorType(input.Type, input.Shape)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Value input, Value indices) = (context.Input(0), context.Input(1));
        string[] types = [input.Type.Name(), indices.Type.Name(), $"{Combination}Function<{input.Type.Name()}>"];
        if (Axis >= 0)
        {
            return new LibraryCall("Indexing.ScatterElements", types).In(0, 1, 2).Out(0)
                .Table("Sizes", indices.Shape).Table("Steps", Transpose.Strides(input.Shape))
                .Number(input.Shape.Rank, Axis, input.Shape[Axis], indices.Shape.Elements, input.Shape.Elements);
        }

        int length = indices.Shape[-1];
        return new LibraryCall("Indexing.ScatterTuples", types).In(0, 1, 2).Out(0)
            .Table("Sizes", input.Shape.Take(length)).Table("Steps", Transpose.Strides(input.Shape).Take(length))
            .Number(length, indices.Shape.ElementsBetween(0, indices.Shape.Rank - 1), input.Shape.ElementsBetween(length, input.Shape.Rank),
                input.Shape.Elements);
    }

    [OnnxOperator("Scatter")]
    [OnnxOperator("ScatterElements")]
    internal static void ElementsFromOnnx(OnnxNode node) => Emit(node, node.Axis(node.Int("axis", 0), node.Value(0).Shape.Rank));

    [OnnxOperator("ScatterND")]
    internal static void TuplesFromOnnx(OnnxNode node) => Emit(node, -1);

    private static void Emit(OnnxNode node, int axis)
    {
        string combination = node.Text("reduction", "none")
            switch { "none" => "Replace", "add" => "Add", "mul" => "Multiply", "max" => "Maximum", "min" => "Minimum",
                var other => throw node.Unsupported($"Reduction '{other}' is not supported.", "Use none, add, mul, max or min.") };
        if (combination != "Replace" && node.Value(0).Type == ElementType.Bool)
            throw node.Unsupported("Booleans cannot be combined.", "Convert them to numbers.");
        node.Emit(new Scatter(axis, combination), node.Input(0), node.Input(1), node.Input(2));
    }
}
