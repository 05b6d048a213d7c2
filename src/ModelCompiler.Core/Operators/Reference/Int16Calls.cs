using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators.Reference;

/// <summary>
/// How operators compute on int16 activations: with the routines that do as the TFLite reference kernels do, in both modes. Weights are int8,
/// sums have 64 bits.
/// </summary>
internal static class Int16Calls
{
    /// <summary>A convolution or fully connected layer.</summary>
    public static LibraryCall Layer(ChoiceContext context, ConvGeometry s, ActivationRange activation)
    {
        (Value input, Value weights, Value output) = (context.Input(0), context.Input(1), context.Output(0));
        if (weights.Type != ElementType.Int8 || output.Type != ElementType.Int16 || input.Q.ZeroPoint != 0 || output.Q.ZeroPoint != 0
            || weights.Q.ZeroPoints.Any(z => z != 0)) throw context.Unsupported("A layer with zero points or other weights than int8");
        // Convolutions with a bias of 32 bits, or none, have sums of 32 bits.
        bool wide = LinearLayer.IsFullyConnected(context.Input(1)) || s.IsDepthwise || (context.HasInput(2) && context.Input(2).Type != ElementType.Int32);
        (int min, int max) = activation.Quantized(output);
        LibraryCall call = new LibraryCall("Routine.ConvInt16").In(0, 1).Weights(Bias(context, s.OutChannels, ElementType.Int64)).Out(0)
            .Scratch(ElementType.Int16, s.Taps)
            .Costs((long)s.Batch * s.OutHeight * s.OutWidth * s.OutChannels * s.Taps);
        AddFactors(call, LinearLayer.Factors(input, weights, output, s));
        return call.Number(
            wide, s.Batch, s.Height, s.Width, s.Channels, s.OutHeight, s.OutWidth, s.OutChannels, s.WindowHeight, s.WindowWidth, s.StrideDown, s.StrideRight,
            s.DilationDown, s.DilationRight,
            s.PadTop, s.PadLeft, s.Groups, min, max);
    }

    /// <summary>Biases of a layer, or zeros.</summary>
    public static TensorData Bias(ChoiceContext context, int outputs, ElementType type)
    {
        var bias = new TensorData(type, new Shape(outputs));
        TensorData? given = context.HasInput(2) ? context.Constant(2, "biases of a layer") : null;
        for (int i = 0; i < outputs && given is not null; i++) bias.Set(i, given.ToDouble(i));
        return bias;
    }

    /// <summary>Adds tables of Q31 multipliers and shifts.</summary>
    public static void AddFactors(LibraryCall call, IEnumerable<double> factors)
    {
        List<(int Multiplier, int Shift)> parts = [.. factors.Select(Requantization.QuantizeMultiplier)];
        call.Table("Multiplier", parts.Select(f => f.Multiplier)).Table("Shift", parts.Select(f => f.Shift));
    }

    /// <summary>A sum, difference or product.</summary>
    public static LibraryCall Binary(ChoiceContext context, BinaryKind kind, ActivationRange activation)
    {
        (Value a, Value b, Value output) = (context.Input(0), context.Input(1), context.Output(0));
        if (kind == BinaryKind.Divide || a.Type != ElementType.Int16 || b.Type != ElementType.Int16 || output.Type != ElementType.Int16)
            throw context.Unsupported(kind.ToString());
        Broadcasting broadcasting = Broadcasting.Of(a.Shape, b.Shape, output.Shape);
        (int min, int max) = activation.Quantized(output);
        int[] axes = [.. broadcasting.Sizes, .. broadcasting.StepsA, .. broadcasting.StepsB];
        int rank = broadcasting.Sizes.Length;
        if (kind == BinaryKind.Multiply)
        {
            (int multiplier, int shift) = Requantization.QuantizeMultiplier((double)a.Q.Scale * b.Q.Scale / output.Q.Scale);
            return new LibraryCall("Routine.MultiplyInt16").In(0, 1).Out(0).Table("Axes", axes)
                .Number(rank, a.Q.ZeroPoint, b.Q.ZeroPoint, output.Q.ZeroPoint, multiplier, shift, min, max);
        }

        bool subtract = kind == BinaryKind.Subtract;
        int[] factors = new QuantizedArithmetic(kind, a, b, output, activation, sumShift: 15).FixedFactors;
        return new LibraryCall("Routine.AddInt16").In(0, 1).Out(0).Table("Axes", axes).Table("Factor", factors)
            .Number(rank, a.Q.ZeroPoint, b.Q.ZeroPoint, output.Q.ZeroPoint, subtract, min, max);
    }

