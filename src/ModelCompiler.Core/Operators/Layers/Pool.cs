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
internal sealed record Pool(
    PoolKind Kind, int WindowHeight, int WindowWidth, int StrideDown, int StrideRight, int PadTop, int PadLeft, int PadBottom, int PadRight,
    bool CountIncludePad,
    ActivationRange Activation) : Operator, IFusesActivation
{
    /// <inheritdoc/>
    public override bool IsChannelwise(int rank) => true;

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
    public override Implementation Choose(ChoiceContext context)
    {
        (Value input, Value output) = (context.Input(0), context.Output(0));
        if (input.IsQuantized16) return Int16Calls.Pool(context, this);
        ConvGeometry geometry = Geometry(input.Shape, output.Shape);
        if (input.Type == ElementType.Float32) return Implementation.Kernels(
            e =>
            {
                (TensorData from, TensorData to) = (e.Input(0), e.Output(0));
                Slide(geometry, (at, channel, taps, count) => to.Floats[at] = Activation.Apply(Real(from.Floats, taps, channel, count)));
            },
            l => l.Emit(new PoolFloat32(
                l.In(0), l.Out(0), Kind, geometry, PadBottom, PadRight, CountIncludePad, Activation.Min, Activation.Max)));
        if (!output.IsQuantized) throw context.Unsupported($"A pool of {input.Type}", "Compute it in float, or quantise the model.");
        return Implementation.Kernels(
            e =>
            {
                (TensorData from, TensorData to) = (e.Input(0), e.Output(0));
                Slide(geometry, (at, channel, taps, count) => to.Bytes[at] = ByteTensors.Byte(Integer(context, from, taps, channel, count)));
            },
            l => LowerIntegers(l, geometry));
    }

    private ConvGeometry Geometry(Shape input, Shape output) => new(
        input[0], input[1], input[2], input[3], output[1], output[2], output[3], WindowHeight, WindowWidth,
        StrideDown, StrideRight, DilationDown, DilationRight, PadTop, PadLeft, Math.Max(1, input[3]));

    // Computes every element of the output from the offsets of its window's pixels and how many count.
    private void Slide(ConvGeometry s, Action<int, int, List<int>, int> compute)
    {
        var taps = new List<int>();
        for (int pixel = 0; pixel < s.Batch * s.OutHeight * s.OutWidth; pixel++)
        {
            int image = pixel / (s.OutHeight * s.OutWidth);
            int top = (pixel / s.OutWidth % s.OutHeight * StrideDown) - PadTop;
            int left = (pixel % s.OutWidth * StrideRight) - PadLeft;
            (int firstRow, int lastRow, int rows) = Inside(top, WindowHeight, DilationDown, s.Height, PadBottom);
            (int firstColumn, int lastColumn, int columns) = Inside(left, WindowWidth, DilationRight, s.Width, PadRight);
            taps.Clear();
            for (int y = firstRow; y < lastRow; y++)
            {
                for (int x = firstColumn; x < lastColumn; x++)
                    taps.Add(((((image * s.Height) + top + (y * DilationDown)) * s.Width) + left + (x * DilationRight)) * s.Channels);
            }

            int count = Math.Max(1, CountIncludePad ? rows * columns : taps.Count);
            for (int channel = 0; channel < s.Channels; channel++) compute((pixel * s.Channels) + channel, channel, taps, count);
        }
    }

    private float Real(ReadOnlySpan<float> input, List<int> taps, int channel, int count)
    {
        float result = Kind == PoolKind.Max ? float.NegativeInfinity : 0;
        foreach (int tap in taps) result = Kind == PoolKind.Max ? Math.Max(result, input[tap + channel]) : result + input[tap + channel];
        return Kind == PoolKind.Max ? result : result / count;
    }

    private int Integer(ChoiceContext context, TensorData input, List<int> taps, int channel, int count)
    {
        (Value from, Value to) = (context.Input(0), context.Output(0));
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

    private void LowerIntegers(LoweringContext context, ConvGeometry geometry)
    {
        (Value input, Value output) = (context.Input(0), context.Output(0));
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
}
