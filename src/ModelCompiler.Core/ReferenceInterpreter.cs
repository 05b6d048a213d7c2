using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core;

/// <summary>
/// Runs a graph, float or integer, by the operators' reference semantics: the oracle for every other engine. Several threads may run it at once,
/// unless the graph keeps state from run to run.
/// </summary>
internal sealed class ReferenceInterpreter(ModelGraph graph, RequantizationMode mode)
{
    private readonly Dictionary<int, TensorData> _state = graph.States.ToDictionary(s => s.Current, s => s.Initial);

    /// <summary>Sets what lives from run to run back to its initial content.</summary>
    public void Reset()
    {
        foreach (StateVariable state in graph.States) _state[state.Current] = state.Initial;
    }

    /// <summary>Computes the outputs.</summary>
    /// <param name="inputs">One tensor per input of the graph, of its type and shape.</param>
    /// <param name="observe">Is shown every computed value; for calibration and comparisons.</param>
    public IReadOnlyList<TensorData> Run(IReadOnlyList<TensorData> inputs, Action<Value, TensorData>? observe = null)
    {
        var data = new Dictionary<int, TensorData>(_state);
        for (int i = 0; i < inputs.Count; i++)
        {
            Value value = graph.Values[graph.Inputs[i]];
            if (inputs[i].Type != value.Type || inputs[i].Count != value.Shape.Elements)
            {
                throw new ArgumentException($"Input '{value.Name}' is {value.Type} of shape {value.Shape}, not {inputs[i].Type} of shape {inputs[i].Shape}.",
                    nameof(inputs));
            }

            data[value.Id] = inputs[i].Reshape(value.Shape);
            observe?.Invoke(value, data[value.Id]);
        }

        foreach (Node node in graph.Nodes)
        {
            TensorData[] outputs = EvaluateNode(node, id => graph.Values[id], Lookup, mode);
            for (int i = 0; i < outputs.Length; i++)
            {
                data[node.Outputs[i]] = outputs[i];
                observe?.Invoke(graph.Values[node.Outputs[i]], outputs[i]);
            }
        }

        foreach (StateVariable state in graph.States) _state[state.Current] = Lookup(state.Next);
        return [.. graph.Outputs.Select(Lookup)];

        TensorData Lookup(int id) => graph.Values[id].Constant ?? data[id];
    }

    /// <summary>What an operator on floats that works element by element gives at some points.</summary>
    internal static float[] Apply(Operator function, float[] points)
    {
        var shape = new Shape(points.Length);
        var value = new Value(0, "x", ElementType.Float32, shape);
        return EvaluateNode(new Node("function", "", function, [0], [1]), id => value with { Id = id }, _ => TensorData.Of(shape, points),
            RequantizationMode.Float)[0].ToFloats();
    }

    /// <summary>Computes one node.</summary>
    public static TensorData[] EvaluateNode(Node node, Func<int, Value> values, Func<int, TensorData> data, RequantizationMode mode)
    {
        var context = new EvaluationContext(node, values, data, mode);
        try
        {
            node.Operator.Evaluate(context);
        }
        catch (ModelCompilationException e)
        {
            throw e.At(node.Label);
        }

        return context.Outputs;
    }
}
