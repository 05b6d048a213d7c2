using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Sum.</summary>
internal readonly struct AddFunction<T> : IBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => a + b;
}

/// <summary>Difference.</summary>
internal readonly struct SubtractFunction<T> : IBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => a - b;
}

/// <summary>Product.</summary>
internal readonly struct MultiplyFunction<T> : IBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => a * b;
}

/// <summary>Quotient of real numbers.</summary>
internal readonly struct DivideFunction<T> : IBinary<T, T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T a, T b) => a / b;
}

/// <summary>Quotient of integers, towards zero; 0 when the divisor is.</summary>
internal readonly struct DivideIntegerFunction<T> : IBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => b == T.Zero ? T.Zero : b == T.Zero - T.One && T.IsNegative(b) ? T.Zero - a : a / b;
}

/// <summary>The smaller; NaN if either is.</summary>
internal readonly struct MinimumFunction<T> : IBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => T.Min(a, b);
}

/// <summary>The larger; NaN if either is.</summary>
internal readonly struct MaximumFunction<T> : IBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => T.Max(a, b);
}

/// <summary>Bits that both have.</summary>
internal readonly struct BitwiseAndFunction<T> : IBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a & b;
}

/// <summary>Bits that either has.</summary>
internal readonly struct BitwiseOrFunction<T> : IBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a | b;
}

/// <summary>Bits that one has.</summary>
internal readonly struct BitwiseXorFunction<T> : IBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a ^ b;
}

/// <summary>Bits moved up.</summary>
internal readonly unsafe struct ShiftLeftFunction<T> : IBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => int.CreateSaturating(b) >= sizeof(T) * 8 ? T.Zero : a << int.CreateSaturating(b);
}

/// <summary>Bits moved down.</summary>
internal readonly unsafe struct ShiftRightFunction<T> : IBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => int.CreateSaturating(b) >= sizeof(T) * 8 ? T.Zero : a >> int.CreateSaturating(b);
}

/// <summary>a when positive, else a · b.</summary>
internal readonly struct PreluFunction<T> : IBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => a > T.Zero ? a : a * b;
}

/// <summary>Remainder with the sign of a (as C's fmod).</summary>
internal readonly struct RemainderFunction<T> : IBinary<T, T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T a, T b) => a % b;
}

/// <summary>Remainder with the sign of a; 0 when the divisor is 0.</summary>
internal readonly struct RemainderIntegerFunction<T> : IBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => b == T.Zero || (T.IsNegative(b) && b == T.Zero - T.One) ? T.Zero : a % b;
}

/// <summary>Remainder with the sign of b; 0 when the divisor is 0.</summary>
internal readonly struct ModuloFunction<T> : IBinary<T, T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T a, T b)
    {
        T remainder = a % b;
        return remainder != T.Zero && T.IsNegative(remainder) != T.IsNegative(b) ? remainder + b : remainder;
    }
}

/// <summary>Remainder with the sign of b; 0 when the divisor is 0.</summary>
internal readonly struct ModuloIntegerFunction<T> : IBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b)
    {
        if (b == T.Zero || (T.IsNegative(b) && b == T.Zero - T.One)) return T.Zero;
        T remainder = a % b;
        return remainder != T.Zero && T.IsNegative(remainder) != T.IsNegative(b) ? remainder + b : remainder;
    }
}

/// <summary>a to the power of b, computed in double precision.</summary>
internal readonly struct PowerFunction<T, TExponent> : IBinary<T, TExponent, T>
    where T : unmanaged, INumber<T>
    where TExponent : unmanaged, INumber<TExponent>
{
    public static T Apply(T a, TExponent b) => T.CreateSaturating(Math.Pow(double.CreateSaturating(a), double.CreateSaturating(b)));
}

/// <summary>a = b.</summary>
internal readonly struct EqualFunction<T> : IBinary<T, T, bool>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a, T b) => a == b;
}

/// <summary>a &lt; b.</summary>
internal readonly struct LessFunction<T> : IBinary<T, T, bool>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a, T b) => a < b;
}

/// <summary>a ≤ b.</summary>
internal readonly struct LessOrEqualFunction<T> : IBinary<T, T, bool>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a, T b) => a <= b;
}

/// <summary>a &gt; b.</summary>
internal readonly struct GreaterFunction<T> : IBinary<T, T, bool>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a, T b) => a > b;
}

/// <summary>a ≥ b.</summary>
internal readonly struct GreaterOrEqualFunction<T> : IBinary<T, T, bool>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a, T b) => a >= b;
}

/// <summary>Both.</summary>
internal readonly struct AndFunction : IBinary<bool, bool, bool>
{
    public static bool Apply(bool a, bool b) => a && b;
}

/// <summary>Either.</summary>
internal readonly struct OrFunction : IBinary<bool, bool, bool>
{
    public static bool Apply(bool a, bool b) => a || b;
}

/// <summary>One of both.</summary>
internal readonly struct XorFunction : IBinary<bool, bool, bool>
{
    public static bool Apply(bool a, bool b) => a != b;
}

/// <summary>The same.</summary>
internal readonly struct EqualBoolFunction : IBinary<bool, bool, bool>
{
    public static bool Apply(bool a, bool b) => a == b;
}
