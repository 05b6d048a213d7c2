using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// A convolution or fully connected layer in 8-bit integers, with its constants, for which kernel families make offers.
/// </summary>
internal sealed record LinearTask
{
    /// <summary>The instruction sets that the kernel must be written for, best first.</summary>
    public required IReadOnlyList<Isa> Isas { get; init; }

    /// <summary>All sizes.</summary>
    public required ConvGeometry Geometry { get; init; }

    /// <summary>Weights less their zero points, output channels × taps (height × width × input channels of the group).</summary>
    public required int[] Weights { get; init; }

    /// <summary>Bias per output channel.</summary>
    public required int[] Bias { get; init; }

    /// <summary>Real requantisation factor per output channel.</summary>
    public required double[] Factors { get; init; }

    /// <summary>True when requantisation is in integers.</summary>
    public required bool FixedPoint { get; init; }

    /// <summary>True for int8 activations, false for uint8.</summary>
    public required bool SignedInput { get; init; }

    /// <summary>Zero point of the input.</summary>
    public required int InZero { get; init; }

    /// <summary>Zero point of the output.</summary>
    public required int OutZero { get; init; }

    /// <summary>Smallest output.</summary>
    public required int Min { get; init; }

    /// <summary>Largest output.</summary>
    public required int Max { get; init; }

    /// <summary>Output channels.</summary>
    public int OutChannels => Geometry.OutChannels;

    /// <summary>Taps per output channel.</summary>
    public int Taps => Geometry.Taps;

    /// <summary>Output channels of a group.</summary>
    public int OutPerGroup => Geometry.OutPerGroup;

    /// <summary>
    /// True when sums of uint8 activations cannot leave int32 whatever the input and the order of summation, nor scaled sums (of which only the 8 bits around
    /// the zero point matter, but which must not wrap before they saturate).
    /// </summary>
    public bool FitsByteProducts => Enumerable.Range(0, OutChannels).All(c =>
    {
        long weights = 0;
        for (int i = c * Taps; i < (c + 1) * Taps; i++) weights += Math.Abs(Weights[i]);
        long bound = Math.Abs((long)Bias[c]) + (2 * 255 * weights);
        return bound < int.MaxValue && (FixedPoint || bound * Math.Abs(Factors[c]) < int.MaxValue);
    });

    /// <summary>The weights that some channels have for four input bytes, channels × 4; zero where a channel does not take the byte.</summary>
    public int[] WeightsAt((int Y, int X, int Channel)[] bytes, int firstChannel, int channels)
    {
        (int inPerGroup, int outPerGroup, int width) = (Geometry.InPerGroup, Geometry.OutPerGroup, Geometry.WindowWidth);
        var weights = new int[channels * 4];
        for (int i = 0; i < channels && firstChannel + i < OutChannels; i++)
        {
            int channel = firstChannel + i;
            for (int j = 0; j < 4; j++)
            {
                (int y, int x, int c) = bytes[j];
                if (y >= 0 && c / inPerGroup == channel / outPerGroup)
                    weights[(i * 4) + j] = Weights[(channel * Taps) + (((y * width) + x) * inPerGroup) + (c % inPerGroup)];
            }
        }

        return weights;
    }

    /// <summary>Bias for inputs that still contain a zero point.</summary>
    public IEnumerable<double> RaisedBias(int zero)
    {
        for (int c = 0; c < OutChannels; c++)
        {
            long sum = 0;
            for (int i = c * Taps; i < (c + 1) * Taps; i++) sum += Weights[i];
            yield return Bias[c] - (zero * sum);
        }
    }

    /// <summary>Adds the tables of requantisation factors, one per channel in the kernel's order.</summary>
    public Rescaling Rescaling(IKernelParts parts, IReadOnlyList<double> factors)
    {
        (DataRef scale, DataRef shift) = parts.Requantization(factors);
        return new(scale, shift, OutZero, Min, Max);
    }

    /// <summary>A table per channel, filled with zeros to whole blocks.</summary>
    public IReadOnlyList<double> Padded(IEnumerable<double> table, int block) =>
        table.Concat(new double[(block - (OutChannels % block)) % block]).ToArray();

    /// <summary>A table per channel, each group filled with zeros to whole blocks.</summary>
    public IReadOnlyList<double> PaddedByGroup(IEnumerable<double> table, int block)
    {
        double[] values = table.ToArray();
        int padded = (OutPerGroup + block - 1) / block * block;
        return Enumerable.Range(0, Geometry.Groups * padded).Select(i => i % padded < OutPerGroup ? values[(i / padded * OutPerGroup) + (i % padded)] : 0)
            .ToArray();
    }
}

/// <summary>What a kernel family would do for a layer.</summary>
/// <param name="Cycles">Estimated time, in processor cycles.</param>
/// <param name="Reason">What it does, for the plan and the generated header.</param>
/// <param name="Make">Adds its constants to the plan and makes the kernel.</param>
internal sealed record KernelOffer(double Cycles, string Reason, Func<IKernelParts, Kernel> Make);

/// <summary>What a kernel needs from the plan under construction.</summary>
internal interface IKernelParts
{
    /// <summary>The activations.</summary>
    TensorRef In { get; }

    /// <summary>The result.</summary>
    TensorRef Out { get; }

    /// <summary>A buffer for the time of the step.</summary>
    TensorRef Scratch(ElementType type, int count);

    /// <summary>Adds weights; those that need few bits may be packed, and unpacked before the kernel runs.</summary>
    /// <param name="bytes">The weights in the kernel's order.</param>
    /// <param name="type">Their type: int8, uint8 or int16.</param>
    WeightsRef Weights(byte[] bytes, ElementType type = ElementType.Int8);

    /// <summary>Adds other constants to the weights blob.</summary>
    WeightsRef Constants(byte[] bytes);

    /// <summary>Adds a small table.</summary>
    DataRef Table(string kind, ElementType type, IEnumerable<double> values);

    /// <summary>Adds the tables of requantisation factors.</summary>
    (DataRef Scale, DataRef Shift) Requantization(IReadOnlyList<double> factors);
}

/// <summary>All kernel families for 8-bit layers.</summary>
internal static class LinearKernels
{
    /// <summary>The cheapest offer for a layer.</summary>
    public static KernelOffer Choose(LinearTask task) => Offers(task).OrderBy(o => o.Cycles).First();

    /// <summary>The offers of all families that can compute a layer, one each.</summary>
    public static IEnumerable<KernelOffer> Offers(LinearTask task) =>
        new[] { ConvInt8.Offer(task), DepthwiseConvInt8.Offer(task), ConvQuads.Offer(task), ConvSparseQuads.Offer(task), ConvBytesByChannel.Offer(task),
            ConvBytesByPixel.Offer(task),
            ConvDotInt8.Offer(task), DepthwiseBytes.Offer(task), DepthwiseColumns.Offer(task) }
        .OfType<KernelOffer>();
}
