using ModelCompiler.CodeGen.Library;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators.Reference;

/// <summary>Softmax of 8-bit integers: a table of exponentials by the distance from the largest element, and what is done with them.</summary>
internal sealed class SoftmaxTable
{
    // Integer bits of scaled differences and of the sum of exponentials in the TFLite reference kernel.
    private const int DifferenceBits = 5, SumBits = 12;

    private readonly RequantizationMode _mode;
    private readonly ElementType _inType;
    private readonly int _min;
    private readonly int _max;
    private readonly QuantizationParameters _out;

    public SoftmaxTable(Value input, Value output, float beta, RequantizationMode mode)
    {
        (_mode, _inType, _min, _max, _out) = (mode, input.Type, output.Type.MinValue(), output.Type.MaxValue(), output.Q);
        Exponentials = new int[256];
        for (int d = 0; d < 256; d++)
            Exponentials[d] = mode == RequantizationMode.Float ? (int)Math.Round(Math.Exp(-d * (double)input.Q.Scale * beta) * (1 << 23))
                : FixedExponential(d, input.Q.Scale, beta);
    }

    /// <summary>exp(−β · scale · d) for d from 0 to 255: times 2²³ in float mode, in Q0 in fixed-point mode.</summary>
    public int[] Exponentials { get; }

    private static int FixedExponential(int d, float scale, float beta)
    {
        (int multiplier, int shift) = Requantization.QuantizeMultiplier(Math.Min((double)beta * scale * (1 << (31 - DifferenceBits)), int.MaxValue));
        if (d > Routine.InputRadius(DifferenceBits, shift)) return 0;
        return Routine.ExpOfNegative(Requantization.MultiplyByQuantizedMultiplier(-d, multiplier, shift), DifferenceBits);
    }

    /// <summary>Computes one row of elements that lie <paramref name="step"/> apart.</summary>
    public void EvaluateRow(byte[] input, byte[] output, int start, int length, int step)
    {
        int max = int.MinValue;
        for (int i = 0; i < length; i++) max = Math.Max(max, At(i));
        if (_mode == RequantizationMode.Float)
        {
            long sum = 0;
            for (int i = 0; i < length; i++) sum += Exponentials[max - At(i)];
            float inverse = (float)(1 / (_out.Scale * (double)sum));
            for (int i = 0; i < length; i++)
                output[start + (i * step)] = ByteTensors.Byte(Requantization.Float(Exponentials[max - At(i)], inverse, _out.ZeroPoint, _min, _max));
            return;
        }

        int fixedSum = 0;
        for (int i = 0; i < length; i++) fixedSum = unchecked(fixedSum + Requantization.RoundingDivideByPowerOfTwo(Exponentials[max - At(i)], SumBits));
        (int scale, int bits) = Routine.Reciprocal(fixedSum, SumBits);
        for (int i = 0; i < length; i++)
        {
            int result = Requantization.RoundingDivideByPowerOfTwo(Requantization.RoundingDoublingHighMultiply(scale, Exponentials[max - At(i)]),
                bits + 31 - 8);
            output[start + (i * step)] = ByteTensors.Byte(Math.Clamp(result + _min, _min, _max));
        }

        int At(int i) => ByteTensors.Integer(input[start + (i * step)], _inType);
    }
}
