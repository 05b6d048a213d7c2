using System.Runtime.CompilerServices;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Sound to features, in integers, as the signal library of TFLite Micro computes them.</summary>
internal static unsafe partial class Signal
{
    /// <summary>Frames of int16 samples times a window, shifted right and saturated.</summary>
    public static void Window(short* input, short* window, short* output, int frames, int length, int shift)
    {
        for (int i = 0; i < frames * length; i++)
            output[i] = (short)Math.Min(Math.Max((input[i] * window[i % length]) >> shift, short.MinValue), short.MaxValue);
    }

    /// <summary>Shifts samples left as far as they fit int16, and tells by how many bits.</summary>
    public static void AutoScale(short* input, short* output, int* bits, int count)
    {
        short largest = 0;
        for (int i = 0; i < count; i++)
        {
            if (input[i] > largest) largest = input[i];
            else if (-input[i] > largest) largest = unchecked((short)-input[i]);
        }

        int shift = Math.Max(0, 15 - BitLength((uint)largest));
        for (int i = 0; i < count; i++) output[i] = unchecked((short)(input[i] << shift));
        *bits = shift;
    }

    /// <summary>Bits up to the highest that is set; 32 for zero, as the library has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int BitLength(uint x) => x == 0 ? 32 : 32 - (int)uint.LeadingZeroCount(x);

    /// <summary>Squared magnitudes of complex int16 numbers; zero outside the range.</summary>
    public static void Energy(short* input, uint* output, int start, int end, int count)
    {
        for (int i = 0; i < count; i++)
            output[i] = i < start || i >= end ? 0 : (uint)((input[2 * i] * input[2 * i]) + (input[(2 * i) + 1] * input[(2 * i) + 1]));
    }

    /// <summary>Energies of frequencies to energies of channels: overlapping triangles, each frequency weighted into a channel and the rest into the
    /// next.</summary>
    /// <param name="input">Energies of frequencies.</param>
    /// <param name="weights">Weights of all channels.</param>
    /// <param name="unweights">One less the weights.</param>
    /// <param name="frequencies">First frequency of every channel; one channel more than there are outputs.</param>
    /// <param name="starts">First weight of every channel.</param>
    /// <param name="widths">Frequencies of every channel.</param>
    /// <param name="output">Energies of channels.</param>
    /// <param name="channels">Number of channels.</param>
    public static void FilterBank(uint* input, short* weights, short* unweights, short* frequencies, short* starts, short* widths, ulong* output, int channels)
    {
        ulong rest = 0;
        for (int channel = 0; channel <= channels; channel++)
        {
            ulong sum = rest;
            rest = 0;
            for (int i = 0; i < widths[channel]; i++)
            {
                ulong energy = input[frequencies[channel] + i];
                sum = unchecked(sum + ((ulong)weights[starts[channel] + i] * energy));
                rest = unchecked(rest + ((ulong)unweights[starts[channel] + i] * energy));
            }

            if (channel > 0) output[channel - 1] = sum;
        }
    }

    /// <summary>Square roots, rounded to nearest, shifted right.</summary>
    public static void SquareRoots(ulong* input, int* bits, uint* output, int count)
    {
        for (int i = 0; i < count; i++) output[i] = SquareRoot(input[i]) >> *bits;
    }

    /// <summary>The square root rounded to nearest, but not above what half of the operand's 32 or 64 bits hold.</summary>
    public static uint SquareRoot(ulong x)
    {
        ulong root = 0, rest = x, limit = x >> 32 == 0 ? 0xFFFFu : 0xFFFFFFFFu;
        for (ulong bit = 1UL << 62; bit != 0; bit >>= 2)
        {
            if (rest >= root + bit)
            {
                rest -= root + bit;
                root = (root >> 1) + bit;
            }
            else
            {
                root >>= 1;
            }
        }

        return (uint)(rest > root && root != limit ? root + 1 : root);
    }

