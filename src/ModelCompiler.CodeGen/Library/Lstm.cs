using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Long short-term memory (Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997). Gates are in the order input, forget, cell, output.</summary>
internal static unsafe partial class Routine
{
    /// <summary>LSTM over a sequence of int8 frames, with int16 gates and cells.</summary>
    /// <param name="input">Frames of all sequences and steps.</param>
    /// <param name="weights">Input weights, 4 · units × inputs.</param>
    /// <param name="recurrent">Recurrent weights, 4 · units × units.</param>
    /// <param name="bias">4 · units.</param>
    /// <param name="hidden">Hidden state before, batch × units.</param>
    /// <param name="cell">Cell state before, batch × units.</param>
    /// <param name="output">Hidden state after every step.</param>
    /// <param name="nextHidden">Hidden state after; may be that before.</param>
    /// <param name="nextCell">Cell state after; may be that before.</param>
    /// <param name="gates">Scratch, 4 · units.</param>
    /// <param name="factors">Q31 multipliers and shifts: of the input and the recurrent sum of each gate, then as <see cref="UpdateCell"/> wants them.</param>
    /// <param name="steps">Frames of a sequence.</param>
    /// <param name="batch">Number of sequences.</param>
    /// <param name="inputs">Elements of a frame.</param>
    /// <param name="units">Elements of a state.</param>
    /// <param name="timeMajor">True when the first dimension counts steps, false when it counts sequences.</param>
    /// <param name="inZero">Zero point of the frames.</param>
    /// <param name="hiddenZero">Zero point of the hidden state.</param>
    /// <param name="cellPower">The cell's scale is two to this power.</param>
    /// <param name="clip">Largest size of a cell, or 0 for no limit.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LstmInt8(
        sbyte* input, sbyte* weights, sbyte* recurrent, int* bias, sbyte* hidden, short* cell, sbyte* output, sbyte* nextHidden, short* nextCell, short* gates,
        int* factors,
        int steps, int batch, int inputs, int units, bool timeMajor, int inZero, int hiddenZero, int cellPower, int clip)
    {
        for (int i = 0; i < batch * units; i++) (nextHidden[i], nextCell[i]) = (hidden[i], cell[i]);
        for (int sequence = 0; sequence < batch; sequence++)
        {
            sbyte* state = nextHidden + (sequence * units);
            for (int step = 0; step < steps; step++)
            {
                int at = timeMajor ? (step * batch) + sequence : (sequence * steps) + step;
                for (int i = 0; i < 4 * units; i++)
                {
                    int* factor = factors + (i / units * 4);
                    int fromInput = MultiplyByQuantizedMultiplier(bias[i] + DotInt8(input + (at * inputs), weights + (i * inputs), inputs, inZero), factor[0],
                        factor[1]);
                    int fromState = MultiplyByQuantizedMultiplier(DotInt8(state, recurrent + (i * units), units, hiddenZero), factor[2], factor[3]);
                    gates[i] = Saturate16(Saturate16(fromInput) + Saturate16(fromState));
                }

                UpdateCell(gates, nextCell + (sequence * units), factors + 16, units, cellPower, clip);
                for (int i = 0; i < units; i++)
                {
                    int next = MultiplyByQuantizedMultiplier(gates[i] * gates[(3 * units) + i], factors[20], factors[21]) + hiddenZero;
                    output[(at * units) + i] = state[i] = (sbyte)Math.Min(Math.Max(next, sbyte.MinValue), sbyte.MaxValue);
                }
            }
        }
    }

    /// <summary>LSTM over a sequence of int16 frames, with int16 gates and cells.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LstmInt16(
        short* input, sbyte* weights, sbyte* recurrent, long* bias, short* hidden, short* cell, short* output, short* nextHidden, short* nextCell,
        short* gates, int* factors,
        int steps, int batch, int inputs, int units, bool timeMajor, int hiddenZero, int cellPower, int clip)
    {
        for (int i = 0; i < batch * units; i++) (nextHidden[i], nextCell[i]) = (hidden[i], cell[i]);
        for (int sequence = 0; sequence < batch; sequence++)
        {
            short* state = nextHidden + (sequence * units);
            for (int step = 0; step < steps; step++)
            {
                int at = timeMajor ? (step * batch) + sequence : (sequence * steps) + step;
                for (int i = 0; i < 4 * units; i++)
                {
                    int* factor = factors + (i / units * 4);
                    int fromInput = MultiplyByQuantizedMultiplier(bias[i] + DotInt16(input + (at * inputs), weights + (i * inputs), inputs), factor[0],
                        factor[1]);
                    int fromState = MultiplyByQuantizedMultiplier(DotInt16(state, recurrent + (i * units), units), factor[2], factor[3]);
                    gates[i] = Saturate16(Saturate16(fromInput) + Saturate16(fromState));
                }

                UpdateCell(gates, nextCell + (sequence * units), factors + 16, units, cellPower, clip);
                for (int i = 0; i < units; i++)
                {
                    output[(at * units) + i] = state[i] = Saturate16(MultiplyByQuantizedMultiplier(gates[i] * gates[(3 * units) + i], factors[20], factors[21])
                        + hiddenZero);
                }
            }
        }
    }

    /// <summary>
    /// The cells after a step: forget · cell + input · candidate, limited; the hyperbolic tangents of the cells go to the first gate.
    /// Gates come with 12 fractional bits before their activation and have 15 after it.
    /// </summary>
    /// <param name="gates">Input, forget, cell and output gate.</param>
    /// <param name="cell">The cells.</param>
    /// <param name="factors">Q31 multiplier and shift of forget · cell, and of input · candidate.</param>
    /// <param name="units">Number of cells.</param>
    /// <param name="cellPower">The cell's scale is two to this power.</param>
    /// <param name="clip">Largest size of a cell, or 0 for no limit.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void UpdateCell(short* gates, short* cell, int* factors, int units, int cellPower, int clip)
    {
        int shift = Math.Max(0, -12 - cellPower), multiplier = 3 << Math.Max(0, cellPower + 12);
        for (int i = 0; i < units; i++)
        {
            int inputGate = SigmoidInt16(gates[i], 3, 0), forgetGate = SigmoidInt16(gates[units + i], 3, 0),
                candidate = TanhInt16(gates[(2 * units) + i], 3, 0);
            gates[(3 * units) + i] = SigmoidInt16(gates[(3 * units) + i], 3, 0);
            short kept = Saturate16(MultiplyByQuantizedMultiplier(forgetGate * cell[i], factors[0], factors[1]));
            short added = Saturate16(MultiplyByQuantizedMultiplier(inputGate * candidate, factors[2], factors[3]));
            int sum = Saturate16(kept + added);
            if (clip > 0) sum = Math.Min(Math.Max(sum, -clip), clip);
            cell[i] = (short)sum;
            gates[i] = TanhInt16(cell[i], multiplier, shift);
        }
    }

    /// <summary>The nearest int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static short Saturate16(int x) => (short)Math.Min(Math.Max(x, short.MinValue), short.MaxValue);

    /// <summary>LSTM over a sequence of float frames.</summary>
    /// <param name="input">Frames of all sequences and steps.</param>
    /// <param name="weights">Input weights in blocks of 8 gates, 4 · units gates in all: [gates ÷ 8][inputs][8], missing gates zero.</param>
    /// <param name="recurrent">Recurrent weights, packed alike.</param>
    /// <param name="bias">4 · units, padded with zeros to a multiple of 8.</param>
    /// <param name="hidden">Hidden state before, batch × units.</param>
    /// <param name="cell">Cell state before, batch × units.</param>
    /// <param name="output">Hidden state after every step.</param>
    /// <param name="nextHidden">Hidden state after; may be that before.</param>
    /// <param name="nextCell">Cell state after; may be that before.</param>
    /// <param name="gates">Scratch, as long as the bias.</param>
    /// <param name="steps">Frames of a sequence.</param>
    /// <param name="batch">Number of sequences.</param>
    /// <param name="inputs">Elements of a frame.</param>
    /// <param name="units">Elements of a state.</param>
    /// <param name="timeMajor">True when the first dimension counts steps, false when it counts sequences.</param>
    /// <param name="clip">Largest size of a cell, or 0 for no limit.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LstmFloat(
        float* input, float* weights, float* recurrent, float* bias, float* hidden, float* cell, float* output, float* nextHidden, float* nextCell,
        float* gates,
        int steps, int batch, int inputs, int units, bool timeMajor, float clip)
    {
        for (int i = 0; i < batch * units; i++) (nextHidden[i], nextCell[i]) = (hidden[i], cell[i]);
        for (int sequence = 0; sequence < batch; sequence++)
        {
            float* state = nextHidden + (sequence * units);
            float* cells = nextCell + (sequence * units);
            for (int step = 0; step < steps; step++)
            {
                int at = timeMajor ? (step * batch) + sequence : (sequence * steps) + step;
                MatrixVector(input + (at * inputs), weights, bias, gates, inputs, 4 * units);
                MatrixVector(state, recurrent, gates, gates, units, 4 * units);
                SigmoidFloats(gates, 2 * units);
                TanhFloats(gates + (2 * units), gates + (2 * units), units);
                SigmoidFloats(gates + (3 * units), units);
                for (int i = 0; i < units; i++)
                {
                    cells[i] = MultiplyAdd(gates[i], gates[(2 * units) + i], gates[units + i] * cells[i]);
                    if (clip > 0) cells[i] = Math.Min(Math.Max(cells[i], -clip), clip);
                }

                TanhFloats(cells, gates, units);
                for (int i = 0; i < units; i++) output[(at * units) + i] = state[i] = gates[i] * gates[(3 * units) + i];
            }
        }
    }

    /// <summary>start + x · weights: products of every row summed in order of the inputs, for blocks of 8 rows.</summary>
    /// <param name="x">Inputs.</param>
    /// <param name="weights">[rows ÷ 8][inputs][8].</param>
    /// <param name="start">Rows, padded to a multiple of 8.</param>
    /// <param name="sums">Rows, padded to a multiple of 8; may be the start.</param>
    /// <param name="inputs">Number of inputs.</param>
    /// <param name="rows">Number of rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MatrixVector(float* x, float* weights, float* start, float* sums, int inputs, int rows)
    {
        int row = 0;
        if (Fma.IsSupported)
        {
            for (; row + 24 < rows; row += 32, weights += 32 * inputs)
            {
                Vector256<float> a = Vector256.Load(start + row), b = Vector256.Load(start + row + 8), c = Vector256.Load(start + row + 16),
                    d = Vector256.Load(start + row + 24);
                float* w = weights;
                int step = 8 * inputs;
                for (int i = 0; i < inputs; i++, w += 8)
                {
                    Vector256<float> factor = Vector256.Create(x[i]);
                    a = Fma.MultiplyAdd(factor, Vector256.Load(w), a);
                    b = Fma.MultiplyAdd(factor, Vector256.Load(w + step), b);
                    c = Fma.MultiplyAdd(factor, Vector256.Load(w + (2 * step)), c);
                    d = Fma.MultiplyAdd(factor, Vector256.Load(w + (3 * step)), d);
                }

                a.Store(sums + row);
                b.Store(sums + row + 8);
                c.Store(sums + row + 16);
                d.Store(sums + row + 24);
            }
        }

        for (; row < rows; row += 8, weights += 8 * inputs)
        {
            Vector128<float> low = Vector128.Load(start + row), high = Vector128.Load(start + row + 4);
            for (int i = 0; i < inputs; i++)
            {
                Vector128<float> factor = Vector128.Create(x[i]);
                low = MultiplyAdd(factor, Vector128.Load(weights + (8 * i)), low);
                high = MultiplyAdd(factor, Vector128.Load(weights + (8 * i) + 4), high);
            }

            low.Store(sums + row);
            high.Store(sums + row + 4);
        }
    }

    /// <summary>1 ÷ (1 + e⁻ˣ) of floats, in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SigmoidFloats(float* x, int count)
    {
        int i = 0;
        for (; i <= count - 4; i += 4) (Vector128<float>.One / (Vector128<float>.One + ExpFloat(-Vector128.Load(x + i)))).Store(x + i);
        for (; i < count; i++) x[i] = 1 / (1 + ExpFloat(Vector128.CreateScalar(-x[i]))[0]);
    }

    /// <summary>Hyperbolic tangents of floats: 1 − 2 ÷ (e²ˣ + 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TanhFloats(float* x, float* y, int count)
    {
        int i = 0;
        Vector128<float> two = Vector128.Create(2f);
        for (; i <= count - 4; i += 4) (Vector128<float>.One - (two / (ExpFloat(two * Vector128.Load(x + i)) + Vector128<float>.One))).Store(y + i);
        for (; i < count; i++) y[i] = 1 - (2 / (ExpFloat(Vector128.CreateScalar(2 * x[i]))[0] + 1));
    }

    /// <summary>eˣ within two units in the last place: 2ⁿ · eʳ with |r| ≤ ln 2 ÷ 2 and a polynomial of degree 6 (Cephes, expf).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ExpFloat(Vector128<float> x)
    {
        x = Vector128.Min(Vector128.Max(x, Vector128.Create(-87f)), Vector128.Create(88f));
        Vector128<float> shifted = MultiplyAdd(x, Vector128.Create(1.44269504f), Vector128.Create(12582912f)); // 1.5 · 2²³ rounds to an integer
        Vector128<float> n = shifted - Vector128.Create(12582912f);
        Vector128<float> r = MultiplyAdd(n, Vector128.Create(2.12194440e-4f), MultiplyAdd(n, Vector128.Create(-0.693359375f), x));
        Vector128<float> p = Vector128.Create(1.9875691500e-4f);
        p = MultiplyAdd(p, r, Vector128.Create(1.3981999507e-3f));
        p = MultiplyAdd(p, r, Vector128.Create(8.3334519073e-3f));
        p = MultiplyAdd(p, r, Vector128.Create(4.1665795894e-2f));
        p = MultiplyAdd(p, r, Vector128.Create(1.6666665459e-1f));
        p = MultiplyAdd(p, r, Vector128.Create(5.0000001201e-1f));
        p = MultiplyAdd(p, r * r, r + Vector128<float>.One);
        return p * ((shifted.AsInt32() + Vector128.Create(127)) << 23).AsSingle();
    }
}
