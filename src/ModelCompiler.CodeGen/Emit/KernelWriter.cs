using System;
using System.Collections.Generic;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>What a kernel writes to: methods, shared by equal text, and the statements that call them.</summary>
internal sealed class KernelWriter(ModelPlan plan, Isa isa, MethodSet methods, SourceWriter calls)
{
    /// <summary>The whole plan.</summary>
    public ModelPlan Plan { get; } = plan;

    /// <summary>The instruction set to write for.</summary>
    public Isa Isa { get; } = isa;

    /// <summary>The tensor's description.</summary>
    public TensorPlan Tensor(TensorRef tensor) => Plan.Tensor(tensor);

    /// <summary>A C# pointer expression to the tensor, of its element type.</summary>
    public string Address(TensorRef tensor)
    {
        TensorPlan t = Plan.Tensor(tensor);
        string origin = t.IsConstant ? "weights" : "arena";
        string address = t.Offset == 0 ? origin : origin + " + " + Literals.Int(t.Offset);
        return t.Type == ElementType.UInt8 && !t.IsConstant ? address : t.Offset == 0 ? $"({t.Type.CSharpName()}*){address}"
            : $"({t.Type.CSharpName()}*)({address})";
    }

    /// <summary>A C# pointer expression to a table, of its element type.</summary>
    public string Address(DataRef table) => $"Address({DataName(table)})";

    /// <summary>A C# pointer expression (<c>sbyte*</c>) into the weights.</summary>
    public string Address(WeightsRef weights) => weights.Tensor.Exists ? AsBytes(weights.Tensor) : weights.Offset == 0 ? "weights"
        : "weights + " + Literals.Int(weights.Offset);

    private string AsBytes(TensorRef unpacked) => Tensor(unpacked).Type == ElementType.Int8 ? Address(unpacked) : $"(sbyte*)({Address(unpacked)})";

    /// <summary>Name of the property that holds a table.</summary>
    public static string DataName(DataRef table) => table.Name;

    /// <summary>
    /// Adds a static method, or finds the one with the same text, and returns its name.
    /// </summary>
    /// <param name="name">Preferred name, which tells kernel and shape.</param>
    /// <param name="summary">One sentence of documentation.</param>
    /// <param name="parameters">C# parameter list.</param>
    /// <param name="body">Writes the statements.</param>
    /// <param name="returns">Return type.</param>
    public string Method(string name, string summary, string parameters, Action<SourceWriter> body, string returns = "void") =>
        methods.Add(name + "_" + Isa.Name, summary, parameters, body, returns);

    /// <summary>Writes a statement into the sequence of kernel calls.</summary>
    public void Call(string statement) => calls.Line(statement);
}

/// <summary>The emitted methods, in order of first use; equal text is written once.</summary>
internal sealed class MethodSet
{
    private readonly Dictionary<string, string> _names = [];
    private readonly HashSet<string> _taken = [];
    private readonly List<string> _texts = [];

    /// <summary>Texts of all methods.</summary>
    public IReadOnlyList<string> Texts => _texts;

    /// <summary>Adds a method or finds its equal.</summary>
    public string Add(string name, string summary, string parameters, Action<SourceWriter> body, string returns)
    {
        var writer = new SourceWriter(2); // a namespace and a class
        writer.Block("", () => body(writer));
        string key = returns + "(" + parameters + ")" + writer + "\n" + name;
        if (_names.TryGetValue(key, out string? existing)) return existing;
        string unique = name;
        for (int i = 2; !_taken.Add(unique); i++) unique = name + "_" + Literals.Int(i);
        _names.Add(key, unique);
        _texts.Add($"/// <summary>{summary}</summary>\n[MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]\nprivate static "
            + $"{returns} {unique}({parameters})\n{writer.ToString().TrimEnd('\n')}");
        return unique;
    }
}
