using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Writes the constants: biases, scales and lookup tables in their natural types, and weights as a blob.</summary>
internal static class TableWriter
{
    private const int LineLength = 140;

    public static void Write(ModelPlan plan, SourceWriter code)
    {
        code.Line();
        WriteWeights(plan, code);
        foreach (DataTable table in plan.Data)
        {
            code.Line();
            string type = table.Type.CSharpName();
            if (table.Stored.Length > 0)
            {
                code.Line($"private static ReadOnlySpan<{type}> {table.Name} => new(Weights + {Literals.Int(table.Stored.Offset)}, {Literals.Int(table.Stored.Length / table.Type.Size())});");
                continue;
            }

            code.Line($"private static ReadOnlySpan<{type}> {table.Name} =>");
            WriteList(table.Values.Select(v => table.Type is ElementType.Float32 ? Literals.Float((float)v) : Literals.Int((long)v)), code);
        }

        code.Line();
        code.Line("// Tables lie in the read-only data of the program, which does not move.");
        code.Line("private static T* Address<T>(ReadOnlySpan<T> table) where T : unmanaged => (T*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(table));");
    }

    // Another assembly under the name is an exception, and not a read beyond its end.
    private static void WriteCheck(ModelPlan plan, SourceWriter code)
    {
        string content = plan.Weights.ContentId == 0 ? "" : $" && {Holder(plan)}.ContentId == 0x{plan.Weights.ContentId.ToString("x16", System.Globalization.CultureInfo.InvariantCulture)}";
        code.Line();
        code.Line("/// <summary>Throws when the assembly holds other weights than those the code was written for.</summary>");
        code.Block("public static void CheckWeights()", () =>
        {
            code.Line($"if ({Holder(plan)}.Data.Length == {Literals.Int(plan.Weights.Bytes)}{content}) return;");
            code.Line($"throw new InvalidOperationException(\n    \"{plan.Weights.Assembly}.dll does not hold the weights that {plan.ClassName} was compiled with. \" +\n    \"Build the project again, and copy all its files.\");");
        });
    }

    private static string Holder(ModelPlan plan) => $"global::{WeightStorage.TypeNamespace}.{plan.Weights.TypeName}";

    private static void WriteWeights(ModelPlan plan, SourceWriter code)
    {
        if (plan.Weights.Bytes == 0)
        {
            code.Line("public static sbyte* Weights => null;");
            return;
        }

        if (plan.Weights.IsAssembly)
        {
            code.Line($"// {Literals.Int(plan.Weights.Bytes)} bytes in an assembly of their own, which NativeAOT links into the program.");
            code.Line($"public static sbyte* Weights => (sbyte*)Address({Holder(plan)}.Data);");
            WriteCheck(plan, code);
            return;
        }

        code.Line($"// {Literals.Int(plan.Weights.Bytes)} bytes, little-endian.");
        code.Line("public static sbyte* Weights => (sbyte*)Address(WeightsData);");
        code.Line();
        code.Line("private static ReadOnlySpan<ulong> WeightsData =>");
        byte[] bytes = plan.Weights.Inline.ToArray();
        Array.Resize(ref bytes, (bytes.Length + 7) / 8 * 8);
        WriteList(Enumerable.Range(0, bytes.Length / 8).Select(i => "0x" + LittleEndian(bytes, i * 8).ToString("x", System.Globalization.CultureInfo.InvariantCulture)), code);
    }

    private static ulong LittleEndian(byte[] bytes, int at)
    {
        ulong value = 0;
        for (int i = 7; i >= 0; i--) value = (value << 8) | bytes[at + i];
        return value;
    }

    private static void WriteList(IEnumerable<string> items, SourceWriter code)
    {
        code.Line("[");
        code.Indentation++;
        var line = new StringBuilder();
        foreach (string item in items)
        {
            if (line.Length + item.Length > LineLength)
            {
                code.Line(line.ToString().TrimEnd());
                line.Clear();
            }

            line.Append(item).Append(", ");
        }

        if (line.Length > 0) code.Line(line.ToString().TrimEnd());
        code.Indentation--;
        code.Line("];");
    }
}
