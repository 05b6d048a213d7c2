using System.Text.Json;

namespace ModelCompiler.Tool.Tests;

/// <summary>What <c>bench</c> reports; not how long anything takes.</summary>
public class BenchTests
{
    [Fact]
    public void The_compiled_network_stands_beside_the_float_one()
    {
        JsonElement json = CommandLineRun.Succeeds("bench", CommandLineRun.Digits, "--calibration", CommandLineRun.DigitsCalibration, "--seconds", "0.1",
            "--threads", "2", "--json").Json;
        (JsonElement compiled, JsonElement original) = (json.GetProperty("compiled"), json.GetProperty("original"));
        foreach (JsonElement network in new[] { compiled, original })
        {
            JsonElement latency = network.GetProperty("latency");
            double[] times = [.. new[] { "least", "median", "p95", "p99" }.Select(n => latency.GetProperty(n).GetDouble())];
            Assert.True(times[0] > 0);
            Assert.Equal(times.Order(), times);
            Assert.Equal(0, network.GetProperty("allocatedBytes").GetInt64());
            Assert.True(network.GetProperty("throughput").GetDouble() > 0);
            Assert.True(network.GetProperty("energy").GetProperty("microjoules").GetDouble() > 0);
        }

        Assert.True(compiled.GetProperty("weightBytes").GetInt64() < original.GetProperty("weightBytes").GetInt64());
        Assert.Equal(compiled.GetProperty("macs").GetInt64(), original.GetProperty("macs").GetInt64());
        Assert.Equal(2, json.GetProperty("threads").GetInt32());
    }

    [Fact]
    public void Layers_add_up_to_the_whole()
    {
        JsonElement json = CommandLineRun.Succeeds("bench", CommandLineRun.Digits, "--seconds", "0.1", "--layers", "--json").Json;
        Assert.Equal(JsonValueKind.Null, json.GetProperty("original").ValueKind);
        JsonElement[] layers = [.. json.GetProperty("layers").EnumerateArray()];
        Assert.Equal(1, layers.Sum(l => l.GetProperty("share").GetDouble()), 1e-9);
        Assert.Equal(json.GetProperty("compiled").GetProperty("macs").GetInt64(), layers.Sum(l => l.GetProperty("macs").GetInt64()));
        string text = CommandLineRun.Succeeds("bench", CommandLineRun.Digits, "--seconds", "0.1", "--layers").Output;
        Assert.Contains("GMAC/s", text, StringComparison.Ordinal);
        Assert.Contains("working memory", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--threads", "0")]
    [InlineData("--threads", "many")]
    [InlineData("--seconds", "-1")]
    public void What_makes_no_sense_is_said(string option, string value)
    {
        CommandLineRun run = CommandLineRun.Of("bench", CommandLineRun.Digits, option, value);
        Assert.Equal(ModelcApp.Usage, run.ExitCode);
        Assert.Contains("Give a number of", run.Error, StringComparison.Ordinal);
    }
}
