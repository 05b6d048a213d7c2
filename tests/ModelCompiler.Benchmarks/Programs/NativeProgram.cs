using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using ModelCompiler.Tool.Measuring;

namespace ModelCompiler.Benchmarks.Programs;

/// <summary>A published program that reads an input, makes one inference and writes the output.</summary>
/// <param name="Folder">Where it was published.</param>
/// <param name="Arguments">Arguments before those of a run: the model file, if it needs one.</param>
internal sealed record NativeProgram(string Folder, params string[] Arguments)
{
    private const string Name = "App";

    /// <summary>What a project of either kind begins with.</summary>
    private const string Properties = """
        <OutputType>Exe</OutputType>
        <TargetFramework>net10.0</TargetFramework>
        <Nullable>enable</Nullable>
        <ImplicitUsings>enable</ImplicitUsings>
        <NuGetAudit>false</NuGetAudit>
        <PublishAot>true</PublishAot>
        <InvariantGlobalization>true</InvariantGlobalization>
        <StackTraceSupport>false</StackTraceSupport>
        <UseSystemResourceKeys>true</UseSystemResourceKeys>
        <CopyOutputSymbolsToPublishDirectory>false</CopyOutputSymbolsToPublishDirectory>
        """;

    /// <summary>Peak memory and the two times, as both kinds of program report them.</summary>
    private const string Report = """
        static void Report(long start, long end)
        {
            const string Key = "VmHWM:";
            string? line = File.Exists("/proc/self/status") ? File.ReadLines("/proc/self/status")
                .FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal)) : null;
            long kilobytes = line is null ? Environment.WorkingSet / 1024 : long.Parse(line.AsSpan(Key.Length, line.Length - Key.Length - 2));
            Console.WriteLine($"{end} {end - start} {kilobytes}");
        }
        """;

    /// <summary>Writes a project and publishes it.</summary>
    /// <param name="folder">Folder of the project.</param>
    /// <param name="properties">More properties.</param>
    /// <param name="items">Items.</param>
    /// <param name="code">Top-level statements; they end in a call of <c>Report(start, end)</c>.</param>
    /// <param name="arguments">Arguments before those of a run.</param>
    public static NativeProgram Publish(string folder, string properties, string items, string code, params string[] arguments)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, Name + ".csproj"),
            $"<Project Sdk=\"Microsoft.NET.Sdk\">\n<PropertyGroup>\n{Properties}\n{properties}\n</PropertyGroup>\n"
            + $"<ItemGroup>\n{items}\n</ItemGroup>\n</Project>\n");
        File.WriteAllText(Path.Combine(folder, "Program.cs"), $"using System.Diagnostics;\nusing System.Runtime.InteropServices;\n\n{code}\n\n{Report}\n");
        string output = Path.Combine(folder, "out");
        CommandResult result = Dotnet.Run(folder, "publish", "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "-o", output, "-nodeReuse:false");
        if (result.ExitCode != 0) throw new InvalidOperationException($"{result.Command} ended with {result.ExitCode}:\n{result.Output}");
        return new NativeProgram(output, arguments);
    }

    /// <summary>Bytes of everything that must be deployed.</summary>
    public long Size => Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Where(f => Path.GetExtension(f) is not (".dbg" or ".pdb"))
        .Sum(f => new FileInfo(f).Length);

    /// <summary>Runs the program once.</summary>
    /// <returns>Milliseconds from here to the first result, milliseconds from loading to the first result, peak kilobytes.</returns>
    public (double Start, double Load, double Memory) Run(string input, string output)
    {
        var start = new ProcessStartInfo(Path.Combine(Folder, OperatingSystem.IsWindows() ? Name + ".exe" : Name),
            [.. Arguments, input, output]) { RedirectStandardOutput = true };
        long began = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        string[] words = process.StandardOutput.ReadToEnd().Split();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{start.FileName} ended with {process.ExitCode}.");
        long[] numbers = [.. words.Take(3).Select(w => long.Parse(w, CultureInfo.InvariantCulture))];
        double millisecond = Stopwatch.Frequency / 1000.0;
        return ((numbers[0] - began) / millisecond, numbers[1] / millisecond, numbers[2]);
    }

    /// <summary>Runs some programs in turns, so that what disturbs the machine disturbs all alike.</summary>
    public static (Timing Start, Timing Load, Timing Memory)[] Measure(int runs, params (NativeProgram Program, string Input, string Output)[] programs)
    {
        List<(double Start, double Load, double Memory)>[] results = [.. programs.Select(_ => new List<(double, double, double)>())];
        foreach ((NativeProgram program, string input, string output) in programs) program.Run(input, output); // from disk
        for (int run = 0; run < runs; run++)
        {
            for (int i = 0; i < programs.Length; i++) results[i].Add(programs[i].Program.Run(programs[i].Input, programs[i].Output));
        }

        return [.. results.Select(r => (Of(r.Select(x => x.Start)), Of(r.Select(x => x.Load)), Of(r.Select(x => x.Memory))))];

        static Timing Of(IEnumerable<double> values) => Timing.Of([.. values]);
    }
}