    /// <summary>Channels less the estimated noise, which follows the channels slowly; odd channels have a smoothing of their own.</summary>
    /// <param name="input">Channels.</param>
    /// <param name="state">Estimate before.</param>
    /// <param name="output">Channels without noise.</param>
    /// <param name="estimate">The new estimate.</param>
    /// <param name="next">The new estimate, for the next run; may be that before.</param>
    /// <param name="count">Number of channels.</param>
    /// <param name="smoothing">Share of the new frame, in even channels.</param>
    /// <param name="keeping">Share of the estimate before, in even channels.</param>
    /// <param name="oddSmoothing">Share of the new frame, in odd channels.</param>
    /// <param name="oddKeeping">Share of the estimate before, in odd channels.</param>
    /// <param name="smoothingBits">Further fractional bits of the estimate.</param>
    /// <param name="bits">Fractional bits of the shares.</param>
    /// <param name="floor">Share of the channel that remains at least.</param>
    /// <param name="clamp">True to keep the estimate from exceeding the channel.</param>
    public static void SubtractNoise(
        uint* input, uint* state, uint* output, uint* estimate, uint* next, int count, int smoothing, int keeping, int oddSmoothing, int oddKeeping,
        int smoothingBits, int bits, int floor, bool clamp)
    {
        for (int i = 0; i < count; i++)
        {
            bool odd = (i & 1) != 0;
            uint signal = input[i] << smoothingBits;
            uint noise = unchecked((uint)((((ulong)signal * (uint)(odd ? oddSmoothing : smoothing))
                + ((ulong)state[i] * (uint)(odd ? oddKeeping : keeping))) >> bits));
            uint removed = Math.Min(noise, signal);
            if (clamp) noise = removed;
            next[i] = estimate[i] = noise;
            output[i] = Math.Max((signal - removed) >> smoothingBits, unchecked((uint)(((ulong)input[i] * (uint)floor) >> bits)));
        }
    }

    /// <summary>Per-channel amplitude normalisation: a gain from the noise, then the square below and the number above a knee.</summary>
    /// <param name="input">Channels.</param>
    /// <param name="noise">Estimated noise.</param>
    /// <param name="gains">Gain as a piecewise polynomial of the noise's logarithm.</param>
    /// <param name="output">Result.</param>
    /// <param name="count">Number of channels.</param>
    /// <param name="shift">Bits by which the product is shifted right.</param>
    public static void NormaliseGain(uint* input, uint* noise, short* gains, uint* output, int count, int shift)
    {
        for (int i = 0; i < count; i++)
        {
            uint snr = unchecked((uint)(((ulong)input[i] * (uint)Gain(noise[i], gains)) >> shift));
            output[i] = snr < 2 << 12 ? unchecked(snr * snr) >> (2 + (2 * 12) - 6) : (snr >> (12 - 6)) - (1 << 6);
        }
    }

    /// <summary>The gain for a level of noise.</summary>
    public static short Gain(uint x, short* gains)
    {
        if (x <= 2) return gains[x];
        int interval = BitLength(x);
        short* part = gains + (4 * interval) - 6;
        int fraction = (int)((interval < 11 ? x << (11 - interval) : x >> (interval - 11)) & 0x3FF);
        int result = (part[2] * fraction) >> 5;
        result = unchecked((result + (part[1] << 5)) * fraction);
        return unchecked((short)(((result + (1 << 14)) >> 15) + part[0]));
    }

    /// <summary>Natural logarithms of channels, times a scale, as int16.</summary>
    public static void Logarithms(uint* input, short* output, int count, int scale, int correction)
    {
        for (int i = 0; i < count; i++)
        {
            uint x = input[i] << correction;
            output[i] = x > 1 ? (short)Math.Min(Logarithm(x, (uint)scale), 32767u) : (short)0;
        }
    }

    /// <summary>The natural logarithm times a scale: the bit length, and the fraction interpolated in a table.</summary>
    public static uint Logarithm(uint x, uint scale)
    {
        int integer = BitLength(x) - 1;
        int fraction = (int)(x - (1u << integer));
        fraction = integer < 16 ? fraction << (16 - integer) : fraction >> (integer - 16);
        int segment = fraction >> 9;
        int between = ((LogarithmTable[segment + 1] - LogarithmTable[segment]) * (fraction - (512 * segment))) >> 16;
        uint log2 = ((uint)integer << 16) + (uint)(fraction + LogarithmTable[segment] + between);
        uint natural = (uint)(((45426ul * log2) + 32768) >> 16);
        return unchecked((scale * natural) + 32768) >> 16;
    }

