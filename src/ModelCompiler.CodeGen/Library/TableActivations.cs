using System.Runtime.CompilerServices;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Functions of int16 numbers, as the TFLite reference kernels compute them from tables.</summary>
internal static unsafe partial class Routine
{
    /// <summary>1 ÷ (1 + e⁻ˣ) for x = i ÷ 24, with 16 fractional bits.</summary>
    public static ReadOnlySpan<ushort> SigmoidTable =>
    [
        32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794, 41432, 42064, 42688,
        43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443, 48964, 49475, 49975, 50464, 50942, 51409,
        51865, 52311, 52745, 53169, 53581, 53983, 54374, 54755, 55125, 55485, 55834, 56174, 56503, 56823, 57133, 57433,
        57724, 58007, 58280, 58544, 58800, 59048, 59288, 59519, 59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110,
        61279, 61441, 61599, 61750, 61896, 62036, 62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990, 63090, 63186,
        63279, 63368, 63454, 63536, 63615, 63691, 63765, 63835, 63903, 63968, 64030, 64090, 64148, 64204, 64257, 64308,
        64357, 64405, 64450, 64494, 64536, 64576, 64614, 64652, 64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900,
        64926, 64950, 64974, 64997, 65019, 65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179, 65194, 65208,
        65221, 65234, 65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337, 65345, 65352, 65360, 65367,
        65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425, 65429, 65433, 65438, 65442, 65445, 65449,
        65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474, 65476, 65479, 65481, 65483, 65485, 65488, 65489, 65491,
        65493, 65495, 65497, 65498, 65500, 65501, 65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513,
        65514, 65515, 65516, 65517, 65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524,
        65525, 65525, 65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529, 65529, 65530, 65530,
        65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532, 65532, 65532, 65532, 65533, 65533, 65533,
        65533, 65533, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65535,
    ];

    /// <summary>Sigmoid of an int16 number, with 15 fractional bits: interpolated in the table of sigmoids.</summary>
    /// <param name="x">The number.</param>
    /// <param name="multiplier">Multiplied with the number and shifted right by <paramref name="shift"/>, gives 1/3072ths.</param>
    /// <param name="shift">Bits, rounded.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static short SigmoidInt16(short x, int multiplier, int shift)
    {
        int scaled = ((x * multiplier) + (shift > 0 ? 1 << (shift - 1) : 0)) >> shift;
        uint size = (uint)Math.Abs(scaled);
        uint high = size >> 9;
        uint result = 0x7FFF << 10;
        if (high < 255) result = ((uint)SigmoidTable[(int)high] << 9) + ((size & 0x1FF) * (uint)(SigmoidTable[(int)high + 1] - SigmoidTable[(int)high]));
        return (short)((scaled >= 0 ? result + (1 << 9) : (1u << 25) - result + (1 << 9) - 1) >> 10);
    }

    /// <summary>Hyperbolic tangent of an int16 number, with 15 fractional bits: interpolated in the table of sigmoids, as 2 · sigmoid(2x) − 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static short TanhInt16(short x, int multiplier, int shift)
    {
        int scaled = ((x * multiplier) + (shift > 0 ? 1 << (shift - 1) : 0)) >> shift;
        int size = Math.Abs(scaled);
        int high = size >> 8;
        int result = 0xFFFF << 8;
        if (high < 255) result = (SigmoidTable[high] << 8) + ((size & 0xFF) * (SigmoidTable[high + 1] - SigmoidTable[high]));
        result = scaled >= 0 ? result - (1 << 23) + (1 << 7) : -result + (1 << 23) + (1 << 7) - 1;
        return (short)(result >> 8);
    }

    /// <summary>Sigmoid of int16 numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sigmoids(short* input, short* output, int multiplier, int shift, int count)
    {
        for (int i = 0; i < count; i++) output[i] = SigmoidInt16(input[i], multiplier, shift);
    }

    /// <summary>Hyperbolic tangent of int16 numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tanhs(short* input, short* output, int multiplier, int shift, int count)
    {
        for (int i = 0; i < count; i++) output[i] = TanhInt16(input[i], multiplier, shift);
    }

    /// <summary>Interpolates in a table of 513 int16 numbers over the whole range of int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static short Interpolate(short x, short* table)
    {
        int index = 256 + (x >> 7);
        int slope = (short)(table[index + 1] - table[index]);
        return (short)(table[index] + (((slope * (x & 0x7F)) + 64) >> 7));
    }

    /// <summary>Softmax of rows of int16 numbers, with 15 fractional bits.</summary>
    /// <param name="input">Rows.</param>
    /// <param name="output">Rows.</param>
    /// <param name="exponentials">eˣ from −10 to 0, 513 entries with 15 fractional bits.</param>
    /// <param name="reciprocals">1 ÷ (1 + x) from 0 to 1, 513 entries with 15 fractional bits.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="length">Elements of a row.</param>
    /// <param name="multiplier">Differences to units of 10 ÷ 65535, as Q31 multiplier.</param>
    /// <param name="shift">Its shift.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SoftmaxInt16(short* input, short* output, short* exponentials, short* reciprocals, int rows, int length, int multiplier, int shift)
    {
        for (int row = 0; row < rows; row++, input += length, output += length)
        {
            int max = short.MinValue, sum = 0;
            for (int i = 0; i < length; i++) max = Math.Max(max, input[i]);
            for (int i = 0; i < length; i++)
            {
                int difference = MultiplyByQuantizedMultiplier(input[i] - max, multiplier, shift) + 32767;
                output[i] = Interpolate((short)Math.Min(Math.Max(difference, short.MinValue), short.MaxValue), exponentials);
                sum += output[i];
            }

            // The sum as 1 + x times a power of two.
            int headroom = int.LeadingZeroCount(sum);
            int fraction = (int)((((long)sum << (headroom - 1)) + (1 << 13)) >> 14) - (1 << 15) - (1 << 16);
            long scale = Interpolate((short)Math.Min(Math.Max(fraction, short.MinValue), short.MaxValue), reciprocals);
            int bits = 31 - headroom;
            for (int i = 0; i < length; i++) output[i] = (short)Math.Min(Math.Max((int)(((output[i] * scale) + (1 << (bits - 1))) >> bits), 0), short.MaxValue);
        }
    }

    /// <summary>Softmax of rows of 8-bit numbers, with 16 fractional bits less 2¹⁵.</summary>
    /// <param name="input">Rows.</param>
    /// <param name="output">Rows.</param>
    /// <param name="exponentials">Exponentials of −0 to −255 input steps, in Q0.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="length">Elements of a row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SoftmaxInt8ToInt16(sbyte* input, short* output, int* exponentials, int rows, int length)
    {
        for (int row = 0; row < rows; row++, input += length, output += length)
        {
            int max = sbyte.MinValue, sum = 0;
            for (int i = 0; i < length; i++) max = Math.Max(max, input[i]);
            for (int i = 0; i < length; i++) sum = unchecked(sum + RoundingDivideByPowerOfTwo(exponentials[max - input[i]], 12));
            (int scale, int bits) = Reciprocal(sum, 12);
            for (int i = 0; i < length; i++)
            {
                int result = RoundingDivideByPowerOfTwo(RoundingDoublingHighMultiply(scale, exponentials[max - input[i]]), bits + 31 - 16);
                output[i] = (short)Math.Min(Math.Max(result + short.MinValue, short.MinValue), short.MaxValue);
            }
        }
    }
}
