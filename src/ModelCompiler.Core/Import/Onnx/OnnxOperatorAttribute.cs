using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>Marks a static method that reads an ONNX operator into the graph.</summary>
/// <param name="name">Operator type.</param>
/// <param name="domain">Operator set; empty for <c>ai.onnx</c>.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class OnnxOperatorAttribute(string name, string domain = "") : Attribute
{
    /// <summary>Operator type.</summary>
    public string Name { get; } = name;

    /// <summary>Operator set.</summary>
    public string Domain { get; } = domain;

    /// <summary>Which integers it may compute with.</summary>
    public IntegerSupport Integers { get; set; }
}
