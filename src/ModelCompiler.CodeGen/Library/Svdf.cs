using System.Runtime.CompilerServices;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Singular value decomposition filters (Nakkiran et al., "Compressing Deep Neural Networks Using a Rank-Constrained Topology", 2015).</summary>
internal static unsafe partial class Routine
{
    /// <summary>SVDF with an int8 memory: features of the newest frame, filtered over time.</summary>
    /// <param name="input">batch × inputs.</param>
    /// <param name="features">Feature weights, filters × inputs.</param>
    /// <param name="time">Time weights, filters × memory.</param>
    /// <param name="bias">Units, or null.</param>
    /// <param name="state">Memory before, batch × filters × memory.</param>
    /// <param name="output">batch × units.</param>
    /// <param name="next">Memory after; may be the memory before.</param>
    /// <param name="batch">Number of sequences.</param>
    /// <param name="inputs">Inputs of a frame.</param>
    /// <param name="filters">Number of filters: units × rank.</param>
    /// <param name="memory">Frames in the memory.</param>
    /// <param name="rank">Filters of a unit.</param>
    /// <param name="inZero">Zero point of the input.</param>
    /// <param name="stateZero">Zero point of the memory.</param>
    /// <param name="outZero">Zero point of the output.</param>
    /// <param name="featureMultiplier">Input scale × feature scale ÷ memory scale, as Q31 multiplier.</param>
    /// <param name="featureShift">Its shift.</param>
    /// <param name="timeMultiplier">Memory scale × time scale ÷ output scale, as Q31 multiplier.</param>
    /// <param name="timeShift">Its shift.</param>
    /// <param name="min">Smallest output.</param>
    /// <param name="max">Largest output.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SvdfInt8(
        sbyte* input, sbyte* features, sbyte* time, int* bias, sbyte* state, sbyte* output, sbyte* next, int batch, int inputs, int filters, int memory,
        int rank,
        int inZero, int stateZero, int outZero, int featureMultiplier, int featureShift, int timeMultiplier, int timeShift, int min, int max)
    {
        int length = batch * filters * memory;
        for (int i = 0; i < length - 1; i++) next[i] = state[i + 1];
        for (int b = 0; b < batch; b++)
        {
            for (int filter = 0; filter < filters; filter++)
            {
                int feature = DotInt8(input + (b * inputs), features + (filter * inputs), inputs, inZero);
                int newest = Math.Min(Math.Max(MultiplyByQuantizedMultiplier(feature, featureMultiplier, featureShift), sbyte.MinValue), sbyte.MaxValue);

                // The reference saturates before it adds the zero point, and then wraps around.
                next[(((b * filters) + filter) * memory) + memory - 1] = unchecked((sbyte)(newest + stateZero));
            }

            for (int unit = 0; unit < filters / rank; unit++)
            {
                int sum = bias == null ? 0 : bias[unit];
                for (int filter = unit * rank; filter < (unit + 1) * rank; filter++)
                    sum += DotInt8(next + (((b * filters) + filter) * memory), time + (filter * memory), memory, stateZero);
                output[(b * (filters / rank)) + unit] = (sbyte)Math.Min(Math.Max(MultiplyByQuantizedMultiplier(sum, timeMultiplier, timeShift) + outZero, min),
                    max);
            }
        }
    }

    /// <summary>SVDF with an int16 memory: features of the newest frame, filtered over time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SvdfInt16(
        sbyte* input, sbyte* features, short* time, int* bias, short* state, sbyte* output, short* next, int batch, int inputs, int filters, int memory,
        int rank,
        int inZero, int stateZero, int outZero, int featureMultiplier, int featureShift, int timeMultiplier, int timeShift, int min, int max)
    {
        int length = batch * filters * memory;
        for (int i = 0; i < length - 1; i++) next[i] = state[i + 1];
        for (int b = 0; b < batch; b++)
        {
            for (int filter = 0; filter < filters; filter++)
            {
                int feature = DotInt8(input + (b * inputs), features + (filter * inputs), inputs, inZero);
                int newest = Math.Min(Math.Max(MultiplyByQuantizedMultiplier(feature, featureMultiplier, featureShift), short.MinValue), short.MaxValue);
                next[(((b * filters) + filter) * memory) + memory - 1] = unchecked((short)(newest + stateZero));
            }

            for (int unit = 0; unit < filters / rank; unit++)
            {
                int sum = bias == null ? 0 : bias[unit];
                for (int i = unit * rank * memory; i < (unit + 1) * rank * memory; i++) sum += time[i] * (next[(b * filters * memory) + i] - stateZero);
                output[(b * (filters / rank)) + unit] = (sbyte)Math.Min(Math.Max(MultiplyByQuantizedMultiplier(sum, timeMultiplier, timeShift) + outZero, min),
                    max);
            }
        }
    }

    /// <summary>SVDF in float: features of the newest frame, filtered over time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SvdfFloat(
        float* input, float* features, float* time, float* bias, float* state, float* output, float* next, int batch, int inputs, int filters, int memory,
        int rank, float min, float max)
    {
        int length = batch * filters * memory;
        for (int i = 0; i < length - 1; i++) next[i] = state[i + 1];
        for (int b = 0; b < batch; b++)
        {
            for (int filter = 0; filter < filters; filter++)
                next[(((b * filters) + filter) * memory) + memory - 1] = DotFloat(input + (b * inputs), features + (filter * inputs), inputs);
            for (int unit = 0; unit < filters / rank; unit++)
            {
                float sum = bias == null ? 0 : bias[unit];
                for (int filter = unit * rank; filter < (unit + 1) * rank; filter++)
                    sum += DotFloat(next + (((b * filters) + filter) * memory), time + (filter * memory), memory);
                output[(b * (filters / rank)) + unit] = Math.Min(Math.Max(sum, min), max);
            }
        }
    }
}
