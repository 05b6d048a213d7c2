namespace ModelCompiler.Conformance.Tests;

/// <summary>Every pair of two lists.</summary>
internal sealed class MatrixOf : TheoryData<string, string>
{
    public MatrixOf(IEnumerable<string> rows, IReadOnlyList<string> columns)
    {
        foreach (string row in rows)
        {
            foreach (string column in columns) Add(row, column);
        }
    }
}
