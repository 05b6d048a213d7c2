using System.Buffers.Binary;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Tool.Engines;

/// <summary>An input or output of a network, and how its integers stand for real numbers.</summary>
/// <param name="Name">Name in the model.</param>
/// <param name="Type">Element type inside the network.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Scale">Real value of one integer step, or 0 when the tensor is not quantised.</param>
/// <param name="ZeroPoint">Integer that stands for real zero.</param>
internal sealed record EngineEdge(string Name, ElementType Type, Shape Shape, float Scale, int ZeroPoint)
{
    /// <summary>True when integers stand for real numbers.</summary>
    public bool IsQuantized => Scale != 0;

    /// <summary>Element type at the float entry.</summary>
    public ElementType RealType => IsQuantized ? ElementType.Float32 : Type;

    /// <summary>The edge of a plan.</summary>
    public static EngineEdge Of(ModelPlan plan, EdgePlan edge)
    {
        TensorPlan tensor = plan.Tensor(edge.Tensor);
        return new(edge.Name, tensor.Type, new Shape(tensor.Shape), tensor.Scale, tensor.ZeroPoint);
    }

    /// <summary>The edge that holds a value of a graph.</summary>
    public static EngineEdge Of(Value value, string name)
    {
        QuantizationParameters? q = value.Quantization is { IsPerTensor: true } perTensor && value.Type.IsInteger() ? perTensor : null;
        return new(name, value.Type, value.Shape, q?.Scale ?? 0, q?.ZeroPoint ?? 0);
    }

    /// <summary>Real numbers to integers, as generated code does it; other tensors stay as they are.</summary>
    public TensorData Quantize(TensorData real)
    {
        if (!IsQuantized || real.Type != ElementType.Float32) return real;
        ReadOnlySpan<float> values = real.Floats;
        var result = new TensorData(Type, Shape);
        (int min, int max, int size) = (Type.MinValue(), Type.MaxValue(), Type.Size());
        Span<byte> integer = stackalloc byte[sizeof(int)];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(integer, Requantization.Quantize(values[i], Scale, ZeroPoint, min, max));
            integer[..size].CopyTo(result.Bytes.AsSpan(i * size));
        }

        return result;
    }

    /// <summary>Integers to the real numbers they stand for, as generated code does it; other tensors stay as they are.</summary>
    public TensorData Dequantize(TensorData raw)
    {
        if (!IsQuantized || raw.Type != Type) return raw;
        var result = new TensorData(ElementType.Float32, Shape);
        Span<float> values = result.Floats;
        for (int i = 0; i < values.Length; i++) values[i] = unchecked(raw.ToInt32(i) - ZeroPoint) * Scale;
        return result;
    }
}
