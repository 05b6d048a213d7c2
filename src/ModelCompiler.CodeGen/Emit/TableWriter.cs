using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Writes the constants: biases, scales and lookup tables in their natural types, and weights as a blob.</summary>
internal static class TableWriter
{
    private const int LineLength = 160;

    /// <summary>Writes the file of the constants; empty when there are none.</summary>
    public static string Write(ModelPlan plan, NetworkClass network)
    {
        bool hasWeights = plan.Weights is { Bytes: > 0, IsAssembly: false };
        if (!hasWeights && plan.Data.Count == 0) return "";
        return network.Part("constants", _ => { }, code =>
        {
            if (hasWeights) WriteInline(plan, code);
            for (int i = 0; i < plan.Data.Count; i++)
            {
                if (hasWeights || i > 0) code.Line();
                WriteTable(plan.Data[i], code);
            }
        });
    }

    /// <summary>Writes how kernels get at weights and tables.</summary>
    public static void WriteAccess(ModelPlan plan, SourceWriter code)
    {
        code.Line();
        if (plan.Weights.Bytes == 0)
        {
            code.Line("private static sbyte* Weights => null;");
        }
        else if (plan.Weights.IsAssembly)
        {
            code.Line($"// {Literals.Int(plan.Weights.Bytes)} bytes in an assembly of their own, which NativeAOT links into the program.");
            code.Line($"private static sbyte* Weights =>\n    (sbyte*)Address({Holder(plan)}.Data);");
            WriteCheck(plan, code);
        }
        else
        {
            code.Line("private static sbyte* Weights => (sbyte*)Address(WeightsData);");
        }

        code.Line();
        code.Line("// Tables lie in the read-only data of the program, which does not move.");
        code.Line("private static T* Address<T>(ReadOnlySpan<T> table) where T : unmanaged => (T*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(table));");
    }

    private static void WriteTable(DataTable table, SourceWriter code)
    {
        string type = table.Type.CSharpName();
        if (table.Stored.Length > 0)
        {
            code.Line($"private static ReadOnlySpan<{type}> {table.Name} => new(Weights + {Literals.Int(table.Stored.Offset)}, "
                + $"{Literals.Int(table.Stored.Length / table.Type.Size())});");
            return;
        }

        code.Line($"private static ReadOnlySpan<{type}> {table.Name} =>");
        WriteList(table.Values.Select(v => table.Type is ElementType.Float32 ? Literals.Float((float)v) : Literals.Int((long)v)), code);
    }

    // Another assembly under the name is an exception, and not a read beyond its end.
    private static void WriteCheck(ModelPlan plan, SourceWriter code)
    {
        string content = plan.Weights.ContentId == 0 ? "" : $" && {Holder(plan)}.ContentId == "
            + $"0x{plan.Weights.ContentId.ToString("x16", System.Globalization.CultureInfo.InvariantCulture)}";
        code.Line();
        code.Line("/// <summary>Throws when the assembly holds other weights than those the code was written for.</summary>");
        code.Block("public static void CheckWeights()", () =>
        {
            code.Line($"if ({Holder(plan)}.Data.Length == {Literals.Int(plan.Weights.Bytes)}{content}) return;");
            code.Line($"throw new InvalidOperationException(\n    \"{plan.Weights.Assembly}.dll \" +\n    \"does not hold the weights that {plan.ClassName} "
                + $"was compiled with. \" +\n    \"Build the project again, and copy all its files.\");");
        });
    }

    private static string Holder(ModelPlan plan) => $"global::{WeightStorage.TypeNamespace}.{plan.Weights.TypeName}";

    private static void WriteInline(ModelPlan plan, SourceWriter code)
    {
        code.Line($"// {Literals.Int(plan.Weights.Bytes)} bytes, little-endian.");
        code.Line("private static ReadOnlySpan<ulong> WeightsData =>");
        byte[] bytes = plan.Weights.Inline.ToArray();
        Array.Resize(ref bytes, (bytes.Length + 7) / 8 * 8);
        WriteList(Enumerable.Range(0, bytes.Length / 8).Select(i => "0x" + LittleEndian(bytes, i * 8)
            .ToString("x", System.Globalization.CultureInfo.InvariantCulture)), code);
    }

    private static ulong LittleEndian(byte[] bytes, int at)
    {
        ulong value = 0;
        for (int i = 7; i >= 0; i--) value = (value << 8) | bytes[at + i];
        return value;
    }

    // As many as fit in a line.
    private static void WriteList(IEnumerable<string> items, SourceWriter code)
    {
        code.Line("[");
        code.Indentation++;
        int room = LineLength - (code.Indentation * 4);
        var line = new StringBuilder();
        foreach (string item in items)
        {
            if (line.Length > 0 && line.Length + item.Length + 2 > room)
            {
                code.Line(line.ToString());
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : "").Append(item).Append(',');
        }

        if (line.Length > 0) code.Line(line.ToString());
        code.Indentation--;
        code.Line("];");
    }
}
