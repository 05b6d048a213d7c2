using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators.Reference;

/// <summary>Quantised tensors of bytes as integers, and back.</summary>
internal static class ByteTensors
{
    /// <summary>The integer that a byte stands for in an int8 or uint8 tensor.</summary>
    public static int Integer(byte value, ElementType type) => type == ElementType.Int8 ? (sbyte)value : value;

    /// <summary>All integers of a tensor, less the zero point of the tensor or of each one's slice.</summary>
    public static int[] Centred(TensorData data, Value value)
    {
        QuantizationParameters q = value.Q;
        int inner = q.IsPerTensor ? data.Count : data.Shape.ElementsBetween(q.Axis + 1, data.Shape.Rank);
        var integers = new int[data.Count];
        for (int start = 0, slice = 0; start < integers.Length; start += inner, slice++)
        {
            int zero = q.ZeroPointOf(q.IsPerTensor ? 0 : slice % data.Shape[q.Axis]);
            for (int i = start; i < start + inner; i++) integers[i] = Integer(data.Bytes[i], data.Type) - zero;
        }

        return integers;
    }

    /// <summary>The byte of an integer.</summary>
    public static byte Byte(int value) => unchecked((byte)value);

    /// <summary>What a function gives for each of the 256 bytes of the input, as bytes of the output.</summary>
    public static byte[] Table(ElementType input, Func<int, int> function) =>
        [.. Enumerable.Range(0, 256).Select(i => Byte(function(Integer((byte)i, input))))];

    /// <summary>The table that converts from one quantisation to another.</summary>
    public static byte[] RequantizationTable(TensorType from, TensorType to, RequantizationMode mode)
    {
        QuantizationParameters source = from.Quantization!;
        QuantizationParameters target = to.Quantization!;
        double factor = (double)source.Scale / target.Scale;
        (int multiplier, int shift) = Requantization.QuantizeMultiplier(factor);
        (int min, int max) = (to.Type.MinValue(), to.Type.MaxValue());
        return Table(from.Type, x => mode == RequantizationMode.Float
            ? Requantization.Float(x - source.ZeroPoint, (float)factor, target.ZeroPoint, min, max)
            : Requantization.FixedPoint(x - source.ZeroPoint, multiplier, shift, target.ZeroPoint, min, max));
    }
}
