using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Operators.Reference;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Product of the last two axes as matrices, [.., M, K] times [.., K, N]; the axes before broadcast. Integers may have zero points (inputs 2 and 3: one,
/// or one per row or column), and then are summed in int32.
/// </summary>
/// <param name="Output">Type of the output, or null for that of the inputs.</param>
internal sealed record MatMul(ElementType? Output = null) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value a, Value b) = (context[0], context[1]);
        InferenceContext.Require(a.Shape.Rank >= 2 && b.Shape.Rank >= 2 && a.Shape[-1] == b.Shape[-2],
            $"Shapes {a.Shape} and {b.Shape} are not those of a matrix product.");
        InferenceContext.Require(a.Type != ElementType.Bool && (a.Type == b.Type || Output is not null), $"There is no product of {a.Type} and {b.Type}.");
        Shape? batch = Shape.Broadcast(Batch(a), Batch(b));
        InferenceContext.Require(batch is not null, $"Shapes {a.Shape} and {b.Shape} do not broadcast.");
        return [new TensorType(Output ?? a.Type, new Shape([.. batch!.Value, a.Shape[-2], b.Shape[-1]]))];
    }

    private static Shape Batch(Value x) => new(x.Shape.Take(x.Shape.Rank - 2));

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Value a, Value b, Value output) = (context.Input(0), context.Input(1), context.Output(0));
        Shape batch = Batch(output);
        Broadcasting loops = Broadcasting.Of(Batch(a), Batch(b), batch);
        string sum = a.Type == ElementType.Float32 ? "float" : (Output ?? a.Type).SumName();
        return new LibraryCall("MatrixProduct.Multiply", a.Type.Name(), b.Type.Name(), sum, output.Type.Name())
            .In(0, 1).InOrNull(context, 2).InOrNull(context, 3).Out(0)
            .Table("Sizes", loops.Sizes).Table("Steps", loops.StepsA).Table("Steps", loops.StepsB)
            .Number(loops.Sizes.Length, batch.Elements, a.Shape[-2], a.Shape[-1], b.Shape[-1], Zeros(2), Zeros(3))
            .Costs((long)output.Shape.Elements * a.Shape[-1]);

        int Zeros(int input) => context.HasInput(input) ? context.Input(input).Shape.Elements : 1;
    }

    /// <summary>A matrix product with vectors as matrices of one row or column.</summary>
    internal static Value Emit(OnnxNode node, Value a, Value b, ElementType? output = null, int zeroA = -1, int zeroB = -1)
    {
        (bool rowA, bool columnB) = (a.Shape.Rank == 1, b.Shape.Rank == 1);
        if (rowA) a = node.Add("row", new Reshape(new Shape(1, a.Shape[0])), a.Id);
        if (columnB) b = node.Add("column", new Reshape(new Shape(b.Shape[0], 1)), b.Id);
        Value product = node.Add("product", new MatMul(output), a.Id, b.Id, zeroA, zeroB);
        if (!rowA && !columnB) return product;
        IEnumerable<int> kept = product.Shape.Where((_, i) => !(rowA && i == product.Shape.Rank - 2) && !(columnB && i == product.Shape.Rank - 1));
        return node.Add("vector", new Reshape(new Shape(kept)), product.Id);
    }

    [OnnxOperator("MatMulInteger", Integers = IntegerSupport.Yes)]
    internal static void IntegerFromOnnx(OnnxNode node) =>
        node.Bind(0, Emit(node, node.Value(0), node.Value(1), ElementType.Int32, node.Input(2), node.Input(3)));
}
