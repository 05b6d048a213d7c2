using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Tool.Measuring;
using ModelCompiler.Benchmarks.Models;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Benchmarks.Peers;

/// <summary>Each model beside ONNX Runtime, in one process and in turns on one core.</summary>
internal static class PeersView
{
    private const int MostSamples = 16;

    private static readonly string[] Columns = ["model", "ours µs", "min", "ONNX Runtime µs", "min", "ratio", "of min", "floor", "arena", "weights",
        "largest difference", "correlation"];

    /// <summary>Prints the table; the exit code is 1 when outputs do not agree.</summary>
    public static int Run(BenchmarkOptions options)
    {
        if (SharedData.Root is null)
        {
            Console.WriteLine("Nothing to measure: the folder 'shared' beside the repository is not here.");
            return 1;
        }

        Timing.PinToOneCore();
        var floor = new MachineFloor(options.Target);
        Console.WriteLine($"{MachineName.Text}.");
        Console.WriteLine($"Target {options.Target}, one thread, ONNX Runtime {OrtEnv.Instance().GetVersionString()}. Ratio: ONNX Runtime's time to ours; "
            + "floor: share of the time that the machine's fastest exact arithmetic would take.");
        foreach ((string pattern, double speed) in floor.Patterns)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {pattern}: {speed:F0} GMAC/s"));
        var table = new TextTable(Columns) { RightAligned = Columns.Skip(1).ToHashSet() };
        bool sound = true;
        foreach (ModelCase row in options.Cases)
        {
            Console.Error.WriteLine(row.Name);
            (string[] cells, Agreement agreement) = Measure(row, options, floor);
            table.Add(cells);
            if (agreement.IsSound) continue;
            sound = false;
            Console.Error.WriteLine($"{row.Name}: the outputs of the two engines do not agree: {agreement}.");
        }

        Console.WriteLine();
        table.Write(Console.Out);
        Console.WriteLine();
        Console.WriteLine("Where other programs run on the machine, the minima say more than the medians. Weights that are zero count for the floor, though "
            + "kernels may leave them out.");
        foreach (string note in options.Cases.Select(c => c.Note).Where(n => n.Length > 0)) Console.WriteLine(note);
        return sound ? 0 : 1;
    }

    private static (string[] Cells, Agreement Agreement) Measure(ModelCase row, BenchmarkOptions options, MachineFloor floor)
    {
        CompilationResult result = row.Compile(options.Target);
        ModelPlan plan = result.Plan!;
        using var ours = new GeneratedPeer(result);
        using var theirs = new OnnxRuntimePeer(row.IsFloat ? OnnxFile.Of(System.IO.File.ReadAllBytes(SharedData.Path(row.File)), ours)
            : QdqExporter.Export(result.Compiled!));
        Agreement agreement = Compare(row, ours, theirs);
        Timing[] times = Timing.Measure(options.Seconds, ours.Run, theirs.Run);
        string[] cells =
        [
            row.Name, Number(times[0].Median), Number(times[0].Least), Number(times[1].Median), Number(times[1].Least),
            Ratio(times[1].Median / times[0].Median), Ratio(times[1].Least / times[0].Least),
            string.Create(CultureInfo.InvariantCulture, $"{floor.Of(plan, row.IsFloat) / times[0].Median:P0}"),
            plan.ArenaBytes.ToString(CultureInfo.InvariantCulture), MachineFloor.ConstantBytes(plan).ToString(CultureInfo.InvariantCulture),
            string.Create(CultureInfo.InvariantCulture, $"{agreement.LargestSteps:G3}{(row.IsFloat ? "" : " steps")}"),
            string.Create(CultureInfo.InvariantCulture, $"{agreement.Correlation:F4}"),
        ];
        return (cells, agreement);
    }

    private static Agreement Compare(ModelCase row, GeneratedPeer ours, OnnxRuntimePeer theirs)
    {
        var outputs = new List<(TensorData, TensorData)>();
        foreach (float[] sample in row.Samples.Reals(ours.Inputs.Single().Shape, MostSamples))
        {
            TensorData input = ours.Inputs[0].Quantize(TensorData.Of(ours.Inputs[0].Shape, sample));
            foreach (IPeer peer in new IPeer[] { ours, theirs })
            {
                peer.SetInputs([input]);
                peer.Run();
            }

            outputs.AddRange(ours.Outputs().Zip(theirs.Outputs()));
        }

        return Agreement.Of(outputs);
    }

    private static string Number(double microseconds) =>
        microseconds.ToString(microseconds < 10 ? "F2" : microseconds < 1000 ? "F1" : "F0", CultureInfo.InvariantCulture);

    private static string Ratio(double ratio) => ratio.ToString("F2", CultureInfo.InvariantCulture);
}
