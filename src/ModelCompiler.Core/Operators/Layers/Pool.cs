using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators.Reference;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Maximum or mean of a window that slides over images [N, H, W, C]. Float means: summed in window order, then divided by the count.
/// 8-bit means: the int32 sum less the zero points, requantised with input scale ÷ (output scale × count); in fixed-point mode, where both sides have one
/// quantisation, the sum of the integers divided by the count and rounded half away from zero, as TFLite does. 8-bit maxima hand the integers on.
/// </summary>
/// <param name="Kind">Maximum or mean.</param>
/// <param name="WindowHeight">Rows of the window.</param>
/// <param name="WindowWidth">Columns of the window.</param>
/// <param name="StrideDown">Rows from one window to the next.</param>
/// <param name="StrideRight">Columns from one window to the next.</param>
/// <param name="PadTop">Rows of padding above, which never win a maximum.</param>
/// <param name="PadLeft">Columns of padding on the left.</param>
/// <param name="PadBottom">Rows of padding below.</param>
/// <param name="PadRight">Columns of padding on the right.</param>
/// <param name="CountIncludePad">True when padding counts as zeros in a mean, false when it does not count.</param>
/// <param name="Activation">Fused activation.</param>
public sealed record Pool(
    PoolKind Kind, int WindowHeight, int WindowWidth, int StrideDown, int StrideRight, int PadTop, int PadLeft, int PadBottom, int PadRight,
    bool CountIncludePad,
    ActivationRange Activation) : Operator, IFusesActivation
{
    /// <summary>Rows from one element of the window to the next.</summary>
    public int DilationDown { get; init; } = 1;

    /// <summary>Columns from one element of the window to the next.</summary>
    public int DilationRight { get; init; } = 1;

    /// <summary>True when a last window that reaches over the padding counts, if it starts before it.</summary>
    public bool CeilMode { get; init; }

    /// <inheritdoc/>
    public Operator WithActivation(ActivationRange activation) => this with { Activation = activation };

    /// <inheritdoc/>
    public override string Name => Kind + "Pool";

    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => QuantizationRule.SameAsInput;

    /// <inheritdoc/>
    public override SignRule Signs(SignContext context) =>
        Kind == PoolKind.Max || context.Mode == RequantizationMode.Float ? SignRule.AllTogether : SignRule.Keep;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        InferenceContext.RequireReal(input);
        InferenceContext.Require(input.Shape.Rank == 4, $"A pool needs images of rank 4, not {input.Shape}.");
        InferenceContext.Require(WindowHeight > 0 && WindowWidth > 0 && StrideDown > 0 && StrideRight > 0 && DilationDown > 0 && DilationRight > 0,
            "Windows, strides and dilations must be at least 1.");
        int spanDown = (WindowHeight - 1) * DilationDown, spanRight = (WindowWidth - 1) * DilationRight;
        InferenceContext.Require(PadTop >= 0 && PadLeft >= 0 && PadBottom >= 0 && PadRight >= 0 && PadTop <= spanDown && PadLeft <= spanRight,
            "Padding is negative or larger than the window.");
        int height = OutputSize(input.Shape[1], WindowHeight, StrideDown, DilationDown, PadTop, PadBottom);
        int width = OutputSize(input.Shape[2], WindowWidth, StrideRight, DilationRight, PadLeft, PadRight);
        InferenceContext.Require(height > 0 && width > 0, $"A window of {WindowHeight}×{WindowWidth} does not fit an image of "
            + $"{input.Shape[1]}×{input.Shape[2]}.");
        return [new TensorType(input.Type, new Shape(input.Shape[0], height, width, input.Shape[3]), input.Quantization)];
    }

    private int OutputSize(int input, int window, int stride, int dilation, int before, int after)
    {
        int floor = Conv.OutputSize(input, window, stride, dilation, before + after);
        bool rest = floor > 0 && (input + before + after - ((window - 1) * dilation) - 1) % stride != 0;
        return CeilMode && rest && floor * stride < input + before ? floor + 1 : floor;
    }

    // The elements of a window, from the first up to (not including) the last, that lie inside an axis of this size; also with the padding after it.
    private static (int First, int Last, int Counted) Inside(int start, int window, int dilation, int size, int after)
    {
        int first = start < 0 ? Math.Min(window, (-start + dilation - 1) / dilation) : 0;
        return (first, Math.Max(first, Fitting(size)), Fitting(size + after));

        int Fitting(int end) => Math.Clamp((end - start + dilation - 1) / dilation, 0, window);
    }

    /// <inheritdoc/>
    public override void Evaluate(EvaluationContext context)
    {
        if (context.InputValue(0).IsQuantized16)
        {
            Int16Calls.Pool(CallContext.Of(context), this).Evaluate(context);
            return;
        }

        (Shape shape, Shape result) = (context.InputValue(0).Shape, context.OutputValue(0).Shape);
        TensorData output = context.Output(0);
        bool quantized = context.OutputValue(0).IsQuantized;
        TensorData input = context.Input(0);
        int channels = shape[3];
        var taps = new List<int>();
        for (int pixel = 0; pixel < result[0] * result[1] * result[2]; pixel++)
        {
            int image = pixel / (result[1] * result[2]);
            int top = (pixel / result[2] % result[1] * StrideDown) - PadTop;
            int left = (pixel % result[2] * StrideRight) - PadLeft;
            (int firstRow, int lastRow, int rows) = Inside(top, WindowHeight, DilationDown, shape[1], PadBottom);
            (int firstColumn, int lastColumn, int columns) = Inside(left, WindowWidth, DilationRight, shape[2], PadRight);
            taps.Clear();
            for (int y = firstRow; y < lastRow; y++)
            {
                for (int x = firstColumn; x < lastColumn; x++)
                    taps.Add(((((image * shape[1]) + top + (y * DilationDown)) * shape[2]) + left + (x * DilationRight)) * channels);
            }

            int count = Math.Max(1, CountIncludePad ? rows * columns : taps.Count);
            for (int channel = 0; channel < channels; channel++)
            {
                int to = (pixel * channels) + channel;
                if (quantized) output.Bytes[to] = ByteTensors.Byte(Integer(context, input, taps, channel, count));
                else output.Floats[to] = Activation.Apply(Real(input.Floats, taps, channel, count));
            }
        }
    }

    private float Real(ReadOnlySpan<float> input, List<int> taps, int channel, int count)
    {
        float result = Kind == PoolKind.Max ? float.NegativeInfinity : 0;
        foreach (int tap in taps) result = Kind == PoolKind.Max ? Math.Max(result, input[tap + channel]) : result + input[tap + channel];
        return Kind == PoolKind.Max ? result : result / count;
    }

    private int Integer(EvaluationContext context, TensorData input, List<int> taps, int channel, int count)
    {
        (Value from, Value to) = (context.InputValue(0), context.OutputValue(0));
        (int min, int max) = Activation.Quantized(to);
        int sum = 0, largest = from.Type.MinValue();
        foreach (int tap in taps)
        {
            int element = ByteTensors.Integer(input.Bytes[tap + channel], input.Type);
            sum += element;
            largest = Math.Max(largest, element);
        }

        if (Kind == PoolKind.Max) return Math.Clamp(largest, min, max);
        int centred = sum - (taps.Count * from.Q.ZeroPoint);
        (double factor, int zero) = (Factor(from, to, count), to.Q.ZeroPoint);
        if (context.Mode == RequantizationMode.Float) return Requantization.Float(centred, (float)factor, zero, min, max);
        if (from.Q != to.Q) return Requantization.QuantizeMultiplier(factor) is var (multiplier, shift)
            ? Requantization.FixedPoint(centred, multiplier, shift, zero, min, max) : 0;
        sum += (count - taps.Count) * zero;
        return Math.Clamp((sum > 0 ? sum + (count / 2) : sum - (count / 2)) / count, min, max);
    }

    private static double Factor(Value from, Value to, int count) => from.Q.Scale / ((double)to.Q.Scale * count);

    /// <inheritdoc/>
    public override void Lower(LoweringContext context)
    {
        (Value input, Value output) = (context.Input(0), context.Output(0));
        if (input.IsQuantized16)
        {
            Int16Calls.Pool(CallContext.Of(context), this).Lower(context);
            return;
        }

        var geometry = new ConvGeometry(
            input.Shape[0], input.Shape[1], input.Shape[2], input.Shape[3], output.Shape[1], output.Shape[2], output.Shape[3], WindowHeight, WindowWidth,
            StrideDown, StrideRight, DilationDown, DilationRight, PadTop, PadLeft, Math.Max(1, input.Shape[3]));
        if (output.IsQuantized)
        {
            (int min, int max) = Activation.Quantized(output);
            (DataRef scale, DataRef shift) = (DataRef.None, DataRef.None);
            if (Kind == PoolKind.Average && (context.Mode == RequantizationMode.Float || input.Q != output.Q))
            {
                // One factor for all windows, or one for each count from 1 up.
                int[] counts = PoolInt8.Counts(geometry, PadBottom, PadRight, CountIncludePad);
                (scale, shift) = context.RequantizationTables([.. (counts.Length == 1 ? counts : Enumerable.Range(1, counts[^1]))
                    .Select(count => Factor(input, output, count))]);
            }

            context.Emit(new PoolInt8(context.In(0), context.Out(0), new Rescaling(scale, shift, output.Q.ZeroPoint, min, max), Kind, geometry, PadBottom,
                PadRight, CountIncludePad, input.Q.ZeroPoint));
        }
        else if (input.Type == ElementType.Float32)
        {
            context.Emit(new PoolFloat32(context.In(0), context.Out(0), Kind, geometry, PadBottom, PadRight, CountIncludePad, Activation.Min, Activation.Max));
        }
        else
        {
            throw context.Unsupported($"A pool of {input.Type}", "Compute it in float, or quantise the model.");
        }
    }
}
