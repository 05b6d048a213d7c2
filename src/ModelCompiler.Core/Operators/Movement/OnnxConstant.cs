using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>ONNX's Constant, which is no operator here: its content becomes a constant of the graph.</summary>
internal static class OnnxConstant
{
    [OnnxOperator("Constant", Integers = IntegerSupport.Constant)]
    internal static void FromOnnx(OnnxNode node)
    {
        TensorData data =
            node.Tensor("value") is { } tensor ? tensor :
            node.HasAttribute("value_float") ? TensorData.Of(new Shape(), [node.Float("value_float", 0)]) :
            node.Floats("value_floats") is { } floats ? TensorData.Of(new Shape(floats.Length), floats) :
            node.HasAttribute("value_int") ? Integers(new Shape(), [node.Int("value_int", 0)]) :
            node.Ints("value_ints") is { } integers ? Integers(new Shape(integers.Length), integers) :
            throw node.Unsupported("A constant of this kind is not supported.", "Tensors, numbers and lists of numbers are.");
        node.Bind(0, node.Graph.AddConstant(node.OutputName(0), data));
    }

    private static TensorData Integers(Shape shape, int[] values) =>
        new(ElementType.Int64, shape, MemoryMarshal.AsBytes<long>(Array.ConvertAll(values, v => (long)v)).ToArray());
}
