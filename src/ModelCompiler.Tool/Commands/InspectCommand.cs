using System.CommandLine;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.Engines;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary><c>inspect</c>: what a model is and what it costs.</summary>
internal sealed class InspectCommand() : ModelCommand("inspect", "Shows inputs, outputs, operators, arithmetic and memory of a model as it is compiled.")
{
    /// <inheritdoc/>
    protected override Report Execute(CompiledModel model, ParseResult parsed)
    {
        ModelPlan plan = model.Plan;
        return new InspectReport(
            plan.ModelFile,
            plan.ModelSha256,
            plan.Target,
            plan.Options,
            [.. plan.Inputs.Select(e => EdgeReport.Of(EngineEdge.Of(plan, e)))],
            [.. plan.Outputs.Select(e => EdgeReport.Of(EngineEdge.Of(plan, e)))],
            Operators(model.Graph, plan),
            model.Macs,
            model.WeightBytes,
            plan.ArenaBytes,
            model.Result.Report!.LiveBytes.DefaultIfEmpty(plan.ArenaBytes).Max(),
            [.. plan.Notes]);
    }

    // Steps carry the names of their nodes, in the nodes' order. Names need not be unique: nodes that share one share its steps,
    // one each as long as there are enough.
    private static List<OperatorReport> Operators(ModelGraph graph, ModelPlan plan)
    {
        Dictionary<string, Queue<StepPlan>> steps = plan.Steps.GroupBy(s => s.Name).ToDictionary(g => g.Key, g => new Queue<StepPlan>(g));
        Dictionary<string, int> nodesLeft = graph.Nodes.GroupBy(n => n.Name).ToDictionary(g => g.Key, g => g.Count());
        var reports = new List<OperatorReport>();
        foreach (Node node in graph.Nodes)
        {
            Queue<StepPlan> own = steps.TryGetValue(node.Name, out Queue<StepPlan>? found) ? found : [];
            int left = nodesLeft[node.Name]--;
            int take = Math.Max(own.Count - left + 1, Math.Min(own.Count, 1));
            List<StepPlan> taken = [.. Enumerable.Range(0, take).Select(_ => own.Dequeue())];
            Value output = graph.Values[node.Outputs[0]];
            reports.Add(new OperatorReport(
                node.Operator.Name,
                node.Name,
                node.Origin,
                [.. node.Inputs.Where(i => i >= 0).Select(i => graph.Values[i]).Where(v => v.Constant is null).Select(v => v.Shape.ToArray())],
                [.. output.Shape],
                EdgeReport.NameOf(output.Type),
                taken.Sum(s => s.Kernel.Macs),
                [.. taken.Select(s => s.Kernel.Summary)]));
        }

        return reports;
    }
}
