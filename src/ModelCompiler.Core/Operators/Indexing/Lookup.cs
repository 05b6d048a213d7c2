using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Numbers by keys. Inputs: elements, and as constants keys, values and the value for all other keys.</summary>
internal sealed record Lookup : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        InferenceContext.Require(context[0].Type == context[1].Type && context[0].Type != ElementType.Bool
            && context[1].Shape.Elements == context[2].Shape.Elements && context[2].Type == context[3].Type && context[3].Shape.Elements == 1,
            "Keys and values do not belong together.");
        return [new TensorType(context[2].Type, context[0].Shape)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context) =>
        new LibraryCall("Features.Lookup", context.Input(0).Type.Name(), context.Input(2).Type.BySize()).In(0, 1, 2, 3).Out(0)
        .Number(context.Input(0).Shape.Elements, context.Input(1).Shape.Elements);

    [OnnxOperator("LabelEncoder", "ai.onnx.ml")]
    internal static void FromOnnx(OnnxNode node)
    {
        if (node.HasAttribute("keys_strings") || node.HasAttribute("values_strings") || node.HasAttribute("classes_strings"))
            throw new ModelCompilationException("MC2003", "Labels of text are not supported.", "Turn text into integers in the program.");
        TensorData keys = node.Tensor("keys_tensor") ?? List("keys", [0f]);
        TensorData values = node.Tensor("values_tensor") ?? List("values", [0f]);
        TensorData fallback = node.Tensor("default_tensor")
            ?? (values.Type == ElementType.Int64 ? TensorData.Of(new Shape(1), [(long)node.Int("default_int64", -1)])
                : TensorData.Of(new Shape(1), [node.Float("default_float", -0f)]));
        node.Emit(new Lookup(), node.Input(0), Add(keys), Add(values), Add(fallback));

        TensorData List(string name, float[] none) => node.Longs(name + "_int64s") is { } integers ? TensorData.Of(new Shape(integers.Length), integers)
            : node.Floats(name + "_floats") is var floats && floats is not null ? TensorData.Of(new Shape(floats.Length), floats)
            : TensorData.Of(new Shape(1), none);

        int Add(TensorData data) => node.Graph.AddConstant($"{node.Name}/constant", data).Id;
    }
}
