using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace ModelCompiler.CodeGen.Plan;

/// <summary>The text form of every type that may stand in a plan.</summary>
internal static class PlanValue
{
    public static string Quote(string text) => "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\r", "\\r").Replace("\n", "\\n") + "\"";

    public static string Write(object value) => value switch
    {
        int i => i.ToString(CultureInfo.InvariantCulture),
        long l => l.ToString(CultureInfo.InvariantCulture),
        float f => Float(f),
        bool b => b ? "true" : "false",
        Enum e => e.ToString(),
        TensorRef t => t.Exists ? "%" + t.Id.ToString(CultureInfo.InvariantCulture) : "-",
        DataRef d => d.Exists ? "$" + d.Name : "-",
        WeightsRef w => w.Tensor.Exists ? Write(w.Tensor) : string.Format(CultureInfo.InvariantCulture, "@{0}+{1}", w.Offset, w.Length),
        EquatableArray<int> a => "[" + string.Join(",", a.Select(i => i.ToString(CultureInfo.InvariantCulture))) + "]",
        EquatableArray<TensorRef> a => "[" + string.Join(",", a.Select(i => Write(i))) + "]",
        EquatableArray<DataRef> a => "[" + string.Join(",", a.Select(i => Write(i))) + "]",
        IPlanPart part => "{" + string.Join(",", PlanPartText.Values(part).Select(Write)) + "}",
        string s => s,
        EquatableArray<string> a => "[" + string.Join(";", a.Select(i => i.Replace(" ", ""))) + "]",
        _ => throw new ArgumentException($"A plan cannot hold a {value.GetType()}."),
    };

    public static T Read<T>(string text) => (T)Read(typeof(T), text);

    public static object Read(Type type, string text)
    {
        if (type == typeof(int)) return int.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (type == typeof(long)) return long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (type == typeof(float)) return ParseFloat(text);
        if (type == typeof(bool)) return text == "true" || (text == "false" ? false : throw new FormatException($"'{text}' is neither true nor false."));
        if (type.IsEnum) return Enum.Parse(type, text);
        if (type == typeof(TensorRef)) return text == "-" ? TensorRef.None : new TensorRef(Read<int>(Tail(text, '%')));
        if (type == typeof(DataRef)) return text == "-" ? DataRef.None : new DataRef(Tail(text, '$'));
        if (type == typeof(EquatableArray<int>)) return Items(text).Select(Read<int>).ToEquatableArray();
        if (type == typeof(EquatableArray<TensorRef>)) return Items(text).Select(Read<TensorRef>).ToEquatableArray();
        if (type == typeof(EquatableArray<DataRef>)) return Items(text).Select(Read<DataRef>).ToEquatableArray();
        if (typeof(IPlanPart).IsAssignableFrom(type)) return PlanPartText.Read(type, text);
        if (type == typeof(string)) return text;
        if (type == typeof(EquatableArray<string>)) return Items(text, ';').ToEquatableArray();
        if (type == typeof(WeightsRef))
        {
            if (text.StartsWith("%", StringComparison.Ordinal)) return new WeightsRef(Read<TensorRef>(text));
            string[] parts = Tail(text, '@').Split('+');
            return new WeightsRef(Read<int>(parts[0]), Read<int>(parts[1]));
        }

        throw new ArgumentException($"A plan cannot hold a {type}.");
    }

    public static string WriteTable(DataTable table) => table.Stored.Length > 0 ? Write(table.Stored) :
        "[" + string.Join(",", table.Values.Select(v => table.Type is ElementType.Float32 ? Float((float)v) : table.Type is ElementType.Float64
            ? v.ToString("R", CultureInfo.InvariantCulture) : ((long)v).ToString(CultureInfo.InvariantCulture))) + "]";

    public static DataTable ReadTable(string name, ElementType type, string text) => text.StartsWith("@", StringComparison.Ordinal)
        ? new(name, type, EquatableArray.Of<double>(), Read<WeightsRef>(text))
        : new(name, type, Items(text).Select(v => type is ElementType.Float32 ? ParseFloat(v) : double.Parse(v, CultureInfo.InvariantCulture))
            .ToEquatableArray());

    /// <summary>Shortest form that reads back to the same bits (nine significant digits at most); infinities and NaN spelled out.</summary>
    private static string Float(float value) =>
        float.IsPositiveInfinity(value) ? "inf" : float.IsNegativeInfinity(value) ? "-inf" : float.IsNaN(value) ? "nan" : Emit.Literals.ShortestFloat(value);

    private static float ParseFloat(string text) => text switch
    {
        "inf" => float.PositiveInfinity,
        "-inf" => float.NegativeInfinity,
        "nan" => float.NaN,
        _ => float.Parse(text, CultureInfo.InvariantCulture),
    };

    private static string Tail(string text, char sigil) =>
        text.Length > 1 && text[0] == sigil ? text.Substring(1) : throw new FormatException($"'{text}' should start with '{sigil}'.");

    private static IEnumerable<string> Items(string text, char separator = ',')
    {
        if (text.Length < 2 || text[0] != '[' || text[text.Length - 1] != ']') throw new FormatException($"'{text}' is not a list in brackets.");
        return text.Length == 2 ? [] : text.Substring(1, text.Length - 2).Split(separator);
    }
}
