using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Quantization;

/// <summary>Samples as quantised networks take and give them.</summary>
internal static class QuantizedSample
{
    /// <summary>Real numbers as the integers of a quantised input.</summary>
    public static TensorData Integers(TensorData real, Value input)
    {
        if (!input.IsQuantized || real.Type == input.Type) return real;
        return new TensorData(input.Type, input.Shape, [.. Enumerable.Range(0, real.Count).Select(i =>
            unchecked((byte)Requantization.Quantize((float)real.ToDouble(i), input.Q.Scale, input.Q.ZeroPoint, input.Type.MinValue(), input.Type.MaxValue())))]);
    }

    /// <summary>The real number that an element stands for.</summary>
    public static double Real(TensorData data, Value value, int i) => value.IsQuantized ? (data.ToDouble(i) - value.Q.ZeroPoint) * value.Q.Scale : data.ToDouble(i);
}
