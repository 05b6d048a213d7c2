using System;
using System.Globalization;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Plan;

/// <summary>
/// An argument of a routine: a tensor (<c>%3</c>), a table (<c>$Name</c>), or a number or <c>null</c> as C# writes it.
/// </summary>
/// <param name="Text">The argument as it stands in the plan.</param>
public readonly record struct PlanArgument(string Text)
{
    /// <summary>No tensor: a null pointer.</summary>
    public static PlanArgument Null => new("null");

    /// <summary>A tensor.</summary>
    public static PlanArgument Of(TensorRef tensor) => tensor.Exists ? new(PlanValue.Write(tensor)) : Null;

    /// <summary>A table.</summary>
    public static PlanArgument Of(DataRef table) => new(PlanValue.Write(table));

    /// <summary>A number or truth value.</summary>
    public static PlanArgument Of(object value) => new(value switch
    {
        int i => Literals.Int(i),
        long l => Literals.Int(l) + "L",
        ulong u => u.ToString(CultureInfo.InvariantCulture) + "UL",
        float f => Literals.Float(f),
        bool b => b ? "true" : "false",
        _ => throw new ArgumentException($"A routine takes no {value.GetType()}."),
    });

    /// <summary>The tensor, or none.</summary>
    public TensorRef Tensor => Text[0] == '%' ? PlanValue.Read<TensorRef>(Text) : TensorRef.None;

    /// <summary>The table, or none.</summary>
    public DataRef Table => Text[0] == '$' ? PlanValue.Read<DataRef>(Text) : DataRef.None;
}
