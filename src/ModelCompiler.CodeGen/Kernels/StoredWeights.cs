using System;
using System.Linq;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Weights, less whatever zero points they had, in the narrowest form that holds them: int8; uint8 less one zero point; int16, which only zero points
/// that differ from channel to channel need.
/// </summary>
/// <param name="Type">Type of the elements.</param>
/// <param name="Zero">What is taken from each element; 0 unless the type is uint8.</param>
internal sealed record StoredWeights(ElementType Type, int Zero)
{
    /// <summary>The narrowest form for these weights.</summary>
    public static StoredWeights For(int[] weights)
    {
        (int min, int max) = (Math.Min(0, weights.DefaultIfEmpty().Min()), Math.Max(0, weights.DefaultIfEmpty().Max()));
        if (min >= sbyte.MinValue && max <= sbyte.MaxValue) return new(ElementType.Int8, 0);
        return max - min <= byte.MaxValue ? new(ElementType.UInt8, -min) : new(ElementType.Int16, 0);
    }

    /// <summary>The bytes of weights that lie in memory in this order.</summary>
    public byte[] Bytes(int[] weights) => Type == ElementType.Int16
        ? PackedBytes.Of(Array.ConvertAll(weights, w => checked((short)w)))
        : Array.ConvertAll(weights, w => unchecked((byte)(w + Zero)));
}
