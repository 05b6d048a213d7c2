using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Compression;

/// <summary>Where the result of a layer is added to a value that is known already, the layer can take over that one's error.</summary>
internal static class Residual
{
    /// <summary>True for a sum of two values.</summary>
    public static bool IsSum(Node node) => node.Operator is Binary { Kind: BinaryKind.Add };

    /// <summary>The value that a layer's result is added to and used for nothing else; null when there is none.</summary>
    /// <param name="layer">A layer of the float network.</param>
    /// <param name="result">The value that it computes, in the network of the consumers.</param>
    /// <param name="consumers">Who uses which value.</param>
    public static int? OtherTerm(Node layer, int result, ILookup<int, Node> consumers)
    {
        if (!((IFusesActivation)layer.Operator).Activation.IsNone || consumers[result].ToArray() is not [var add] || !IsSum(add)) return null;
        int other = add.Inputs[0] == result ? add.Inputs[1] : add.Inputs[0];
        return other == result ? null : other;
    }

    /// <summary>What the layer should compute, for each sample, so that the sum comes out right.</summary>
    /// <param name="sums">What it should compute alone.</param>
    /// <param name="should">The other term as it should be, in float.</param>
    /// <param name="actual">The other term as it is.</param>
    /// <param name="value">How its elements read.</param>
    public static TensorData[] WithErrorOf(TensorData[] sums, TensorData[] should, TensorData[] actual, Value value) =>
        [.. sums.Select((s, i) => TensorData.Of(s.Shape,
            [.. s.ToFloats().Select((y, j) => y + should[i].Floats[j] - (float)QuantizedSample.Real(actual[i], value, j))]))];
}
