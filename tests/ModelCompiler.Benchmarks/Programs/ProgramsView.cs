using System.Globalization;
using System.Reflection;
using System.Security;
using System.Xml.Linq;
using ModelCompiler.Tool.Measuring;
using ModelCompiler.Benchmarks.Models;
using ModelCompiler.Benchmarks.Peers;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.Engines;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Benchmarks.Programs;

/// <summary>Whole native programs that make one inference: with the package, and with ONNX Runtime.</summary>
internal static class ProgramsView
{
    private const int Runs = 21;

    private static readonly string[] Columns =
        ["model", "bytes", "ONNX Runtime", "share", "load and first µs", "ONNX Runtime", "share", "start to result ms", "ONNX Runtime", "share",
            "min", "ONNX Runtime", "share", "peak KB", "ONNX Runtime", "share"];

    /// <summary>Prints the table; the exit code is 1 when outputs do not agree.</summary>
    public static int Run(BenchmarkOptions options)
    {
        if (SharedData.Root is null)
        {
            Console.WriteLine("Nothing to measure: the folder 'shared' beside the repository is not here.");
            return 1;
        }

        using var feed = new PackageFeed();
        if (feed.Packed.ExitCode != 0) throw new InvalidOperationException(feed.Packed.Output);
        Console.Error.WriteLine("publishing ONNX Runtime's program");
        NativeProgram runtime = PublishRuntime(feed.PathOf("onnxruntime"));
        var published = new List<(ModelCase Row, NativeProgram Program, CompilationResult Result)>();
        foreach (ModelCase row in options.Cases)
        {
            Console.Error.WriteLine($"publishing {row.Name}");
            CompilationResult result = row.Compile(options.Target);
            published.Add((row, PublishOurs(feed, feed.PathOf($"ours {published.Count}"), row, options.Target, result), result));
        }

        Timing.PinToOneCore();
        var table = new TextTable(Columns) { RightAligned = Columns.Skip(1).ToHashSet() };
        bool sound = true;
        foreach ((ModelCase row, NativeProgram program, CompilationResult result) in published)
        {
            Console.Error.WriteLine(row.Name);
            (string[] cells, Agreement agreement) = Measure(feed, row, program, runtime, result);
            table.Add(cells);
            if (agreement.IsSound) continue;
            sound = false;
            Console.Error.WriteLine($"{row.Name}: the outputs of the two programs do not agree: {agreement}.");
        }

        Console.WriteLine($"{MachineName.Text}; ONNX Runtime {VersionOf("Microsoft.ML.OnnxRuntime")}.");
        Console.WriteLine($"Native programs for target {options.Target}; medians of {Runs} starts in turns, and the fastest start. Bytes: all files that are "
            + "deployed, the model included. Share: ours as a share of ONNX Runtime's.");
        foreach (string note in options.Cases.Select(c => c.Note).Where(n => n.Length > 0)) Console.WriteLine(note);
        Console.WriteLine();
        table.Write(Console.Out);
        return sound ? 0 : 1;
    }

    private static (string[] Cells, Agreement Agreement) Measure(PackageFeed feed, ModelCase row, NativeProgram ours, NativeProgram runtime,
        CompilationResult result)
    {
        EngineEdge input = EngineEdge.Of(result.Plan!, result.Plan!.Inputs.Single());
        EngineEdge output = EngineEdge.Of(result.Plan!, result.Plan!.Outputs.Single());
        QdqModel exported = QdqExporter.Export(result.Compiled!);
        TensorData sample = input.Quantize(TensorData.Of(input.Shape, row.Samples.Reals(input.Shape, 1)[0]));
        (string x, string y) = (feed.PathOf("input"), feed.PathOf("output"));
        File.WriteAllBytes(x, sample.Bytes);
        File.WriteAllBytes(x + "2", exported.Inputs[0].ToFile(sample).Bytes);
        string model = feed.PathOf("model.onnx");
        File.WriteAllBytes(model, exported.Bytes);
        NativeProgram theirs = runtime with { Arguments = [model] };
        var results = NativeProgram.Measure(Runs, (ours, x, y), (theirs, x + "2", y + "2"));
        Agreement agreement = Agreement.Of([(new TensorData(output.Type, output.Shape, File.ReadAllBytes(y)),
            exported.Outputs[0].FromFile(File.ReadAllBytes(y + "2")))]);
        string[] cells =
        [
            row.Name,
            .. Pair(ours.Size, runtime.Size + exported.Bytes.Length, "F0"),
            .. Pair(results[0].Load.Median * 1000, results[1].Load.Median * 1000, "F0"),
            .. Pair(results[0].Start.Median, results[1].Start.Median, "F1"),
            .. Pair(results[0].Start.Least, results[1].Start.Least, "F1"),
            .. Pair(results[0].Memory.Median, results[1].Memory.Median, "F0"),
        ];
        return (cells, agreement);
    }

