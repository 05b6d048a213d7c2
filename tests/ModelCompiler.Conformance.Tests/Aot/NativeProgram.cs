using System.Globalization;
using System.Security;
using System.Text;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Planning;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>What a program said and computed.</summary>
/// <param name="ExitCode">How it ended.</param>
/// <param name="Output">What it said: a line per network, with the bytes allocated by its runs.</param>
/// <param name="Answers">The raw outputs of every network, sample after sample.</param>
internal sealed record NativeRun(int ExitCode, string Output, IReadOnlyDictionary<string, byte[]> Answers);

/// <summary>One native console program with the generated classes of many networks. It reads a file of raw inputs per network and writes a file of raw outputs.</summary>
internal sealed class NativeProgram : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("modelcompiler-native-").FullName;
    private readonly Dictionary<string, NativeNetwork> _networks = [];
    private readonly Dictionary<string, NativeRun> _runs = [];

    /// <summary>Compiles and publishes.</summary>
    /// <param name="cases">The networks.</param>
    /// <param name="machine">What it is published for.</param>
    public NativeProgram(IEnumerable<NativeCase> cases, NativeMachine machine)
    {
        try
        {
            WriteSources(cases, machine);
            PublishOutput = Command.Dotnet(_folder, "publish", "-c", "Release", "-r", machine.RuntimeIdentifier, "-o", "out", "-nodeReuse:false", "-p:UseSharedCompilation=false").AssertSuccess().Output;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the publication said.</summary>
    public string PublishOutput { get; }

    /// <summary>Files that the publication gave.</summary>
    public IEnumerable<string> Published => Directory.EnumerateFileSystemEntries(PathOf("out")).Select(f => Path.GetFileName(f)!);

    /// <summary>The networks by the names of their cases.</summary>
    public IReadOnlyDictionary<string, NativeNetwork> Networks => _networks;

    /// <summary>Runs the program, once per processor.</summary>
    public NativeRun RunOn(Processor processor)
    {
        if (_runs.TryGetValue(processor.Name, out NativeRun? known)) return known;
        string name = OperatingSystem.IsWindows() ? "Native.exe" : "Native";

        // Elsewhere and alone, so that it cannot lean on anything beside it.
        Directory.CreateDirectory(PathOf("alone"));
        File.Copy(PathOf(Path.Combine("out", name)), PathOf(Path.Combine("alone", name)), overwrite: true);
        string[] command = [.. processor.Emulator, PathOf(Path.Combine("alone", name)), _folder];
        CommandResult result = Command.Run(PathOf("alone"), command[0], command[1..]);
        Dictionary<string, byte[]> answers = _networks.Keys.Where(n => File.Exists(PathOf(n + ".out"))).ToDictionary(n => n, n => File.ReadAllBytes(PathOf(n + ".out")));
        foreach (string network in answers.Keys) File.Delete(PathOf(network + ".out"));
        return _runs[processor.Name] = new NativeRun(result.ExitCode, result.Output, answers);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void WriteSources(IEnumerable<NativeCase> cases, NativeMachine machine)
    {
        var calls = new StringBuilder();
        var references = new StringBuilder();
        foreach (NativeCase native in cases)
        {
            NativeNetwork network = native.Compile(machine.Target);
            _networks.Add(native.Name, network);
            ModelPlan plan = network.Plan;
            File.WriteAllText(PathOf(native.Name + ".g.cs"), ModelEmitter.Emit(plan));
            File.WriteAllBytes(PathOf(native.Name + ".in"), [.. network.Samples.SelectMany(s => s).SelectMany(t => t.Bytes)]);
            calls.Append(Call(native.Name, plan));
            if (!plan.Weights.IsAssembly) continue;
            string file = plan.Weights.Assembly + ".dll";
            File.WriteAllBytes(PathOf(file), WeightsAssembly.Write(plan.Weights.Assembly, WeightStorage.TypeNamespace, plan.Weights.TypeName, network.Weights.Span));
            references.Append(CultureInfo.InvariantCulture, $"<Reference Include=\"{SecurityElement.Escape(plan.Weights.Assembly)}\" HintPath=\"{SecurityElement.Escape(file)}\" />\n");
        }

        WriteProject(calls, references, machine.InstructionSet);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    // The spans of one sample lie one after the other in the files, as the edges do in the plan.
    private static string Call(string name, ModelPlan plan)
    {
        EngineEdge[] inputs = [.. plan.Inputs.Select(e => EngineEdge.Of(plan, e))];
        EngineEdge[] outputs = [.. plan.Outputs.Select(e => EngineEdge.Of(plan, e))];
        return $$"""
            {
                byte[] x = File.ReadAllBytes(Path.Combine(folder, "{{name}}.in"));
                int samples = x.Length / {{Bytes(inputs)}};
                byte[] y = new byte[samples * {{Bytes(outputs)}}];
                using var model = new global::{{plan.Namespace}}.{{plan.ClassName}}();
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int i = 0; i < samples; i++)
                {
                    ReadOnlySpan<byte> from = x.AsSpan(i * {{Bytes(inputs)}}, {{Bytes(inputs)}});
                    Span<byte> to = y.AsSpan(i * {{Bytes(outputs)}}, {{Bytes(outputs)}});
                    model.Run({{string.Join(", ", [.. Spans("from", inputs), .. Spans("to", outputs)])}});
                }

                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                File.WriteAllBytes(Path.Combine(folder, "{{name}}.out"), y);
                Console.WriteLine($"{{name}} allocated {allocated} bytes");
            }

            """;
    }

    private static int Bytes(IEnumerable<EngineEdge> edges) => edges.Sum(e => e.Shape.Elements * e.Type.Size());

    private static IEnumerable<string> Spans(string of, EngineEdge[] edges)
    {
        int start = 0;
        foreach (EngineEdge edge in edges)
        {
            int bytes = Bytes([edge]);
            yield return string.Create(CultureInfo.InvariantCulture, $"MemoryMarshal.Cast<byte, {edge.Type.CSharpName()}>({of}.Slice({start}, {bytes}))");
            start += bytes;
        }
    }

    private void WriteProject(StringBuilder calls, StringBuilder references, string? instructionSet)
    {
        // Nothing of the surroundings may reach the project.
        foreach (string file in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props" }) File.WriteAllText(PathOf(file), "<Project />");
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
                {references}
              </ItemGroup>
            </Project>
            """);
    }
}
