using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Tool.Measuring;

/// <summary>What the machine could do at best: the floor under the time of a network.</summary>
internal sealed class MachineFloor
{
    private const int Accumulators = 8;

    private const int Steps = 4096;

    private const double Seconds = 0.1;

    private readonly Dictionary<long, double> _readTimes = [];

    /// <summary>Measures the ways of multiplying that a target may use.</summary>
    public MachineFloor(string target)
    {
        int bits = Target.Of(target).InstructionSets[0].TileBits;
        Measure<Vector256<int>, Maddubs256>(bits);
        Measure<Vector256<int>, FourMaddubs256>(bits);
        Measure<Vector256<int>, Words256>(bits);
        Measure<Vector256<int>, Vnni256>(bits);
        Measure<Vector512<int>, Maddubs512>(bits);
        Measure<Vector512<int>, FourMaddubs512>(bits);
        Measure<Vector128<int>, Widening128>(bits);
        Measure<Vector128<int>, Dot128>(bits);
        Measure<Vector128<float>, Fma128>(bits);
        Measure<Vector256<float>, Fma256>(bits);
        Measure<Vector512<float>, Fma512>(bits);
    }

    /// <summary>Speed of each way, in 10⁹ multiply-accumulates a second.</summary>
    public SortedDictionary<string, double> Patterns { get; } = new(StringComparer.Ordinal);

    /// <summary>The fastest of them on floats or on integers; 0 when none is known for this machine.</summary>
    public double Peak(bool floats) => Patterns.Where(p => p.Key.StartsWith(FloatPattern.Name, StringComparison.Ordinal) == floats).Select(p => p.Value)
        .DefaultIfEmpty(0).Max();

    /// <summary>
    /// Microseconds below which no program can compute the plan: its multiply-accumulates at the peak,
    /// or one reading of its constants and working memory, whichever takes longer.
    /// </summary>
    public double Of(ModelPlan plan, bool floats)
    {
        double arithmetic = Peak(floats) is > 0 and double peak ? plan.Steps.Sum(s => s.Kernel.Macs) / peak / 1000 : 0;
        return Math.Max(arithmetic, ReadTime(ConstantBytes(plan) + plan.ArenaBytes));
    }

    /// <summary>Bytes of weights and tables.</summary>
    public static long ConstantBytes(ModelPlan plan) => plan.Weights.Bytes + plan.Data.Sum(d => (long)d.Bytes);

    // Microseconds to read a buffer that was read just before, from whichever cache holds it.
    private unsafe double ReadTime(long bytes)
    {
        if (_readTimes.TryGetValue(bytes, out double known)) return known;
        nuint size = (nuint)((bytes + 255) / 256 * 256);
        byte* buffer = (byte*)NativeMemory.AlignedAlloc(size, 64);
        NativeMemory.Clear(buffer, size);
        double time = Timing.Measure(Seconds, () => Read(buffer, size))[0].Least;
        NativeMemory.AlignedFree(buffer);
        return _readTimes[bytes] = time;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static unsafe int Read(byte* buffer, nuint size)
    {
        Vector256<int> a = default, b = default, c = default, d = default;
        for (nuint i = 0; i < size; i += 128)
        {
            a |= *(Vector256<int>*)(buffer + i);
            b |= *(Vector256<int>*)(buffer + i + 32);
            c |= *(Vector256<int>*)(buffer + i + 64);
            d |= *(Vector256<int>*)(buffer + i + 96);
        }

        return (a | b | c | d)[0];
    }

    private unsafe void Measure<TVector, TPattern>(int targetBits)
        where TVector : unmanaged
        where TPattern : IPattern<TVector>
    {
        if (!TPattern.IsSupported || TPattern.Bits > targetBits) return;
        nuint size = (nuint)((TPattern.Macs * Accumulators * 4) + 256);
        sbyte* weights = (sbyte*)NativeMemory.AlignedAlloc(size, 64);
        NativeMemory.Fill(weights, size, 3);
        double time = Timing.Measure(Seconds, () => Loop<TVector, TPattern>(weights))[0].Least;
        NativeMemory.AlignedFree(weights);
        Patterns.Add($"{TPattern.Name}, {Literals.Int(TPattern.Bits)} bits", (double)TPattern.Macs * Accumulators * Steps / time / 1000);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static unsafe TVector Loop<TVector, TPattern>(sbyte* weights)
        where TVector : unmanaged
        where TPattern : IPattern<TVector>
    {
        TVector s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        TVector x0 = *(TVector*)weights, x1 = *(TVector*)(weights + 16), x2 = *(TVector*)(weights + 32), x3 = *(TVector*)(weights + 48);
        for (int i = 0; i < Steps; i++)
        {
            sbyte* w = weights + ((i & 1) * 64);
            s0 = TPattern.Step(s0, x0, x1, x2, x3, w);
            s1 = TPattern.Step(s1, x0, x1, x2, x3, w + TPattern.Macs);
            s2 = TPattern.Step(s2, x0, x1, x2, x3, w + (2 * TPattern.Macs));
            s3 = TPattern.Step(s3, x0, x1, x2, x3, w + (3 * TPattern.Macs));
            s4 = TPattern.Step(s4, x0, x1, x2, x3, w + (4 * TPattern.Macs));
            s5 = TPattern.Step(s5, x0, x1, x2, x3, w + (5 * TPattern.Macs));
            s6 = TPattern.Step(s6, x0, x1, x2, x3, w + (6 * TPattern.Macs));
            s7 = TPattern.Step(s7, x0, x1, x2, x3, w + (7 * TPattern.Macs));
        }

        *(TVector*)weights = s0;
        *(TVector*)weights = s1;
        *(TVector*)weights = s2;
        *(TVector*)weights = s3;
        *(TVector*)weights = s4;
        *(TVector*)weights = s5;
        *(TVector*)weights = s6;
        return s7;
    }
}
