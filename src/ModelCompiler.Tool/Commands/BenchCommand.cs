using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Tool.Engines;
using ModelCompiler.Tool.Measuring;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary><c>bench</c>: how long a run takes on this machine, what it needs, and which layers the time goes to.</summary>
internal sealed class BenchCommand : ModelCommand
{
    private const double DefaultSeconds = 2;

    private readonly Option<double?> _seconds = new("--seconds") {
        Description = string.Create(CultureInfo.InvariantCulture, $"How long to measure each network (default {DefaultSeconds})."), HelpName = "number" };
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads of the throughput, an instance each (default: one for each processor).",
        HelpName = "number" };
    private readonly Option<bool> _layers = new("--layers") { Description = "Time every kernel, with its speed as a share of what the processor can do." };

    public BenchCommand()
        : base("bench", "Measures the generated code on this machine, beside that of the original float network.")
    {
        _seconds.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !(double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                && value is > 0 and <= 3600)) result.AddError("Give a number of seconds up to 3600.");
        });
        _threads.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
                || value is < 1 or > 1024)) result.AddError("Give a number of threads from 1 to 1024.");
        });
        foreach (Option option in (Option[])[_seconds, _threads, _layers]) Command.Options.Add(option);
    }

    /// <inheritdoc/>
    protected override Report Execute(CompiledModel model, ParseResult parsed)
    {
        (double seconds, int threads) = (parsed.GetValue(_seconds) ?? DefaultSeconds, parsed.GetValue(_threads) ?? Environment.ProcessorCount);
        using var compiled = new MeasuredProgram(model.Plan, model.Result.Weights);
        CompiledModel? original = Original(model);
        using MeasuredProgram? before = original is null ? null : new(original.Plan, original.Result.Weights);
        Latency[] latencies = Latency.Measure(seconds, before is null ? [compiled.Run] : [compiled.Run, before.Run]);
        return new BenchReport(model.Plan.ModelFile, model.Plan.Target, MachineName.Text, threads,
            compiled.Report(latencies[0], threads, seconds), before?.Report(latencies[1], threads, seconds),
            parsed.GetValue(_layers) ? Layers(model, seconds) : []);
    }

    // The float network for the same machine; null when the model is compiled as it is.
    private static CompiledModel? Original(CompiledModel model)
    {
        if (model.FloatOriginal is null || model.Plan.Options.Length == 0) return null;
        CompilationOptions o = model.Options;
        var plain = new CompilationOptions { InputShapes = o.InputShapes, InputValues = o.InputValues, Target = o.Target, Precision = Precision.Float32 };
        CompiledModel original = CompiledModel.Load(model.Path, plain);
        return original.Result.Success && !original.Result.Weights.Span.SequenceEqual(model.Result.Weights.Span) ? original : null;
    }

    private static LayerTime[] Layers(CompiledModel model, double seconds)
    {
        var floor = new MachineFloor(model.Plan.Target);
        using var programs = new StepPrograms(model.Plan, model.Result.Weights);
        Latency[] times = Latency.Measure(seconds / programs.Steps.Count, [.. programs.Steps]);
        double sum = times.Sum(t => t.Median);
        return [.. model.Plan.Steps.Select((step, i) =>
        {
            double peak = floor.Peak(Energy.IsFloat(model.Plan, step)), speed = step.Kernel.Macs / times[i].Median / 1000;
            return new LayerTime(step.Name.Split(';')[0], step.Kernel.Summary, times[i].Median, times[i].Median / sum, step.Kernel.Macs,
                step.Kernel.Macs == 0 ? null : speed, step.Kernel.Macs == 0 || peak == 0 ? null : speed / peak);
        })];
    }

    /// <summary>A network's generated code, with inputs that it may run on again and again.</summary>
    private sealed class MeasuredProgram : IDisposable
    {
        private const int Counted = 100;

        private readonly ModelPlan _plan;
        private readonly GeneratedEngine _engine;
        private readonly byte[][] _inputs, _outputs;
        private readonly double _start;

        public MeasuredProgram(ModelPlan plan, ReadOnlyMemory<byte> weights)
        {
            _plan = plan;
            _engine = new GeneratedEngine(plan, weights);
            (_inputs, _outputs) = Buffers();
            long from = Stopwatch.GetTimestamp();
            Run();
            _start = Timing.Since(from) / 1000;
        }

        public void Run() => _engine.RunRaw(_inputs, _outputs);

        public NetworkTimes Report(Latency latency, int threads, double seconds)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < Counted; i++) Run();
            long allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / Counted;
            return new(latency, _start, 1e6 / latency.Median, Throughput(threads, seconds), allocated, _plan.ArenaBytes, MachineFloor.ConstantBytes(_plan),
                _plan.Steps.Sum(s => s.Kernel.Macs), Energy.Of(_plan, Run));
        }

        public void Dispose() => _engine.Dispose();

        // Runs a second, an instance for each thread.
        private double Throughput(int threads, double seconds)
        {
            long[] counts = new long[threads];
            using var ready = new Barrier(threads);
            Thread[] workers = [.. Enumerable.Range(0, threads).Select(i => new Thread(() =>
            {
                using GeneratedEngine own = _engine.Another();
                (byte[][] inputs, byte[][] outputs) = Buffers();
                own.RunRaw(inputs, outputs);
                ready.SignalAndWait();
                long start = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds / 2)
                {
                    own.RunRaw(inputs, outputs);
                    counts[i]++;
                }
            }))];
            foreach (Thread worker in workers) worker.Start();
            foreach (Thread worker in workers) worker.Join();
            return counts.Sum() / (seconds / 2);
        }

        // Small numbers of all signs; as bits of floats nothing that is slow to compute with.
        private (byte[][] Inputs, byte[][] Outputs) Buffers()
        {
            var random = new Random(1);
            return ([.. _engine.Inputs.Select(e => Fill(e, random))], [.. _engine.Outputs.Select(e => new byte[e.Shape.Elements * e.Type.Size()])]);
        }

        private static byte[] Fill(EngineEdge edge, Random random)
        {
            var bytes = new byte[edge.Shape.Elements * edge.Type.Size()];
            if (edge.Type == ElementType.Float32)
            {
                foreach (ref float x in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes.AsSpan())) x = (random.NextSingle() * 2) - 1;
            }
            else if (edge.Type.IsByte())
            {
                random.NextBytes(bytes);
            }

            return bytes;
        }
    }
}
