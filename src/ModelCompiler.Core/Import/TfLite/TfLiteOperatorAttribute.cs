using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>Marks a static method that reads a TFLite operator into the graph.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class TfLiteOperatorAttribute : Attribute
{
    /// <summary>A builtin operator.</summary>
    public TfLiteOperatorAttribute(TfLiteBuiltinOperator code) => Key = code.ToString();

    /// <summary>A custom operator, by name.</summary>
    public TfLiteOperatorAttribute(string customName) => Key = KeyOf(customName);

    /// <summary>Code of a builtin operator or name of a custom one.</summary>
    public string Key { get; }

    /// <summary>Which integers it may compute with.</summary>
    public IntegerSupport Integers { get; set; }

    /// <summary>The key of a custom operator, which may be called as a builtin one is.</summary>
    public static string KeyOf(string customName) => "custom " + customName;
}
