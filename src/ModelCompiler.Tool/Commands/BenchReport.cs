using System.Globalization;
using System.Text.Json.Serialization;
using ModelCompiler.Tool.Measuring;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary>What one network takes.</summary>
/// <param name="Latency">Time of a run on one thread, in microseconds.</param>
/// <param name="FirstMilliseconds">Time of the first run, in which code is compiled just in time.</param>
/// <param name="PerSecond">Runs a second on one thread.</param>
/// <param name="Throughput">Runs a second on all threads.</param>
/// <param name="AllocatedBytes">Managed memory that a run allocates.</param>
/// <param name="ArenaBytes">Working memory of an instance.</param>
/// <param name="WeightBytes">Weights and tables.</param>
/// <param name="Macs">Multiply-accumulates of a run.</param>
/// <param name="Energy">Energy of a run.</param>
internal sealed record NetworkTimes(Latency Latency, double FirstMilliseconds, double PerSecond, double Throughput, long AllocatedBytes, long ArenaBytes,
    long WeightBytes, long Macs, Energy Energy);

/// <summary>What one kernel takes.</summary>
/// <param name="Name">The node it is from.</param>
/// <param name="Kernel">What it does.</param>
/// <param name="Microseconds">Median of its time.</param>
/// <param name="Share">Of the sum of all.</param>
/// <param name="Macs">Multiply-accumulates.</param>
/// <param name="GigaMacs">10⁹ multiply-accumulates a second; null where there are none.</param>
/// <param name="OfPeak">The same as a share of what the processor's multipliers can do; null where that is not known.</param>
internal sealed record LayerTime(string Name, string Kernel, double Microseconds, double Share, long Macs, double? GigaMacs, double? OfPeak);

/// <summary>What <c>bench</c> measured.</summary>
/// <param name="Model">Name of the model file.</param>
/// <param name="Target">Machine that the code is for.</param>
/// <param name="Machine">Framework and processor of this one.</param>
/// <param name="Threads">Threads of the throughput.</param>
/// <param name="Compiled">The compiled network.</param>
/// <param name="Original">The float network for the same target; null where the model is compiled as it is.</param>
/// <param name="Layers">Every kernel; empty when not asked for.</param>
internal sealed record BenchReport(string Model, string Target, string Machine, int Threads, NetworkTimes Compiled, NetworkTimes? Original,
    IReadOnlyList<LayerTime> Layers) : Report
{
    private static readonly string[] LayerColumns = ["µs", "share", "MACs", "GMAC/s", "of peak", "kernel", "node"];

    /// <summary>How many times as fast the compiled network is, by medians; null without an original.</summary>
    [JsonPropertyOrder(50)]
    public double? Speedup => Original?.Latency.Median / Compiled.Latency.Median;

    /// <inheritdoc/>
    public override void WriteText(TextWriter output)
    {
        output.WriteLine($"{Model}, target {Target}, {Machine}");
        output.WriteLine();
        string[] columns = Original is null ? ["", "compiled"] : ["", "compiled", "original (float)"];
        var table = new TextTable(columns) { RightAligned = columns.Skip(1).ToHashSet() };
        Add("least", n => Time(n.Latency.Least));
        Add("median", n => Time(n.Latency.Median));
        Add("95 % within", n => Time(n.Latency.P95));
        Add("99 % within", n => Time(n.Latency.P99));
        Add("first run", n => Time(n.FirstMilliseconds * 1000));
        Add("runs a second", n => Number(n.PerSecond));
        Add(string.Create(CultureInfo.InvariantCulture, $"on {Threads} threads"), n => Number(n.Throughput));
        Add("GMAC/s", n => (n.Macs / n.Latency.Median / 1000).ToString("0.0", CultureInfo.InvariantCulture));
        Add("weights", n => Bytes(n.WeightBytes));
        Add("working memory", n => Bytes(n.ArenaBytes));
        Add("allocated by a run", n => Bytes(n.AllocatedBytes));
        Add(Compiled.Energy.IsMeasured ? "energy" : "energy (estimate)", n => n.Energy.Microjoules.ToString("G3", CultureInfo.InvariantCulture) + " µJ");
        table.Write(output);
        output.WriteLine();
        if (Speedup is { } speedup) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{speedup:0.00} times as fast as the float network."));
        output.WriteLine($"Energy: {Compiled.Energy.Method}.");
        if (Layers.Count > 0) WriteLayers(output);

        void Add(string name, Func<NetworkTimes, string> of) => table.Add(Original is null ? [name, of(Compiled)] : [name, of(Compiled), of(Original)]);
    }

    private void WriteLayers(TextWriter output)
    {
        output.WriteLine();
        var table = new TextTable(LayerColumns) { RightAligned = LayerColumns.Take(5).ToHashSet() };
        foreach (LayerTime l in Layers)
        {
            table.Add(l.Microseconds.ToString("0.00", CultureInfo.InvariantCulture), l.Share.ToString("P1", CultureInfo.InvariantCulture),
                l.Macs == 0 ? "" : Number(l.Macs), l.GigaMacs?.ToString("0.0", CultureInfo.InvariantCulture) ?? "",
                l.OfPeak?.ToString("P0", CultureInfo.InvariantCulture) ?? "", l.Kernel, l.Name);
        }

        table.Write(output);
    }

    private static string Time(double microseconds) => microseconds < 1000
        ? microseconds.ToString("0.00 µs", CultureInfo.InvariantCulture) : (microseconds / 1000).ToString("0.00 ms", CultureInfo.InvariantCulture);

    private static string Number(double number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Bytes(long bytes) => bytes.ToString("N0", CultureInfo.InvariantCulture) + " B";
}
