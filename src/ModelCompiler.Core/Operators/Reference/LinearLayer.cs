using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators.Reference;

/// <summary>
/// What convolution and fully connected layers have in common: inputs activations, weights (output channels first) and optional bias; and how they are
/// computed, in float, or in integers by the kernel that makes the best offer.
/// </summary>
internal static class LinearLayer
{
    /// <summary>Stops unless activations, weights and bias are all real numbers or all quantised.</summary>
    public static void RequireTypes(InferenceContext context)
    {
        (Value input, Value weights) = (context[0], context[1]);
        InferenceContext.RequireReal(input);
        InferenceContext.RequireReal(weights);
        InferenceContext.Require((input.IsQuantized || input.IsQuantized16) == weights.IsQuantized,
            $"Activations of type {input.Type} do not go with weights of type {weights.Type}.", "Quantise both or none.");
        InferenceContext.Require(
            context.Optional(2) is not { } bias || (bias.Type == ElementType.Float32) == (input.Type == ElementType.Float32),
            $"A bias of type {context.Optional(2)?.Type} does not go with activations of type {input.Type}.",
            "Export the model again with a bias of the layer's own type.");
    }

    /// <summary>How a layer is computed: weights and biases may be any values for the reference interpreter, but kernels pack constants.</summary>
    public static Implementation Choose(ChoiceContext context, ConvGeometry shape, ActivationRange activation)
    {
        (Value input, Value output) = (context.Input(0), context.Output(0));
        Implementation chosen = input.IsQuantized16 ? Int16Calls.Layer(context, shape, activation)
            : output.IsQuantized ? Integers(context, shape, activation)
            : output.Type == ElementType.Float32 ? Implementation.Kernels(e => EvaluateFloat(e, shape, activation), l => LowerFloat(l, shape, activation))
            : throw new ModelCompilationException("MC1012", $"The result is of type {output.Type} and has no scale.",
                "Export the model again with the quantisation of every tensor.");
        return Implementation.Kernels(chosen.Evaluate, l =>
        {
            if (l.Input(1).Constant is null)
                throw l.Unsupported("A layer whose weights are computed at run time",
                    "Make the weights an initializer, or fold what computes them before exporting.");
            if (l.HasInput(2) && l.Input(2).Constant is null)
                throw l.Unsupported("A layer whose bias is computed at run time", "Make the bias an initializer.");
            chosen.Lower(l);
        }, shape.Macs);
    }

    private static void EvaluateFloat(EvaluationContext context, ConvGeometry shape, ActivationRange activation)
    {
        TensorData output = context.Output(0);
        ConvolutionReference.Run<float>(shape, context.Input(0).Floats, context.Input(1).Floats, context.HasInput(2) ? context.Input(2).Floats : [],
            (at, _, sums) =>
        {
            Span<float> results = output.Floats[at..];
            for (int i = 0; i < sums.Length; i++) results[i] = activation.Apply(sums[i]);
        });
    }

    private static void LowerFloat(LoweringContext context, ConvGeometry s, ActivationRange activation)
    {
        float[] weights = context.Input(1).Constant!.ToFloats();
        float[] bias = context.HasInput(2) ? context.Input(2).Constant!.ToFloats() : new float[s.OutChannels];
        if (s.IsDepthwise)
        {
            int unit = DepthwiseConvFloat32.UnitOf(context.Isas, s);
            context.Emit(new DepthwiseConvFloat32(
                context.In(0), context.Out(0), context.Scratch(ElementType.Float32, DepthwiseConvFloat32.RowElements(s)),
                context.FloatWeights(DepthwiseConvFloat32.Pack(weights, s.Channels, s.Taps, unit), takesHalves: false).Weights,
                context.Table("Bias", ElementType.Float32, Enumerable.Range(0, unit).Select(i => (double)bias[i % s.Channels])),
                s, activation.Min, activation.Max));
        }
        else
        {
            int block = ConvFloat32.BlockOf(context.Isas, s.OutPerGroup);
            (TensorRef input, TensorRef output, TensorRef rows) =
                (context.In(0), context.Out(0), context.Scratch(ElementType.Float32, ConvFloat32.RowElements(s)));
            (WeightsRef packed, bool areHalves) = context.FloatWeights(ConvFloat32.Pack(weights, s.Groups, s.OutChannels, s.Taps, block), takesHalves: true);
            context.Emit(new ConvFloat32(input, output, rows, packed,
                context.Table("Bias", ElementType.Float32, PadPerGroup(bias.Select(b => (double)b), s, block)), s, activation.Min, activation.Max, areHalves));
        }
    }

