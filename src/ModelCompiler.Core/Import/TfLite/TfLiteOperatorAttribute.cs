namespace ModelCompiler.Core.Import.TfLite;

/// <summary>Marks a static method that reads a TFLite operator into the graph.</summary>
/// <param name="code">Operator code.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class TfLiteOperatorAttribute(TfLiteBuiltinOperator code) : Attribute
{
    /// <summary>Operator code.</summary>
    public TfLiteBuiltinOperator Code { get; } = code;
}
