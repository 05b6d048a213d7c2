using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators.Reference;

/// <summary>
/// Sums, differences and products of 8-bit integers. In float mode a sum is (a − za) · (sa ÷ so) + (b − zb) · (sb ÷ so),
/// two multiplications and one addition in float, clamped and rounded to nearest even. In fixed-point mode all is as in the TFLite reference kernels:
/// inputs shifted left by 20 and scaled to a common scale, summed, scaled to the output's.
/// </summary>
internal sealed class QuantizedArithmetic
{
    private const int SumShift = 20;
    private readonly int _zeroA;
    private readonly int _zeroB;
    private readonly int _zero;
    private readonly bool _subtract;
    private readonly bool _multiply;

    public QuantizedArithmetic(BinaryKind kind, Value a, Value b, Value output, ActivationRange activation, int sumShift = SumShift)
    {
        (_zeroA, _zeroB, _zero) = (a.Q.ZeroPoint, b.Q.ZeroPoint, output.Q.ZeroPoint);
        (_subtract, _multiply) = (kind == BinaryKind.Subtract, kind == BinaryKind.Multiply);
        (Min, Max) = activation.Quantized(output);
        (double scaleA, double scaleB, double scale) = (a.Q.Scale, b.Q.Scale, output.Q.Scale);
        FactorA = (float)(scaleA / scale);
        FactorB = _subtract ? -(float)(scaleB / scale) : (float)(scaleB / scale);
        ProductFactor = scaleA * scaleB / scale;
        double common = 2 * Math.Max(scaleA, scaleB);
        double[] factors = [scaleA / common, scaleB / common, common / ((1 << sumShift) * scale)];
        FixedFactors = [.. factors.SelectMany(f => Requantization.QuantizeMultiplier(f) is var (multiplier, shift) ? new[] { multiplier, shift } : [])];
    }

    /// <summary>Scale of a ÷ scale of the output.</summary>
    public float FactorA { get; }

    /// <summary>Scale of b ÷ scale of the output; negative for differences.</summary>
    public float FactorB { get; }

    /// <summary>Scale of a × scale of b ÷ scale of the output.</summary>
    public double ProductFactor { get; }

    /// <summary>Multiplier and shift of a, of b and of the sum.</summary>
    public int[] FixedFactors { get; }

    /// <summary>Smallest output, activation included.</summary>
    public int Min { get; }

    /// <summary>Largest output.</summary>
    public int Max { get; }

    /// <summary>a + b, a − b or a · b.</summary>
    public int Result(int a, int b, RequantizationMode mode) => _multiply ? Product(a, b, mode) : Sum(a, b, mode);

    private int Sum(int a, int b, RequantizationMode mode)
    {
        (int x, int y) = (a - _zeroA, b - _zeroB);
        if (mode == RequantizationMode.Float)
        {
            float sum = (x * FactorA) + (y * FactorB);
            return (int)MathF.Round(Math.Min(Math.Max(sum, Min - _zero), Max - _zero)) + _zero;
        }

        int scaledX = Requantization.MultiplyByQuantizedMultiplier(x << SumShift, FixedFactors[0], FixedFactors[1]);
        int scaledY = Requantization.MultiplyByQuantizedMultiplier(y << SumShift, FixedFactors[2], FixedFactors[3]);
        return Requantization.FixedPoint(_subtract ? scaledX - scaledY : scaledX + scaledY, FixedFactors[4], FixedFactors[5], _zero, Min, Max);
    }

    private int Product(int a, int b, RequantizationMode mode)
    {
        int product = (a - _zeroA) * (b - _zeroB);
        if (mode == RequantizationMode.Float) return Requantization.Float(product, (float)ProductFactor, _zero, Min, Max);
        (int multiplier, int shift) = Requantization.QuantizeMultiplier(ProductFactor);
        return Requantization.FixedPoint(product, multiplier, shift, _zero, Min, Max);
    }
}
