using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>
/// A floating-point format below 32 bits that C# has no type for. The compiler keeps such numbers in float32, which holds all of them exactly.
/// </summary>
/// <param name="Exponent">Bits of the exponent.</param>
/// <param name="Mantissa">Bits of the mantissa, without the leading one.</param>
/// <param name="Bias">What is subtracted from the stored exponent.</param>
/// <param name="Kind">What the largest codes stand for.</param>
internal sealed record NarrowFloat(int Exponent, int Mantissa, int Bias, NarrowKind Kind)
{
    /// <summary>The format of a type, or null when the compiler works with that type itself.</summary>
    public static NarrowFloat? Find(DataType type) => type switch
    {
        DataType.Bfloat16 => new(8, 7, 127, NarrowKind.Ieee),
        DataType.Float8E4M3Fn => new(4, 3, 7, NarrowKind.Finite),
        DataType.Float8E4M3Fnuz => new(4, 3, 8, NarrowKind.FiniteUnsignedZero),
        DataType.Float8E5M2 => new(5, 2, 15, NarrowKind.Ieee),
        DataType.Float8E5M2Fnuz => new(5, 2, 16, NarrowKind.FiniteUnsignedZero),
        DataType.Float4E2M1 => new(2, 1, 1, NarrowKind.FiniteWithoutNaN),
        DataType.Float8E8M0 => new(8, 0, 127, NarrowKind.Powers),
        _ => null,
    };

    /// <summary>The number a code stands for.</summary>
    public float Decode(int code)
    {
        if (Kind == NarrowKind.Powers) return code == 0xFF ? float.NaN : (float)Math.ScaleB(1, code - Bias);
        int magnitude = code & ((1 << (Exponent + Mantissa)) - 1);
        float sign = code == magnitude ? 1 : -1;
        int largest = (1 << (Exponent + Mantissa)) - 1;
        int exponent = magnitude >> Mantissa;
        int mantissa = magnitude & ((1 << Mantissa) - 1);
        switch (Kind)
        {
            case NarrowKind.FiniteUnsignedZero when sign < 0 && magnitude == 0:
            case NarrowKind.Finite when magnitude == largest:
                return float.NaN;
            case NarrowKind.Ieee when exponent == (1 << Exponent) - 1:
                return mantissa == 0 ? sign * float.PositiveInfinity : float.NaN;
        }

        return sign * (float)(exponent == 0 ? Math.ScaleB(mantissa, 1 - Bias - Mantissa) : Math.ScaleB((1 << Mantissa) | mantissa, exponent - Bias - Mantissa));
    }
}

/// <summary>What the largest codes of a format stand for.</summary>
internal enum NarrowKind
{
    /// <summary>Infinity and NaN as in IEEE 754.</summary>
    Ieee,

    /// <summary>No infinity; the largest code is NaN ("FN").</summary>
    Finite,

    /// <summary>No infinity; the code of negative zero is NaN ("FNUZ").</summary>
    FiniteUnsignedZero,

    /// <summary>Neither infinity nor NaN.</summary>
    FiniteWithoutNaN,

    /// <summary>Powers of two without sign; the largest code is NaN.</summary>
    Powers,
}
