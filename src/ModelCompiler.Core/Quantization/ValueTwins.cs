using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>Which value of a compiled network stands for which of the original.</summary>
internal static class ValueTwins
{
    /// <summary>By number of the original's value, the number of the compiled one; constants have none.</summary>
    /// <param name="original">The float network.</param>
    /// <param name="compiled">The network made of it.</param>
    /// <param name="originals">The original's value that a compiled one stands for, by number; where empty, names tell.</param>
    public static Dictionary<int, int> Find(ModelGraph original, ModelGraph compiled, IReadOnlyDictionary<int, int> originals)
    {
        Dictionary<int, int> twins = originals.Count > 0 ? ByNumber(compiled, originals) : ByName(original, compiled);
        for (int i = 0; i < original.Inputs.Length; i++) twins.TryAdd(original.Inputs[i], compiled.Inputs[i]);
        return twins.Where(t => original.Values.TryGetValue(t.Key, out Value? from) && from.Constant is null && from.Shape == compiled.Values[t.Value].Shape)
            .OrderBy(t => t.Key).ToDictionary();
    }

    // What stands there in integers is what following layers see, so it comes before floats of the same value.
    private static Dictionary<int, int> ByNumber(ModelGraph compiled, IReadOnlyDictionary<int, int> originals)
    {
        var twins = new Dictionary<int, int>();
        foreach (Value value in compiled.Inputs.Concat(compiled.Nodes.SelectMany(n => n.Outputs)).Select(i => compiled.Values[i])
            .OrderBy(v => v.IsAffine ? 0 : 1))
        {
            if (originals.TryGetValue(value.Id, out int twin)) twins.TryAdd(twin, value.Id);
        }

        return twins;
    }

    // Values keep their names; what computes them in integers comes first, conversions of the same name after.
    private static Dictionary<int, int> ByName(ModelGraph original, ModelGraph compiled)
    {
        Dictionary<string, int> names = compiled.Nodes.Where(n => n.Operator is not (Quantize or Dequantize)).SelectMany(n => n.Outputs)
            .GroupBy(o => compiled.Values[o].Name).Where(g => g.Count() == 1).ToDictionary(g => g.Key, g => g.First());
        return original.Nodes.SelectMany(n => n.Outputs).Where(o => names.ContainsKey(original.Values[o].Name))
            .ToDictionary(o => o, o => names[original.Values[o].Name]);
    }
}
