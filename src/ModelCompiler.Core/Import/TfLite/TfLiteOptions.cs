namespace ModelCompiler.Core.Import.TfLite;

/// <summary>
/// The options of an operator, read by field number in schema order. Fields that the file leaves out read as the given default, which
/// must be the schema's; so do all fields of an operator without options.
/// </summary>
internal sealed class TfLiteOptions
{
    private readonly FlatTable? _table;

    /// <summary>Wraps a table.</summary>
    /// <param name="type">Number of the table's type in the schema's union; zero for none.</param>
    /// <param name="table">The table, or null when the operator has no options.</param>
    public TfLiteOptions(int type, FlatTable? table)
    {
        Type = type;
        _table = table;
    }

    /// <summary>No options.</summary>
    public static TfLiteOptions None { get; } = new(0, null);

    /// <summary>Number of the options' type in the schema's union; zero for none.</summary>
    public int Type { get; }

    /// <summary>True when the file has options for the operator.</summary>
    public bool Exists => _table is not null;

    /// <summary>An 8-bit field: small enumerations, such as padding, activation function and tensor type.</summary>
    public int Int8(int field, int defaultValue = 0) => _table?.Scalar(field, (sbyte)defaultValue) ?? defaultValue;

    /// <summary>A 32-bit field.</summary>
    public int Int32(int field, int defaultValue = 0) => _table?.Scalar(field, defaultValue) ?? defaultValue;

    /// <summary>A 64-bit field.</summary>
    public long Int64(int field, long defaultValue = 0) => _table?.Scalar(field, defaultValue) ?? defaultValue;

    /// <summary>A float field.</summary>
    public float Float(int field, float defaultValue = 0) => _table?.Scalar(field, defaultValue) ?? defaultValue;

    /// <summary>A truth value.</summary>
    public bool Bool(int field, bool defaultValue = false) => _table?.Bool(field, defaultValue) ?? defaultValue;

    /// <summary>A text; empty when absent.</summary>
    public string Text(int field) => _table?.Text(field) ?? "";

    /// <summary>A vector of 32-bit integers; empty when absent.</summary>
    public int[] Int32Vector(int field) => _table?.Vector<int>(field) ?? [];
}
