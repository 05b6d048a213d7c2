using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>
/// The state of a model while it is read: variable tensors and resource variables. Each has a value at the start of a run; operators that
/// write it give it another, which is the one that later operators read.
/// </summary>
internal sealed class TfLiteState(GraphEditor graph)
{
    private readonly Dictionary<string, (Value Current, TensorData Initial)> _variables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorData> _initial = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _now = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];

    /// <summary>The value a variable has at this point of the model.</summary>
    /// <param name="key">Tells variables apart.</param>
    /// <param name="name">Name for people.</param>
    /// <param name="type">Type, shape and quantisation.</param>
    public int Read(string key, string name, TensorType type)
    {
        if (_now.TryGetValue(key, out int now)) return now;
        Value current = graph.AddValue(name, type);
        _variables.Add(key, (current, _initial.TryGetValue(key, out TensorData? initial) && initial.Type == type.Type && initial.Count == type.Shape.Elements
            ? initial.Reshape(type.Shape) : Zero(type)));
        _order.Add(key);
        return _now[key] = current.Id;
    }

    /// <summary>Gives a variable another value.</summary>
    public void Write(string key, string name, Value value)
    {
        Read(key, name, value.TensorType);
        _now[key] = value.Id;
    }

    /// <summary>Sets the content before the first run.</summary>
    public void Initialise(string key, TensorData content) => _initial[key] = content;

    /// <summary>The values that all variables have at this point.</summary>
    public Dictionary<string, int> Snapshot() => new(_now, StringComparer.Ordinal);

    /// <summary>Goes back to earlier values; variables that were not read then have the value of the start.</summary>
    public void Restore(Dictionary<string, int> values)
    {
        foreach (string key in _order) _now[key] = values.TryGetValue(key, out int value) ? value : _variables[key].Current.Id;
    }

    /// <summary>Joins the values of now with those of another way to this point.</summary>
    /// <param name="other">The values on the other way.</param>
    /// <param name="choose">The value to go on with, from the other one and the one of now.</param>
    public void Merge(Dictionary<string, int> other, Func<int, int, int> choose)
    {
        foreach (string key in _order) _now[key] = choose(other.TryGetValue(key, out int value) ? value : _variables[key].Current.Id, _now[key]);
    }

    /// <summary>Hands the state to the graph when all operators are read.</summary>
    public void Finish()
    {
        foreach (string key in _order)
            graph.States.Add(new StateVariable(_variables[key].Current.Name, _variables[key].Current.Id, _now[key], _variables[key].Initial));
    }

    // TFLite Micro fills every byte with the zero point, whatever the type.
    private static TensorData Zero(TensorType type)
    {
        TensorData data = TensorData.Initial(type.Type, type.Shape);
        if (type.Quantization is { IsPerTensor: true } q && type.Type.IsByte()) data.Bytes.AsSpan().Fill(unchecked((byte)q.ZeroPoint));
        return data;
    }
}
