using System;

namespace ModelCompiler.CodeGen.Plan;

/// <summary>The type of one element of a tensor.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary32.</summary>
    Float32,

    /// <summary>IEEE 754 binary16.</summary>
    Float16,

    /// <summary>IEEE 754 binary64.</summary>
    Float64,

    /// <summary>Signed 8-bit integer.</summary>
    Int8,

    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8,

    /// <summary>Signed 16-bit integer.</summary>
    Int16,

    /// <summary>Unsigned 16-bit integer.</summary>
    UInt16,

    /// <summary>Signed 32-bit integer.</summary>
    Int32,

    /// <summary>Unsigned 32-bit integer.</summary>
    UInt32,

    /// <summary>Signed 64-bit integer.</summary>
    Int64,

    /// <summary>Unsigned 64-bit integer.</summary>
    UInt64,

    /// <summary>One byte, zero or one.</summary>
    Bool,
}

/// <summary>Facts about element types.</summary>
internal static class ElementTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.Int8 or ElementType.UInt8 or ElementType.Bool => 1,
        ElementType.Float16 or ElementType.Int16 or ElementType.UInt16 => 2,
        ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 4,
        ElementType.Float64 or ElementType.Int64 or ElementType.UInt64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>The C# keyword (or BCL type name) of the element.</summary>
    public static string CSharpName(this ElementType type) => type switch
    {
        ElementType.Float32 => "float",
        ElementType.Float16 => "Half",
        ElementType.Float64 => "double",
        ElementType.Int8 => "sbyte",
        ElementType.UInt8 => "byte",
        ElementType.Int16 => "short",
        ElementType.UInt16 => "ushort",
        ElementType.Int32 => "int",
        ElementType.UInt32 => "uint",
        ElementType.Int64 => "long",
        ElementType.UInt64 => "ulong",
        ElementType.Bool => "bool",
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>True for int8 and uint8, the types whose kernels are the 8-bit family.</summary>
    public static bool IsByte(this ElementType type) => type is ElementType.Int8 or ElementType.UInt8;

    /// <summary>True for the integer types.</summary>
    public static bool IsInteger(this ElementType type) =>
        type is not (ElementType.Float32 or ElementType.Float16 or ElementType.Float64 or ElementType.Bool);

    /// <summary>Smallest value of an integer type of at most 32 bits.</summary>
    public static int MinValue(this ElementType type) => type switch
    {
        ElementType.Int8 => sbyte.MinValue,
        ElementType.UInt8 or ElementType.UInt16 => 0,
        ElementType.Int16 => short.MinValue,
        ElementType.Int32 => int.MinValue,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>Largest value of an integer type of at most 32 bits.</summary>
    public static int MaxValue(this ElementType type) => type switch
    {
        ElementType.Int8 => sbyte.MaxValue,
        ElementType.UInt8 => byte.MaxValue,
        ElementType.Int16 => short.MaxValue,
        ElementType.UInt16 => ushort.MaxValue,
        ElementType.Int32 => int.MaxValue,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