    /// <summary>log2(1 + i ÷ 128) − i ÷ 128, times 65536.</summary>
    public static ReadOnlySpan<ushort> LogarithmTable =>
    [
        0, 224, 442, 654, 861, 1063, 1259, 1450, 1636, 1817, 1992, 2163, 2329, 2490, 2646, 2797, 2944, 3087, 3224, 3358, 3487, 3611, 3732, 3848,
        3960, 4068, 4172, 4272, 4368, 4460, 4549, 4633, 4714, 4791, 4864, 4934, 5001, 5063, 5123, 5178, 5231, 5280, 5326, 5368, 5408, 5444, 5477, 5507,
        5533, 5557, 5578, 5595, 5610, 5622, 5631, 5637, 5640, 5641, 5638, 5633, 5626, 5615, 5602, 5586, 5568, 5547, 5524, 5498, 5470, 5439, 5406, 5370,
        5332, 5291, 5249, 5203, 5156, 5106, 5054, 5000, 4944, 4885, 4825, 4762, 4697, 4630, 4561, 4490, 4416, 4341, 4264, 4184, 4103, 4020, 3935, 3848,
        3759, 3668, 3575, 3481, 3384, 3286, 3186, 3084, 2981, 2875, 2768, 2659, 2549, 2437, 2323, 2207, 2090, 1971, 1851, 1729, 1605, 1480, 1353, 1224,
        1094, 963, 830, 695, 559, 421, 282, 142, 0, 0,
    ];

    /// <summary>Sequences delayed by so many samples.</summary>
    /// <param name="input">Sequences of samples.</param>
    /// <param name="state">The samples before, per sequence.</param>
    /// <param name="output">Delayed sequences.</param>
    /// <param name="next">The samples for the next run; may be those before.</param>
    /// <param name="pending">Scratch: delay and length.</param>
    /// <param name="sequences">Number of sequences.</param>
    /// <param name="length">Samples of a sequence.</param>
    /// <param name="delay">The delay.</param>
    public static void Delay(short* input, short* state, short* output, short* next, short* pending, int sequences, int length, int delay)
    {
        for (int s = 0; s < sequences; s++)
        {
            new ReadOnlySpan<short>(state + (s * delay), delay).CopyTo(new Span<short>(pending, delay));
            new ReadOnlySpan<short>(input + (s * length), length).CopyTo(new Span<short>(pending + delay, length));
            new ReadOnlySpan<short>(pending, length).CopyTo(new Span<short>(output + (s * length), length));
            new ReadOnlySpan<short>(pending + length, delay).CopyTo(new Span<short>(next + (s * delay), delay));
        }
    }

    /// <summary>Overlapping frames of sequences of samples, and whether there are samples enough for all of them. Frames that are not full are zero.</summary>
    /// <param name="input">Sequences of samples.</param>
    /// <param name="state">Samples not used up, per sequence.</param>
    /// <param name="counts">Number of samples not used up, per sequence.</param>
    /// <param name="output">Frames.</param>
    /// <param name="valid">True when all frames are full.</param>
    /// <param name="next">Samples for the next run; may be those before.</param>
    /// <param name="nextCounts">Their number.</param>
    /// <param name="sequences">Number of sequences.</param>
    /// <param name="frames">Frames of a sequence.</param>
    /// <param name="size">Samples of a frame.</param>
    /// <param name="step">Samples from one frame to the next.</param>
    /// <param name="capacity">Most samples kept per sequence.</param>
    public static void Frame(
        short* input, short* state, int* counts, short* output, bool* valid, short* next, int* nextCounts, int sequences, int frames, int size, int step,
        int capacity)
    {
        new ReadOnlySpan<short>(state, sequences * capacity).CopyTo(new Span<short>(next, sequences * capacity));
        *valid = true;
        for (int s = 0; s < sequences; s++)
        {
            short* kept = next + (s * capacity);
            int count = counts[s];
            for (int frame = s * frames; frame < (s + 1) * frames; frame++)
            {
                new ReadOnlySpan<short>(input + (frame * step), step).CopyTo(new Span<short>(kept + count, step));
                count += step;
                var to = new Span<short>(output + (frame * size), size);
                if (count >= size)
                {
                    new ReadOnlySpan<short>(kept, size).CopyTo(to);
                    count -= step;
                    new ReadOnlySpan<short>(kept + step, count).CopyTo(new Span<short>(kept, count));
                }
                else
                {
                    to.Clear();
                    *valid = false;
                }
            }

            nextCounts[s] = count;
        }
    }

