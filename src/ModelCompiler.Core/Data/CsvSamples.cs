using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Data;

/// <summary>
/// Samples from a table: a row each, whose columns are the elements of the only input in row-major order. The first row may be a header; a column that it
/// calls <c>y</c>, <c>label</c> or <c>target</c> holds labels or targets.
/// </summary>
internal static class CsvSamples
{
    private static readonly string[] LabelNames = [DataArrays.Labels, "label", "target"];

    /// <summary>Reads all rows.</summary>
    /// <exception cref="ModelCompilationException">MC1015, MC3003, MC3010: a field is no number, or the columns do not fit the input.</exception>
    public static DataArrays Read(ReadOnlyMemory<byte> bytes, DataRequest request)
    {
        Value input = request.OnlyInput("A table");
        int elements = input.Shape.Elements;
        List<double> values = [], labels = [];
        List<string> groups = [];
        int label = -1, group = -1, width = -1, rows = 0;
        foreach (CsvLine line in CsvTable.Read(bytes, request.File))
        {
            if (width < 0)
            {
                width = line.Fields.Length;
                bool isHeader = line.Fields.Any(f => f.Length > 0 && !CsvTable.TryNumber(f, out _));
                if (isHeader) (label, group) = (LabelOf(line, request.File), Array.IndexOf(line.Fields, request.Options.GroupBy));
                RequireWidth(line.Fields.Length - (label >= 0 ? 1 : 0) - (group >= 0 && group != label ? 1 : 0), input, request.File, isHeader);
                if (isHeader) continue;
            }

            if (line.Fields.Length != width)
                throw CsvTable.Error(Text($"Line {line.Number} has {line.Fields.Length} columns, and the first has {width}."), request.File);
            if (group >= 0) groups.Add(line.Fields[group]);
            for (int i = 0; i < width; i++)
            {
                if (i == label || i != group) (i == label ? labels : values).Add(Number(line, i, request.File));
            }

            if (values.Count > Array.MaxLength / sizeof(double))
                throw CsvTable.Error("It holds more numbers than fit in memory.", request.File, "Give fewer rows.");
            rows++;
        }

        if (rows == 0) throw CsvTable.Error("It holds no rows of numbers.", request.File, "Write a row for each sample.");
        // Integers may need more digits than float32 has.
        bool isInteger = input.Type != ElementType.Float32 && !input.IsAffine;
        int[] shape = [rows, .. input.Shape];
        DataArrays data = DataArrays.Of(isInteger ? NumpyArray.Of<double>([.. values], shape) : NumpyArray.Of<float>([.. values.Select(v => (float)v)], shape),
            label < 0 ? null : NumpyArray.Of<float>([.. labels.Select(v => (float)v)]));
        if (group >= 0 && request.Options.GroupBy != DataArrays.Labels) data.Arrays[request.Options.GroupBy!] = NumpyArray.OfTexts(groups);
        return data;

        static string Text(FormattableString text) => FormattableString.Invariant(text);
    }

    private static int LabelOf(CsvLine header, string file)
    {
        int[] found = [.. Enumerable.Range(0, header.Fields.Length).Where(i => LabelNames.Contains(header.Fields[i], StringComparer.OrdinalIgnoreCase))];
        return found.Length switch
        {
            0 => -1,
            1 => found[0],
            _ => throw CsvTable.Error($"The header has {found.Length} columns of labels.", file, $"Leave one of {string.Join(", ", LabelNames)}."),
        };
    }

    private static void RequireWidth(int columns, Value input, string file, bool isHeader)
    {
        if (columns == input.Shape.Elements) return;
        string label = isHeader ? "Call the column of labels, if there is one, y." : "A column of labels needs a header that calls it y.";
        throw new ModelCompilationException("MC3003", string.Create(CultureInfo.InvariantCulture,
            $"Rows have {columns} columns of numbers, and input '{input.Name}' of shape {input.Shape} has {input.Shape.Elements} elements."),
            $"Give a column for each element, in row-major order. {label}", file: file);
    }

    private static double Number(CsvLine line, int column, string file)
    {
        if (CsvTable.TryNumber(line.Fields[column], out double value)) return value;
        throw CsvTable.Error(string.Create(CultureInfo.InvariantCulture,
            $"Line {line.Number}, column {column + 1}: '{line.Fields[column]}' is no number."), file, "Write numbers with a point, such as 0.25 or 1e-3.");
    }
}