    private static Implementation Integers(ChoiceContext context, ConvGeometry shape, ActivationRange activation)
    {
        (Value input, Value weights, Value output) = (context.Input(0), context.Input(1), context.Output(0));
        (int min, int max) = activation.Quantized(output);
        (bool isFixed, int zero) = (context.Mode == RequantizationMode.FixedPoint, output.Q.ZeroPoint);
        double[] factors = Factors(input, weights, output, shape);
        return Implementation.Kernels(Evaluate, lowering => lowering.Emit(LinearKernels.Choose(Task(lowering, shape, activation))));

        void Evaluate(EvaluationContext e)
        {
            TensorData result = e.Output(0);
            float[] scales = [.. factors.Select(f => (float)f)];
            (int Multiplier, int Shift)[] multipliers = [.. factors.Select(Requantization.QuantizeMultiplier)];
            int[] bias = e.HasInput(2) ? e.Input(2).ToInt32s() : [];
            ConvolutionReference.Run<int>(shape, ByteTensors.Centred(e.Input(0), input), ByteTensors.Centred(e.Input(1), weights), bias, (at, channel, sums) =>
            {
                for (int i = 0; i < sums.Length; i++)
                {
                    int c = channel + i;
                    result.Bytes[at + i] = ByteTensors.Byte(isFixed
                        ? Requantization.FixedPoint(sums[i], multipliers[c].Multiplier, multipliers[c].Shift, zero, min, max)
                        : Requantization.Float(sums[i], scales[c], zero, min, max));
                }
            });
        }
    }

    /// <summary>A layer on 8-bit integers, as families of kernels get to see it.</summary>
    public static LinearTask Task(LoweringContext context, ConvGeometry shape, ActivationRange activation)
    {
        (Value input, Value weights, Value output) = (context.Input(0), context.Input(1), context.Output(0));
        (int min, int max) = activation.Quantized(output);
        return new LinearTask
        {
            Isas = context.Isas,
            Geometry = shape,
            Weights = ByteTensors.Centred(weights.Constant!, weights),
            Bias = context.HasInput(2) ? context.Input(2).Constant!.ToInt32s() : new int[shape.OutChannels],
            Factors = Factors(input, weights, output, shape),
            FixedPoint = context.Mode == RequantizationMode.FixedPoint,
            SignedInput = input.Type == ElementType.Int8,
            InZero = input.Q.ZeroPoint,
            OutZero = output.Q.ZeroPoint,
            Min = min,
            Max = max,
        };
    }

    /// <summary>input scale × weight scale ÷ output scale, per output channel. The TFLite reference multiplies in float where one weight scale serves a dense
    /// layer, or uint8.</summary>
    public static double[] Factors(Value input, Value weights, Value output, ConvGeometry shape)
    {
        bool inFloat = weights.Q.IsPerTensor && (IsFullyConnected(weights) || input.Type == ElementType.UInt8);
        return [.. Enumerable.Range(0, shape.OutChannels).Select(c =>
            (inFloat ? input.Q.Scale * weights.Q.Scale : (double)input.Q.Scale * weights.Q.ScaleOf(c)) / output.Q.Scale)];
    }

    /// <summary>True for the weights of a fully connected layer, which are a matrix.</summary>
    public static bool IsFullyConnected(Value weights) => weights.Shape.Rank == 2;

    private static IEnumerable<double> PadPerGroup(IEnumerable<double> values, ConvGeometry s, int block)
    {
        int padded = (s.OutPerGroup + block - 1) / block * block;
        return values.Chunk(s.OutPerGroup).SelectMany(group => group.Concat(new double[padded - group.Length]));
    }
}