    /// <summary>A function of every element.</summary>
    public static LibraryCall Unary(ChoiceContext context, Unary op)
    {
        (Value input, Value output) = (context.Input(0), context.Output(0));
        if (output.Type != ElementType.Int16) throw context.Unsupported(op.Name);
        int count = input.Shape.Elements;
        if (op.Range is { } range)
        {
            (int min, int max) = range.Quantized(output);
            return Requantize(input, output, min, max);
        }

        switch (op.Kind)
        {
            case UnaryKind.LeakyRelu:
                (int multiplier, int shift) = Requantization.QuantizeMultiplier(input.Q.Scale / output.Q.Scale);
                (int alpha, int alphaShift) = Requantization.QuantizeMultiplier(input.Q.Scale * op.Alpha / output.Q.Scale);
                return new LibraryCall("Routine.LeakyReluInt16").In(0).Out(0).InPlace((0, 0))
                    .Number(input.Q.ZeroPoint, output.Q.ZeroPoint, multiplier, shift, alpha, alphaShift, count);
            case UnaryKind.Sigmoid or UnaryKind.Tanh:
                (int tableMultiplier, int tableShift) = TableFactor(input.Q.Scale, op.Kind == UnaryKind.Tanh);
                return new LibraryCall(op.Kind == UnaryKind.Tanh ? "Routine.Tanhs" : "Routine.Sigmoids").In(0).Out(0).InPlace((0, 0))
                    .Number(tableMultiplier, tableShift, count);
            default:
                throw context.Unsupported(op.Name);
        }
    }

    // Scales that are 2^-12 or a little coarser power of two are multiplied by 3 only; others by up to 2¹⁵ and shifted, as the reference prepares it.
    private static (int Multiplier, int Shift) TableFactor(float scale, bool isTanh)
    {
        int log2 = (int)MathF.Round(MathF.Log(scale) * (1 / MathF.Log(2)), MidpointRounding.AwayFromZero);
        bool isPowerOfTwo = MathF.Abs((MathF.Log(scale) * (1 / MathF.Log(2))) - log2) < 1e-3f;
        int left = 15 - 3 + log2;
        if (isPowerOfTwo && (left == 0 || (isTanh && left == 1))) return (3 << left, 0);
        double multiplier = (double)scale * 4096 * 3;
        int shift = 0;
        while (multiplier <= 32767.0 / 2 && shift <= 30)
        {
            shift++;
            multiplier *= 2;
        }

        return ((int)multiplier, shift);
    }

    /// <summary>Softmax of int16 or int8 rows to int16.</summary>
    public static LibraryCall Softmax(ChoiceContext context, int axis, float beta)
    {
        (Value input, Value output) = (context.Input(0), context.Output(0));
        if (axis != input.Shape.Rank - 1 || input.Type is not (ElementType.Int8 or ElementType.Int16)) throw context.Unsupported("This softmax");
        int length = input.Shape[axis], rows = input.Shape.ElementsBetween(0, axis);
        if (input.Type == ElementType.Int8)
        {
            var exponentials = new SoftmaxTable(input, output, beta, RequantizationMode.FixedPoint);
            return new LibraryCall("Routine.SoftmaxInt8ToInt16").In(0).Out(0).Table("Exp", exponentials.Exponentials).Number(rows, length);
        }

        (int multiplier, int shift) = Requantization.QuantizeMultiplier((double)input.Q.Scale * beta / (10.0 / 65535.0));
        return new LibraryCall("Routine.SoftmaxInt16").In(0).Out(0)
            .ShortTable("Exp", InterpolationTable(MathF.Exp, -10, 0)).ShortTable("Reciprocal", InterpolationTable(x => 1 / (1 + x), 0, 1))
            .Number(rows, length, multiplier, shift);
    }

    // 513 entries with 15 fractional bits, each moved by half the error that interpolation makes between it and the next (TFLite's gen_lut).
    private static double[] InterpolationTable(Func<float, float> function, float min, float max)
    {
        const int Steps = 512;
        float step = (max - min) / Steps, half = step / 2, scale = 65536f / 2;
        var table = new double[Steps + 1];
        for (int i = 0; i < Steps; i++)
        {
            float value = Round(function(min + (i * step)) * scale);
            float middle = Round(((function(min + ((i + 1) * step)) * scale) + value) / 2);
            float bias = Round((middle - Round(function(min + (i * step) + half) * scale)) / 2);
            table[i] = Math.Clamp(value - bias, short.MinValue, short.MaxValue);
        }

        table[Steps] = Math.Clamp(Round(function(max) * scale), short.MinValue, short.MaxValue);
        return table;

        static float Round(float x) => MathF.Round(x, MidpointRounding.AwayFromZero);
    }

    /// <summary>A pool.</summary>
    public static LibraryCall Pool(ChoiceContext context, Pool pool)
    {
        (Value input, Value output) = (context.Input(0), context.Output(0));
        if (output.Quantization != input.Quantization || pool.DilationDown != 1 || pool.DilationRight != 1 || pool.CountIncludePad)
            throw context.Unsupported(pool.Name);
        (int min, int max) = pool.Activation.Quantized(output);
        return new LibraryCall("Routine.PoolInt16").In(0).Out(0).Number(
            pool.Kind == PoolKind.Average, input.Shape[0], input.Shape[1], input.Shape[2], input.Shape[3], output.Shape[1], output.Shape[2], pool.WindowHeight,
            pool.WindowWidth,
            pool.StrideDown, pool.StrideRight, pool.PadTop, pool.PadLeft, min, max);
    }

    /// <summary>A change of scale among integers of any widths.</summary>
    public static LibraryCall Requantize(Value input, Value output, int min, int max)
    {
        (int multiplier, int shift) = Requantization.QuantizeMultiplier((double)input.Q.Scale / output.Q.Scale);
        return new LibraryCall("Routine.Requantize", input.Type.Name(), output.Type.Name()).In(0).Out(0)
            .Number(input.Q.ZeroPoint, output.Q.ZeroPoint, multiplier, shift, min, max, input.Shape.Elements);
    }
}
