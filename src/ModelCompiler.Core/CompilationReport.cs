using System.Collections.Immutable;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core;

/// <summary>Size and work of a network.</summary>
/// <param name="Operators">Nodes.</param>
/// <param name="WeightBytes">Bytes of all constants that operators take.</param>
/// <param name="Macs">Multiply-accumulate operations of convolutions and fully connected layers for one run.</param>
public sealed record NetworkSize(int Operators, long WeightBytes, long Macs)
{
    /// <summary>Measures a graph.</summary>
    internal static NetworkSize Of(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        IEnumerable<Value> constants = graph.Nodes.SelectMany(n => n.Inputs).Where(i => i >= 0).Distinct().Select(i => graph.Values[i])
            .Where(v => v.Constant is not null);
        return new(
            graph.Nodes.Length,
            constants.Sum(v => (long)v.Shape.Elements * v.Type.Size()),
            graph.Nodes.Sum(n => MacsOf(graph, n)));
    }

    /// <summary>The multiply-accumulates of a node.</summary>
    internal static long MacsOf(ModelGraph graph, Node node) => node.Operator is ILinearLayer layer
        ? layer.Geometry(graph.Values[node.Inputs[0]].Shape, graph.Values[node.Inputs[1]].Shape, graph.Values[node.Outputs[0]].Shape).Macs : 0;
}

/// <summary>What one step of the pipeline did.</summary>
/// <param name="Name">The step.</param>
/// <param name="Before">The network that it got.</param>
/// <param name="After">The network that it made.</param>
/// <param name="Notes">What it has to say about it, sentence by sentence.</param>
public sealed record StepReport(string Name, NetworkSize Before, NetworkSize After, ImmutableArray<string> Notes)
{
    /// <summary>True when the step left size and work as they were and has nothing to say.</summary>
    public bool IsEmpty => Before == After && Notes.IsEmpty;
}

/// <summary>What every step of a compilation did, cost and gained, in order.</summary>
public sealed class CompilationReport
{
    private readonly List<StepReport> _steps = [];
    private readonly List<string> _pending = [];

    /// <summary>The steps that did something.</summary>
    public IReadOnlyList<StepReport> Steps => _steps;

    /// <summary>What was measured on the evaluation data; null when there is none.</summary>
    public Evaluation.MeasuredAccuracy? Accuracy { get; internal set; }

    /// <summary>Bytes of working memory in use at each kernel; the arena is as large as the most of them, or not much larger.</summary>
    public IReadOnlyList<long> LiveBytes { get; internal set; } = [];

    /// <summary>All that the steps have to say, in order; what follows the last step included.</summary>
    public IEnumerable<string> Notes => [.. _steps.SelectMany(s => s.Notes), .. _pending];

    internal void Note(string text) => _pending.Add(text);

    // Notes since the last step belong to this one.
    internal void Add(string name, NetworkSize before, NetworkSize after)
    {
        var step = new StepReport(name, before, after, [.. _pending]);
        _pending.Clear();
        if (!step.IsEmpty) _steps.Add(step);
    }
}
