using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Core.Operators;

/// <summary>Type arguments of routines.</summary>
internal static class ElementTypeNames
{
    /// <summary>The C# type.</summary>
    public static string Name(this ElementType type) => type.CSharpName();

    /// <summary>The unsigned integer of the same size, for routines that move elements.</summary>
    public static string BySize(this ElementType type) => type.Size() switch { 1 => "byte", 2 => "ushort", 4 => "uint", _ => "ulong" };

    /// <summary>True for the floating-point types.</summary>
    public static bool IsFloat(this ElementType type) => type is ElementType.Float32 or ElementType.Float16 or ElementType.Float64;

    /// <summary>The type that sums of elements are kept in.</summary>
    public static string SumName(this ElementType type) => type switch
    {
        ElementType.Float16 => "float",
        ElementType.Int8 or ElementType.UInt8 or ElementType.Int16 or ElementType.UInt16 => "int",
        _ => type.Name(),
    };
}
