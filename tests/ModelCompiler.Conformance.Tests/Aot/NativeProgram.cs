using System.Globalization;
using System.Security;
using System.Text;

namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>What a program said and computed.</summary>
/// <param name="ExitCode">How it ended.</param>
/// <param name="Output">What it said: a line per case, with the bytes allocated by its runs.</param>
/// <param name="Answers">The raw outputs of every case.</param>
internal sealed record NativeRun(int ExitCode, string Output, IReadOnlyDictionary<string, byte[]> Answers);

/// <summary>One native console program with the generated code of many cases. It reads a file of raw inputs per case and writes a file of raw
/// outputs.</summary>
internal sealed class NativeProgram : IDisposable
{
    private const string Listing = "listing.txt";

    private readonly string _folder = Directory.CreateTempSubdirectory("modelcompiler-native-").FullName;
    private readonly Dictionary<string, NativeUnit> _units = [];
    private readonly Dictionary<string, NativeRun> _runs = [];

    /// <summary>Compiles and publishes.</summary>
    /// <param name="cases">What it consists of.</param>
    /// <param name="machine">What it is published for.</param>
    public NativeProgram(IEnumerable<NativeCase> cases, NativeMachine machine)
    {
        try
        {
            WriteSources(cases, machine);
            CommandResult published = Dotnet.Run(_folder, "publish", "-c", "Release", "-r", machine.RuntimeIdentifier, "-o", "out", "-nodeReuse:false",
                "-p:UseSharedCompilation=false");
            Assert.True(published.ExitCode == 0, published.Output);
            PublishOutput = published.Output;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the publication said.</summary>
    public string PublishOutput { get; }

    /// <summary>The instructions of all tile methods, which do the multiplying.</summary>
    public IReadOnlyList<Disassembly> Disassembly => field ??= [.. Aot.Disassembly.Read(File.ReadLines(PathOf(Listing)))];

    /// <summary>Files that the publication gave.</summary>
    public IEnumerable<string> Published => Directory.EnumerateFileSystemEntries(PathOf("out")).Select(f => Path.GetFileName(f)!);

    /// <summary>What it consists of, by the names of their cases.</summary>
    public IReadOnlyDictionary<string, NativeUnit> Units => _units;

    /// <summary>Runs the program, once per processor.</summary>
    public NativeRun RunOn(Processor processor)
    {
        if (_runs.TryGetValue(processor.Name, out NativeRun? known)) return known;
        string program = OperatingSystem.IsWindows() ? "Native.exe" : "Native";

        // Elsewhere and alone, so that it cannot lean on anything beside it.
        Directory.CreateDirectory(PathOf("alone"));
        File.Copy(PathOf(Path.Combine("out", program)), PathOf(Path.Combine("alone", program)), overwrite: true);
        string[] command = [.. processor.Emulator, PathOf(Path.Combine("alone", program)), _folder];
        CommandResult result = Dotnet.Start(PathOf("alone"), command[0], command[1..]);
        Dictionary<string, byte[]> answers = _units.Keys.Where(n => File.Exists(PathOf(n + ".out")))
            .ToDictionary(n => n, n => File.ReadAllBytes(PathOf(n + ".out")));
        foreach (string name in answers.Keys) File.Delete(PathOf(name + ".out"));
        return _runs[processor.Name] = new NativeRun(result.ExitCode, result.Output, answers);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void WriteSources(IEnumerable<NativeCase> cases, NativeMachine machine)
    {
        var calls = new StringBuilder();
        var references = new StringBuilder();
        foreach (NativeCase native in cases)
        {
            NativeUnit unit = native.Compile(machine.Target);
            _units.Add(native.Name, unit);
            File.WriteAllText(PathOf(native.Name + ".g.cs"), unit.Source);
            File.WriteAllBytes(PathOf(native.Name + ".in"), unit.Input);
            calls.Append(Call(native.Name, unit));
            if (unit.Weights is not { } weights) continue;
            string file = weights.Assembly + ".dll";
            File.WriteAllBytes(PathOf(file), weights.Image);
            references.Append(CultureInfo.InvariantCulture, $"<Reference Include=\"{SecurityElement.Escape(weights.Assembly)}\" "
                + $"HintPath=\"{SecurityElement.Escape(file)}\" />\n");
        }

        WriteProject(calls, references, machine.InstructionSet);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private static string Call(string name, NativeUnit unit) => $$"""
        {
            byte[] x = File.ReadAllBytes(Path.Combine(folder, "{{name}}.in"));
            byte[] y = new byte[{{unit.OutputBytes}}];
            {{unit.Preparation}}
            long before = GC.GetAllocatedBytesForCurrentThread();
            {{unit.Statements}}
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            File.WriteAllBytes(Path.Combine(folder, "{{name}}.out"), y);
            Console.WriteLine($"{{name}} allocated {allocated} bytes");
        }

        """;

    private void WriteProject(StringBuilder calls, StringBuilder references, string? instructionSet)
    {
        // Nothing of the surroundings may reach the project.
        foreach (string file in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props" })
            File.WriteAllText(PathOf(file), "<Project />");
        File.WriteAllText(PathOf("Program.cs"), $$"""
            using System;
            using System.IO;
            using System.Runtime.InteropServices;

            string folder = args[0];
            {{calls}}
            """);
        File.WriteAllText(PathOf("Native.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <AllowUnsafeBlocks>true</AllowUnsafeBlocks>
                <PublishAot>true</PublishAot>
                <InvariantGlobalization>true</InvariantGlobalization>
                <TrimmerSingleWarn>false</TrimmerSingleWarn>
                <IlcInstructionSet>{instructionSet}</IlcInstructionSet>
              </PropertyGroup>
              <ItemGroup>
                <!-- One method after the other, so that their listings do not mix. -->
                <IlcArg Include="--parallelism:1" />
                <IlcArg Include="--codegenopt:JitStdOutFile={SecurityElement.Escape(PathOf(Listing))}" />
                <IlcArg Include="--codegenopt:JitDisasm=*Tile*" />
                {references}
              </ItemGroup>
            </Project>
            """);
    }
}
