namespace ModelCompiler.CodeGen.Library;

/// <summary>
/// Recurrent layers as ONNX defines them: x [time, batch, inputs], weights with a leading axis of directions, y [time, directions, batch, units];
/// last states [directions, batch, units]. Activations are given per direction as code, alpha and beta. Sequences may have lengths;
/// 0 stands where they have ended.
/// </summary>
internal static unsafe partial class Recurrent
{
    /// <summary>h = f(x·Wᵀ + h·Rᵀ + b).</summary>
    public static void Simple(float* x, float* w, float* r, float* bias, int* lengths, float* h0, float* y, float* h, float* gates, float* activations,
        int times, int batch, int inputs, int units, int directions, int reverse, float clip)
    {
        for (int d = 0; d < directions; d++)
        {
            Start(h, h0, d, batch * units);
            for (int step = 0; step < times; step++)
            {
                for (int b = 0; b < batch; b++)
                {
                    int t = Time(step, Length(lengths, b, times), (reverse >> d) & 1);
                    float* state = h + (((d * batch) + b) * units);
                    float* to = y + (((((t < 0 ? step : t) * directions) + d) * batch) + b) * units;
                    if (t < 0)
                    {
                        new Span<float>(to, units).Clear();
                        continue;
                    }

                    Gates(gates, x + (((t * batch) + b) * inputs), state, w + (d * units * inputs), r + (d * units * units),
                        bias == null ? null : bias + (d * 2 * units), units, inputs, units);
                    for (int u = 0; u < units; u++) state[u] = Activate(activations + (d * 3), Clip(gates[u], clip));
                    new ReadOnlySpan<float>(state, units).CopyTo(new Span<float>(to, units));
                }
            }
        }
    }

    /// <summary>Gates update, reset and hidden (in this order): h = (1 − z) ∘ n + z ∘ h.</summary>
    public static void Gru(float* x, float* w, float* r, float* bias, int* lengths, float* h0, float* y, float* h, float* gates, float* activations, int times,
        int batch, int inputs, int units, int directions, int reverse, float clip, bool linearBeforeReset)
    {
        for (int d = 0; d < directions; d++)
        {
            Start(h, h0, d, batch * units);
            float* rd = r + (d * 3 * units * units);
            float* bd = bias == null ? null : bias + (d * 6 * units);
            float* hidden = gates + (3 * units);
            for (int step = 0; step < times; step++)
            {
                for (int b = 0; b < batch; b++)
                {
                    int t = Time(step, Length(lengths, b, times), (reverse >> d) & 1);
                    float* state = h + (((d * batch) + b) * units);
                    float* to = y + (((((t < 0 ? step : t) * directions) + d) * batch) + b) * units;
                    if (t < 0)
                    {
                        new Span<float>(to, units).Clear();
                        continue;
                    }

                    float* from = x + (((t * batch) + b) * inputs);
                    Gates(gates, from, state, w + (d * 3 * units * inputs), rd, bd, 2 * units, inputs, units, 3 * units);
                    for (int u = 0; u < 2 * units; u++) gates[u] = Activate(activations + (d * 6), Clip(gates[u], clip));
                    for (int u = 0; u < units; u++)
                    {
                        int row = (2 * units) + u;
                        float own = bd == null ? 0 : bd[row], other = bd == null ? 0 : bd[(3 * units) + row];
                        float* weights = w + (((d * 3 * units) + row) * inputs);
                        for (int i = 0; i < inputs; i++) own += weights[i] * from[i];
                        float back = linearBeforeReset ? other : 0;
                        for (int i = 0; i < units; i++) back += rd[(row * units) + i] * (linearBeforeReset ? state[i] : gates[units + i] * state[i]);
                        hidden[u] = Activate(activations + (d * 6) + 3, Clip(linearBeforeReset ? own + (gates[units + u] * back) : own + back + other, clip));
                    }

                    for (int u = 0; u < units; u++) state[u] = ((1 - gates[u]) * hidden[u]) + (gates[u] * state[u]);
                    new ReadOnlySpan<float>(state, units).CopyTo(new Span<float>(to, units));
                }
            }
        }
    }

