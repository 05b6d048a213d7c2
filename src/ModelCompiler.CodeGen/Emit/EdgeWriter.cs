using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Writes the public <c>Run</c> methods: one span per input and output, as real numbers and, for quantised models,
/// as the integers themselves.</summary>
internal sealed class EdgeWriter
{
    private readonly ModelPlan _plan;
    private readonly NetworkClass _network;
    private readonly List<Edge> _inputs;
    private readonly List<Edge> _outputs;

    public EdgeWriter(ModelPlan plan, NetworkClass network)
    {
        (_plan, _network) = (plan, network);
        IReadOnlyList<string> names = Names.Unique(
            plan.Inputs.Select(e => Names.Camel(e.Name, "input")).Concat(plan.Outputs.Select(e => Names.Camel(e.Name, "output"))));
        _inputs = plan.Inputs.Select((e, i) => new Edge(names[i], e.Name, plan.Tensor(e.Tensor))).ToList();
        _outputs = plan.Outputs.Select((e, i) => new Edge(names[plan.Inputs.Count + i], e.Name, plan.Tensor(e.Tensor))).ToList();
    }

    private sealed record Edge(string Name, string ModelName, TensorPlan Tensor)
    {
        public string RawType => Tensor.Type == ElementType.Float16 ? "global::System.Half" : Tensor.Type.CSharpName();

        public string RealType => Tensor.IsQuantized ? "float" : RawType;
    }

    public string ClassSummary => ModelEmitter.Xml($"The network of {_plan.ModelFile}: {string.Join(", ", _inputs.Select(e => e.Name))} to "
        + $"{string.Join(", ", _outputs.Select(e => e.Name))}.");

    public void WriteRun(SourceWriter code)
    {
        bool quantized = _inputs.Concat(_outputs).Any(e => e.Tensor.IsQuantized);
        bool distinct = !_inputs.Concat(_outputs).All(e => e.RawType == e.RealType);
        WriteRun(code, real: true, quantized ? "Runs the network on real numbers." : "Runs the network.");
        if (distinct) WriteRun(code, real: false, "Runs the network on the integers that stand for real numbers, without any conversion.");
    }

    private void WriteRun(SourceWriter code, bool real, string summary)
    {
        code.Line();
        code.Line($"/// <summary>{summary}</summary>");
        foreach (Edge e in _inputs.Concat(_outputs)) code.Line($"/// <param name=\"{e.Name.TrimStart('@')}\">{ModelEmitter.Xml(Describe(e, real))}</param>");
        code.Line("/// <exception cref=\"global::System.ArgumentException\">A span has the wrong length.</exception>");
        code.Line("/// <exception cref=\"global::System.ObjectDisposedException\">The instance was disposed.</exception>");
        string parameters = string.Join(", ", _inputs.Select(e => $"global::System.ReadOnlySpan<{Type(e)}> {e.Name}")
            .Concat(_outputs.Select(e => $"global::System.Span<{Type(e)}> {e.Name}")));
        code.Block($"public void Run({parameters})", () =>
        {
            foreach (Edge e in _inputs.Concat(_outputs))
            {
                code.Line($"if ({e.Name}.Length != {Literals.Int(e.Tensor.Count)}) throw new global::System.ArgumentException($\"{e.Name.TrimStart('@')} "
                    + $"needs {Literals.Count(e.Tensor.Count, "element")} ({Shape(e.Tensor)}), not {{{e.Name}.Length}}.\", nameof({e.Name}));");
            }

            code.Line("global::System.ObjectDisposedException.ThrowIf(_arena is null, this);");
            foreach (Edge e in _inputs)
            {
                code.Line(real && e.Tensor.IsQuantized
                    ? $"{_network.FullName}.Edge.Quantize({e.Name}, {Address(e)}, {Literals.Float(e.Tensor.Scale)}, {Literals.Int(e.Tensor.ZeroPoint)});"
                    : $"{e.Name}.CopyTo(new global::System.Span<{e.RawType}>({Address(e)}, {Literals.Int(e.Tensor.Count)}));");
            }

            code.Line("Infer();");
            foreach (Edge e in _outputs)
            {
                code.Line(real && e.Tensor.IsQuantized
                    ? $"{_network.FullName}.Edge.Dequantize({Address(e)}, {e.Name}, {Literals.Float(e.Tensor.Scale)}, {Literals.Int(e.Tensor.ZeroPoint)});"
                    : $"new global::System.ReadOnlySpan<{e.RawType}>({Address(e)}, {Literals.Int(e.Tensor.Count)}).CopyTo({e.Name});");
            }

            code.Line("global::System.GC.KeepAlive(this); // or the finalizer may free the memory before it is read");
        });

        string Type(Edge e) => real ? e.RealType : e.RawType;
    }

    private static string Describe(Edge e, bool real)
    {
        string text = $"{e.ModelName}: {Literals.Count(e.Tensor.Count, "element")}, shape {Shape(e.Tensor)}, row-major";
        if (!e.Tensor.IsQuantized) return text + ".";
        string scale = $"scale {Literals.ShortestFloat(e.Tensor.Scale)}, zero point {Literals.Int(e.Tensor.ZeroPoint)}";
        return real ? $"{text}; held as {e.Tensor.Type.CSharpName()} with {scale}." : $"{text}; {scale}.";
    }

    private static string Shape(TensorPlan tensor) => tensor.Shape.Count == 0 ? "scalar" : string.Join("×", tensor.Shape.Select(d => Literals.Int(d)));

    private static string Address(Edge e) => e.Tensor.Offset == 0 ? $"({e.RawType}*)_arena" : $"({e.RawType}*)(_arena + {Literals.Int(e.Tensor.Offset)})";
}
