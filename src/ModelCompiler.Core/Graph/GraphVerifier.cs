namespace ModelCompiler.Core.Graph;

/// <summary>Checks what every graph must satisfy; runs between passes.</summary>
internal static class GraphVerifier
{
    /// <summary>Throws when a value is used before it is computed, computed twice, or has another type than its operator says.</summary>
    /// <exception cref="InvalidOperationException">The graph is inconsistent: a defect of the pass that made it.</exception>
    public static void Verify(ModelGraph graph, string after)
    {
        var known = new HashSet<int>(graph.Inputs);
        known.UnionWith(graph.States.Select(s => s.Current));
        known.UnionWith(graph.Values.Values.Where(v => v.Constant is not null).Select(v => v.Id));
        foreach (Node node in graph.Nodes)
        {
            foreach (int input in node.Inputs.Where(i => i >= 0))
            {
                Require(graph.Values.ContainsKey(input), $"{node.Label} uses value {input}, which does not exist");
                Require(known.Contains(input), $"{node.Label} uses '{graph.Values[input].Name}' before it is computed");
            }

            IReadOnlyList<TensorType> inferred = node.Operator.Infer(new Operators.InferenceContext([.. node.Inputs.Select(i => i < 0 ? null
                : graph.Values[i])]));
            for (int i = 0; i < node.Outputs.Length; i++)
            {
                Value output = graph.Values[node.Outputs[i]];
                Require(known.Add(output.Id), $"'{output.Name}' is computed twice");
                Require(output.Shape == inferred[i].Shape, $"{node.Label} computes shape {inferred[i].Shape}, but '{output.Name}' has {output.Shape}");
                Require(output.TensorType.Holds(inferred[i].Type), $"{node.Label} computes {inferred[i].Type}, but '{output.Name}' is {output.Type}");
            }
        }

        foreach (Value value in graph.Values.Values)
        {
            Require(value.Constant is null || (value.Constant.Shape == value.Shape && value.Constant.Type == value.Type),
                $"constant '{value.Name}' has another type or shape than its content");
        }

        foreach (int output in graph.Outputs) Require(known.Contains(output), "an output is never computed");

        foreach (StateVariable state in graph.States)
        {
            (Value current, Value next) = (graph.Values[state.Current], graph.Values[state.Next]);
            Require(known.Contains(state.Next), $"the next content of state '{state.Name}' is never computed");
            Require(current.Type == next.Type && current.Shape == next.Shape,
                $"state '{state.Name}' is {current.Type} {current.Shape} and becomes {next.Type} {next.Shape}");
            Require(state.Initial.Type == current.Type && state.Initial.Shape == current.Shape,
                $"state '{state.Name}' has an initial content of another type or shape");
        }

        void Require(bool condition, string problem)
        {
            if (!condition) throw new InvalidOperationException($"After {after}: {problem}.");
        }
    }
}