    /// <summary>Gates input, output, forget and cell (in this order), with optional peepholes from the cell to the first three.</summary>
    public static void Lstm(float* x, float* w, float* r, float* bias, int* lengths, float* h0, float* c0, float* peepholes, float* y, float* h, float* c,
        float* gates, float* activations, int times, int batch, int inputs, int units, int directions, int reverse, float clip, bool inputForget)
    {
        for (int d = 0; d < directions; d++)
        {
            Start(h, h0, d, batch * units);
            Start(c, c0, d, batch * units);
            float* p = peepholes == null ? null : peepholes + (d * 3 * units);
            float* act = activations + (d * 9);
            for (int step = 0; step < times; step++)
            {
                for (int b = 0; b < batch; b++)
                {
                    int t = Time(step, Length(lengths, b, times), (reverse >> d) & 1);
                    float* state = h + (((d * batch) + b) * units);
                    float* cell = c + (((d * batch) + b) * units);
                    float* to = y + (((((t < 0 ? step : t) * directions) + d) * batch) + b) * units;
                    if (t < 0)
                    {
                        new Span<float>(to, units).Clear();
                        continue;
                    }

                    Gates(gates, x + (((t * batch) + b) * inputs), state, w + (d * 4 * units * inputs), r + (d * 4 * units * units),
                        bias == null ? null : bias + (d * 8 * units), 4 * units, inputs, units);
                    for (int u = 0; u < units; u++)
                    {
                        float i = Activate(act, Clip(gates[u] + (p == null ? 0 : p[u] * cell[u]), clip));
                        float f = inputForget ? 1 - i : Activate(act, Clip(gates[(2 * units) + u] + (p == null ? 0 : p[(2 * units) + u] * cell[u]), clip));
                        float n = Activate(act + 3, Clip(gates[(3 * units) + u], clip));
                        cell[u] = (f * cell[u]) + (i * n);
                        float o = Activate(act, Clip(gates[units + u] + (p == null ? 0 : p[units + u] * cell[u]), clip));
                        state[u] = o * Activate(act + 6, cell[u]);
                    }

                    new ReadOnlySpan<float>(state, units).CopyTo(new Span<float>(to, units));
                }
            }
        }
    }

    /// <summary>Copies first states, or clears them.</summary>
    private static void Start(float* state, float* first, int direction, int count)
    {
        var to = new Span<float>(state + (direction * count), count);
        if (first == null) to.Clear();
        else new ReadOnlySpan<float>(first + (direction * count), count).CopyTo(to);
    }

    /// <summary>Length of a sequence.</summary>
    private static int Length(int* lengths, int b, int times) => lengths == null ? times : Math.Clamp(lengths[b], 0, times);

    /// <summary>The time of a step, forwards or backwards; −1 when the sequence has ended.</summary>
    private static int Time(int step, int length, int reverse) => step >= length ? -1 : reverse != 0 ? length - 1 - step : step;

    /// <summary>Sums before the activations; the second half of the biases, for the recurrent side, begins at a distance.</summary>
    private static void Gates(float* gates, float* x, float* h, float* w, float* r, float* bias, int rows, int inputs, int units, int biases = 0)
    {
        for (int row = 0; row < rows; row++, w += inputs, r += units)
        {
            float sum = bias == null ? 0 : bias[row] + bias[(biases == 0 ? rows : biases) + row];
            for (int i = 0; i < inputs; i++) sum += w[i] * x[i];
            for (int i = 0; i < units; i++) sum += r[i] * h[i];
            gates[row] = sum;
        }
    }

    /// <summary>Limits a sum; 0 for no limit.</summary>
    private static float Clip(float x, float clip) => clip > 0 ? Math.Clamp(x, -clip, clip) : x;

    /// <summary>An activation by its code, with alpha and beta.</summary>
    private static float Activate(float* activation, float x) => (int)activation[0] switch
    {
        0 => 1 / (1 + MathF.Exp(-x)),
        1 => MathF.Tanh(x),
        2 => Math.Max(x, 0),
        3 => (activation[1] * x) + activation[2],
        4 => x < 0 ? activation[1] * x : x,
        5 => x > activation[1] ? x : 0,
        6 => activation[1] * MathF.Tanh(activation[2] * x),
        7 => Math.Clamp((activation[1] * x) + activation[2], 0, 1),
        8 => x < 0 ? activation[1] * (MathF.Exp(x) - 1) : x,
        9 => x / (1 + MathF.Abs(x)),
        _ => Math.Max(x, 0) + MathF.Log(1 + MathF.Exp(-MathF.Abs(x))),
    };
}
