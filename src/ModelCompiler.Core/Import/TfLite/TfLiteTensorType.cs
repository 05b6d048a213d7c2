using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>Element types, with the schema's numbers.</summary>
internal enum TfLiteTensorType
{
    Float32 = 0,
    Float16 = 1,
    Int32 = 2,
    UInt8 = 3,
    Int64 = 4,
    String = 5,
    Bool = 6,
    Int16 = 7,
    Complex64 = 8,
    Int8 = 9,
    Float64 = 10,
    Complex128 = 11,
    UInt64 = 12,
    Resource = 13,
    Variant = 14,
    UInt32 = 15,
    UInt16 = 16,
    Int4 = 17,
    BFloat16 = 18,
    Int2 = 19,
    UInt4 = 20,
    Float8E4M3Fn = 21,
    Float8E5M2 = 22,
}

/// <summary>Facts about element types.</summary>
internal static class TfLiteTensorTypes
{
    /// <summary>Bits of one element, or zero when elements have no fixed size or are unknown.</summary>
    public static int Bits(this TfLiteTensorType type) => type switch
    {
        TfLiteTensorType.Int2 => 2,
        TfLiteTensorType.Int4 or TfLiteTensorType.UInt4 => 4,
        TfLiteTensorType.Int8 or TfLiteTensorType.UInt8 or TfLiteTensorType.Bool or TfLiteTensorType.Float8E4M3Fn or TfLiteTensorType.Float8E5M2 => 8,
        TfLiteTensorType.Float16 or TfLiteTensorType.BFloat16 or TfLiteTensorType.Int16 or TfLiteTensorType.UInt16 => 16,
        TfLiteTensorType.Float32 or TfLiteTensorType.Int32 or TfLiteTensorType.UInt32 => 32,
        TfLiteTensorType.Float64 or TfLiteTensorType.Int64 or TfLiteTensorType.UInt64 or TfLiteTensorType.Complex64 => 64,
        TfLiteTensorType.Complex128 => 128,
        _ => 0,
    };

    /// <summary>The type the compiler works with; narrower formats widen to it. Null when there is none.</summary>
    public static ElementType? ToElementType(this TfLiteTensorType type) => type switch
    {
        TfLiteTensorType.Float32 or TfLiteTensorType.BFloat16 => ElementType.Float32,
        TfLiteTensorType.Float16 => ElementType.Float16,
        TfLiteTensorType.Float64 => ElementType.Float64,
        TfLiteTensorType.Int8 or TfLiteTensorType.Int4 or TfLiteTensorType.Int2 => ElementType.Int8,
        TfLiteTensorType.UInt8 or TfLiteTensorType.UInt4 => ElementType.UInt8,
        TfLiteTensorType.Int16 => ElementType.Int16,
        TfLiteTensorType.UInt16 => ElementType.UInt16,
        TfLiteTensorType.Int32 => ElementType.Int32,
        TfLiteTensorType.UInt32 => ElementType.UInt32,
        TfLiteTensorType.Int64 => ElementType.Int64,
        TfLiteTensorType.UInt64 => ElementType.UInt64,
        TfLiteTensorType.Bool => ElementType.Bool,
        _ => null,
    };
}