    private static string[] Pair(double ours, double theirs, string format) =>
        [ours.ToString(format, CultureInfo.InvariantCulture), theirs.ToString(format, CultureInfo.InvariantCulture),
            string.Create(CultureInfo.InvariantCulture, $"1/{Math.Round(theirs / ours, theirs < 10 * ours ? 1 : 0)}")];

    private static NativeProgram PublishOurs(PackageFeed feed, string folder, ModelCase row, string target, CompilationResult result)
    {
        Directory.CreateDirectory(folder);
        string model = Path.GetFileName(row.File);
        File.Copy(SharedData.Path(row.File), Path.Combine(folder, model));
        string metadata = string.Concat(CompilationOptions.All
            .Where(p => p.Name is not (nameof(CompilationOptions.Target) or nameof(CompilationOptions.ClassName))
                && !Equals(p.GetValue(row.Options), p.GetValue(new CompilationOptions())))
            .Select(p => string.Create(CultureInfo.InvariantCulture,
                $" {p.Name}=\"{SecurityElement.Escape(string.Create(CultureInfo.InvariantCulture, $"{p.GetValue(row.Options)}"))}\"")));
        if (row.CalibrationFile(result.Original!.InputValues.Single().Shape) is { } calibration)
        {
            File.WriteAllBytes(Path.Combine(folder, "samples.npz"), calibration);
            metadata += " Calibration=\"samples.npz\"";
        }

        EngineEdge output = EngineEdge.Of(result.Plan!, result.Plan!.Outputs.Single());
        return NativeProgram.Publish(
            folder,
            $"<NeuralModelTarget>{target}</NeuralModelTarget>",
            $"""
            <PackageReference Include="ModelCompiler" Version="{feed.Version}" PrivateAssets="all" />
            <NeuralModel Include="{model}" ClassName="Net"{metadata} />
            """,
            $$"""
            byte[] input = File.ReadAllBytes(args[0]);
            byte[] output = new byte[{{output.Shape.Elements * output.Type.Size()}}];
            long start = Stopwatch.GetTimestamp();
            using var model = new App.Net();
            model.Run({{Span("ReadOnlySpan", EngineEdge.Of(result.Plan!, result.Plan!.Inputs.Single()), "input")}}, {{Span("Span", output, "output")}});
            long end = Stopwatch.GetTimestamp();
            File.WriteAllBytes(args[1], output);
            Report(start, end);
            """);

        static string Span(string kind, EngineEdge edge, string name) => $"MemoryMarshal.Cast<byte, {edge.Type.CSharpName()}>(({kind}<byte>){name})";
    }

    private static NativeProgram PublishRuntime(string folder)
    {
        NativeProgram program = NativeProgram.Publish(
            folder,
            "",
            $"""
            <PackageReference Include="Microsoft.ML.OnnxRuntime" Version="{VersionOf("Microsoft.ML.OnnxRuntime")}" />
            <PackageReference Include="System.Numerics.Tensors" Version="{VersionOf("System.Numerics.Tensors")}" />
            """,
            """
            byte[] input = File.ReadAllBytes(args[1]);
            long start = Stopwatch.GetTimestamp();
            using var options = new Microsoft.ML.OnnxRuntime.SessionOptions
            {
                IntraOpNumThreads = 1,
                InterOpNumThreads = 1,
                GraphOptimizationLevel = Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
                LogSeverityLevel = Microsoft.ML.OnnxRuntime.OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            };
            using var session = new Microsoft.ML.OnnxRuntime.InferenceSession(args[0], options);
            using var run = new Microsoft.ML.OnnxRuntime.RunOptions();
            long[] shape = Array.ConvertAll(session.InputMetadata.Values.Single().Dimensions, d => (long)d);
            using var x = Microsoft.ML.OnnxRuntime.OrtValue.CreateTensorValueFromMemory(input, shape);
            using var results = session.Run(run, session.InputNames, [x], session.OutputNames);
            byte[] output = MemoryMarshal.AsBytes(results[0].GetTensorDataAsSpan<byte>()).ToArray();
            long end = Stopwatch.GetTimestamp();
            File.WriteAllBytes(args[2], output);
            Report(start, end);
            """);
        // Its package puts the library of Windows beside that of every system.
        if (!OperatingSystem.IsWindows()) foreach (string library in Directory.EnumerateFiles(program.Folder, "*.dll")) File.Delete(library);
        return program;
    }

    // The versions that this repository uses.
    private static string VersionOf(string package) => XDocument.Load(Path.Combine(SharedData.RepositoryRoot, "Directory.Packages.props"))
        .Descendants("PackageVersion").Single(p => p.Attribute("Include")!.Value == package).Attribute("Version")!.Value;
}