    /// <summary>Several frames side by side: those before, this one and those after, and whether there are enough.
    /// The first frame stands for those before it.</summary>
    /// <param name="input">A frame.</param>
    /// <param name="state">Frames not used up.</param>
    /// <param name="count">Number of samples not used up, or −1 before the first frame.</param>
    /// <param name="output">Frames side by side; zero when there are not enough.</param>
    /// <param name="valid">True when there are enough.</param>
    /// <param name="next">Frames for the next run; may be those before.</param>
    /// <param name="nextCount">Their number.</param>
    /// <param name="channels">Samples of a frame.</param>
    /// <param name="left">Frames before.</param>
    /// <param name="right">Frames after.</param>
    /// <param name="step">Frames from one output to the next.</param>
    public static void Stack(short* input, short* state, int* count, short* output, bool* valid, short* next, int* nextCount, int channels, int left,
        int right, int step)
    {
        int size = channels * (left + right + 1), used = *count, copies = used < 0 ? left + 1 : 1;
        new ReadOnlySpan<short>(state, size).CopyTo(new Span<short>(next, size));
        used = Math.Max(used, 0);
        for (int i = 0; i < copies && used + channels <= size; i++, used += channels)
            new ReadOnlySpan<short>(input, channels).CopyTo(new Span<short>(next + used, channels));
        *valid = used >= size;
        if (*valid)
        {
            new ReadOnlySpan<short>(next, size).CopyTo(new Span<short>(output, size));
            used = Math.Max(0, used - (step * channels));
            new ReadOnlySpan<short>(next + size - used, used).CopyTo(new Span<short>(next, used));
        }
        else
        {
            new Span<short>(output, size).Clear();
        }

        *nextCount = used;
    }

    /// <summary>Overlapping frames of int16 samples added to a sequence, saturated.</summary>
    /// <param name="input">Frames.</param>
    /// <param name="state">Sums that are not complete, per sequence.</param>
    /// <param name="output">Samples.</param>
    /// <param name="next">Sums for the next run; may be those before.</param>
    /// <param name="sequences">Number of sequences.</param>
    /// <param name="frames">Frames of a sequence.</param>
    /// <param name="size">Samples of a frame.</param>
    /// <param name="step">Samples from one frame to the next.</param>
    public static void OverlapAddInt16(short* input, short* state, short* output, short* next, int sequences, int frames, int size, int step)
    {
        new ReadOnlySpan<short>(state, sequences * size).CopyTo(new Span<short>(next, sequences * size));
        for (int frame = 0; frame < sequences * frames; frame++)
        {
            short* sums = next + (frame / frames * size);
            for (int i = 0; i < size; i++) sums[i] = (short)Math.Min(Math.Max(sums[i] + input[(frame * size) + i], short.MinValue), short.MaxValue);
            new ReadOnlySpan<short>(sums, step).CopyTo(new Span<short>(output + (frame * step), step));
            new ReadOnlySpan<short>(sums + step, size - step).CopyTo(new Span<short>(sums, size - step));
            new Span<short>(sums + size - step, step).Clear();
        }
    }

    /// <summary>Overlapping frames of float samples added to a sequence.</summary>
    public static void OverlapAddFloat(float* input, float* state, float* output, float* next, int sequences, int frames, int size, int step)
    {
        new ReadOnlySpan<float>(state, sequences * size).CopyTo(new Span<float>(next, sequences * size));
        for (int frame = 0; frame < sequences * frames; frame++)
        {
            float* sums = next + (frame / frames * size);
            for (int i = 0; i < size; i++) sums[i] += input[(frame * size) + i];
            new ReadOnlySpan<float>(sums, step).CopyTo(new Span<float>(output + (frame * step), step));
            new ReadOnlySpan<float>(sums + step, size - step).CopyTo(new Span<float>(sums, size - step));
            new Span<float>(sums + size - step, step).Clear();
        }
    }
}
