using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators.Reference;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators;

/// <summary>A function of every element of an 8-bit tensor, as a table of 256 entries: the float function of the library,
/// rounded to nearest even. Post-training quantisation makes it.</summary>
/// <param name="Function">The function of one tensor.</param>
public sealed record TabulatedFunction(Elementwise Function) : Operator
{
    // Smooth or piecewise smooth, so that 256 points describe them.
    private static readonly string[] Suited = ["Gelu", "GeluTanh", "Swish", "Mish", "Softsign", "Selu", "Celu", "ThresholdedRelu", "Erf"];

    /// <inheritdoc/>
    public override string Name => Function.Name;

    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => QuantizationRule.Integer;

    /// <inheritdoc/>
    public override bool IsElementwise => true;

    /// <summary>The operator on 8-bit tensors, or null when a table does not do for it.</summary>
    public static TabulatedFunction? For(Operator op) =>
        op is Elementwise { Output: null } function && Suited.Contains(function.Function) ? new(function) : null;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context) => [new TensorType(context[0].Type, context[0].Shape)];

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context) => Implementation.Lookup(Table(context.Input(0), context.Output(0)));

    private byte[] Table(Value input, Value output)
    {
        (float scale, int zero, int first) = (input.Q.Scale, input.Q.ZeroPoint, input.Type.MinValue());
        float[] reals = [.. Enumerable.Range(first, 256).Select(i => (i - zero) * scale)];
        float[] results = ReferenceInterpreter.Apply(Function, reals);
        (int min, int max, QuantizationParameters q) = (output.Type.MinValue(), output.Type.MaxValue(), output.Q);
        return ByteTensors.Table(input.Type, i => results[i - first] is var y && float.IsNaN(y) ? q.ZeroPoint
            : Requantization.Quantize(y, q.Scale, q.ZeroPoint, min, max));
    }
}
