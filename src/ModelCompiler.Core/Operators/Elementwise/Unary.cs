using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Library;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators.Reference;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// A function of the real number that every element is or stands for; <see cref="Elementwise"/> takes elements as they are, of any type.
/// On 8-bit integers it is a table of 256 entries: the real function, rounded to nearest even, or in fixed-point mode what the TFLite reference kernels
/// compute (clamps, leaky ReLU, and sigmoid and tanh with their usual output scales).
/// </summary>
/// <param name="Kind">The function.</param>
/// <param name="Alpha">Its first constant.</param>
/// <param name="Beta">Its second constant.</param>
internal sealed record Unary(UnaryKind Kind, float Alpha = 0, float Beta = 0) : Operator, IClampingActivation
{
    /// <summary>A clamp.</summary>
    public static Unary Clamp(ActivationRange range) => new(UnaryKind.Clamp, range.Min, range.Max);

    /// <inheritdoc/>
    public ActivationRange? Range => Kind == UnaryKind.Clamp ? new ActivationRange(Alpha, Beta) : null;

    /// <inheritdoc/>
    public override string Name => Kind.ToString();

    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => Kind is UnaryKind.Sigmoid or UnaryKind.Tanh ? QuantizationRule.Fixed : QuantizationRule.Integer;

    /// <inheritdoc/>
    public override QuantizationParameters? FixedQuantization => FixedOutput(ElementType.Int8);

    /// <inheritdoc/>
    public override bool NeedsRelativePrecision(int input) => Kind is UnaryKind.Log or UnaryKind.Sqrt or UnaryKind.Reciprocal;

    /// <inheritdoc/>
    public override bool IsElementwise => true;

    /// <summary>Type of the output. Sigmoid and tanh of 8-bit integers have a fixed scale: 1/256 from zero, 1/128 around zero.</summary>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        return [new TensorType(input.Type, input.Shape, input.IsQuantized ? FixedOutput(input.Type) : null)];
    }

    private QuantizationParameters? FixedOutput(ElementType type) => Kind switch
    {
        UnaryKind.Sigmoid => new QuantizationParameters(1f / 256, type.MinValue()),
        UnaryKind.Tanh => new QuantizationParameters(1f / 128, type.MinValue() + 128),
        _ => null,
    };

    /// <summary>The function of a real number.</summary>
    public float Apply(float x) => Kind switch
    {
        UnaryKind.Clamp => Math.Min(Math.Max(x, Alpha), Beta),
        UnaryKind.Sigmoid => 1 / (1 + MathF.Exp(-x)),
        UnaryKind.Tanh => MathF.Tanh(x),
        UnaryKind.Abs => MathF.Abs(x),
        UnaryKind.Negate => -x,
        UnaryKind.Exp => MathF.Exp(x),
        UnaryKind.Log => MathF.Log(x),
        UnaryKind.Sqrt => MathF.Sqrt(x),
        UnaryKind.Reciprocal => 1 / x,
        UnaryKind.LeakyRelu => x > 0 ? x : x * Alpha,
        UnaryKind.Elu => x > 0 ? x : Alpha * (MathF.Exp(x) - 1),
        UnaryKind.Softplus => Math.Max(x, 0) + MathF.Log(1 + MathF.Exp(-MathF.Abs(x))),
        UnaryKind.HardSigmoid => Math.Min(Math.Max((x * Alpha) + Beta, 0), 1),
        _ => x * Math.Min(Math.Max(x + 3, 0), 6) / 6,
    };

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context)
    {
        (Value input, Value output) = (context.Input(0), context.Output(0));
        if (input.IsQuantized16) return Int16Calls.Unary(context, this);
        if (output.IsQuantized) return Implementation.Lookup(Table(input, output, context.Mode));
        if (input.Type != ElementType.Float32) throw context.Unsupported($"{Name} of {input.Type}", "Compute it in float.");
        return Implementation.Kernels(
            EvaluateFloat, l => l.EmitInPlace(new UnaryFloat32(l.In(0), l.Out(0), Kind, Alpha, Beta, input.Shape.Elements)));
    }

    private void EvaluateFloat(EvaluationContext context)
    {
        Span<float> output = context.Output(0).Floats;
        ReadOnlySpan<float> elements = context.Input(0).Floats;
        for (int i = 0; i < output.Length; i++) output[i] = Apply(elements[i]);
    }

    /// <summary>The output byte for each input byte.</summary>
    internal byte[] Table(Value input, Value output, RequantizationMode mode) => ByteTensors.Table(input.Type, Function(input, output, mode));

    private Func<int, int> Function(Value input, Value output, RequantizationMode mode)
    {
        (float scale, int zero, QuantizationParameters q) = (input.Q.Scale, input.Q.ZeroPoint, output.Q);
        (int min, int max) = (output.Type.MinValue(), output.Type.MaxValue());
        double factor = (double)scale / q.Scale;
        bool isFixed = mode == RequantizationMode.FixedPoint;
        if (Range is { } range)
        {
            (int low, int high) = range.Quantized(output);
            (int multiplier, int shift) = Requantization.QuantizeMultiplier(factor);
            return x => isFixed ? Requantization.FixedPoint(x - zero, multiplier, shift, q.ZeroPoint, low, high)
                : Requantization.Float(x - zero, (float)factor, q.ZeroPoint, low, high);
        }

        if (isFixed && q == FixedOutput(output.Type)) return GemmlowpFunction(scale, zero, q.ZeroPoint, min, max);
        if (isFixed && Kind == UnaryKind.LeakyRelu)
        {
            (int multiplier, int shift) = Requantization.QuantizeMultiplier(scale / q.Scale);
            (int alpha, int alphaShift) = Requantization.QuantizeMultiplier(scale * Alpha / q.Scale);
            return x => x >= zero ? Requantization.FixedPoint(x - zero, multiplier, shift, q.ZeroPoint, min, max)
                : Requantization.FixedPoint(x - zero, alpha, alphaShift, q.ZeroPoint, min, max);
        }

        return x => Apply((x - zero) * scale) is var y && float.IsNaN(y) ? q.ZeroPoint : Requantization.Quantize(y, q.Scale, q.ZeroPoint, min, max);
    }

    // Sigmoid and tanh in integers: the input in Q4, the function in Q0, rounded to 8 or 7 fractional bits.
    private Func<int, int> GemmlowpFunction(float scale, int zero, int outZero, int min, int max)
    {
        const int IntegerBits = 4;
        (int multiplier, int shift) = Requantization.QuantizeMultiplier(scale * (double)(1 << (31 - IntegerBits)));
        int radius = Routine.InputRadius(IntegerBits, shift);
        return x =>
        {
            int input = x - zero;
            if (input <= -radius) return min;
            if (input >= radius) return max;
            int scaled = Requantization.MultiplyByQuantizedMultiplier(input, multiplier, shift);
            int result = Kind == UnaryKind.Sigmoid
                ? Requantization.RoundingDivideByPowerOfTwo(Routine.Logistic(scaled, IntegerBits), 23)
                : Requantization.RoundingDivideByPowerOfTwo(Routine.Tanh(scaled, IntegerBits), 24);
            return Math.Clamp(result + outZero, min, max);
        };
    }
}
