using System.Buffers.Binary;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Quantization;

/// <summary>Samples as quantised networks take and give them.</summary>
internal static class QuantizedSample
{
    /// <summary>Real numbers as the integers of a quantised input.</summary>
    public static TensorData Integers(TensorData real, Value input)
    {
        if (!input.IsAffine || real.Type == input.Type) return real;
        var result = new TensorData(input.Type, input.Shape);
        (int min, int max, int size) = (input.Type.MinValue(), input.Type.MaxValue(), input.Type.Size());
        Span<byte> integer = stackalloc byte[sizeof(int)];
        for (int i = 0; i < real.Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(integer, Requantization.Quantize((float)real.ToDouble(i), input.Q.Scale, input.Q.ZeroPoint, min, max));
            integer[..size].CopyTo(result.Bytes.AsSpan(i * size));
        }

        return result;
    }

    /// <summary>Real numbers as the integers of a quantised value have them.</summary>
    public static TensorData Rounded(TensorData real, Value integer)
    {
        TensorData integers = Integers(real, integer);
        return TensorData.Of(real.Shape, [.. Enumerable.Range(0, integers.Count).Select(i => (float)Real(integers, integer, i))]);
    }

    /// <summary>The real number that an element stands for.</summary>
    public static double Real(TensorData data, Value value, int i) =>
        value.IsAffine ? (data.ToDouble(i) - value.Q.ZeroPoint) * value.Q.Scale : data.ToDouble(i);
}
