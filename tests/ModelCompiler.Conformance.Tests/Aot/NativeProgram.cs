using System.Globalization;
using System.Security;
using System.Text;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Planning;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>One native console program with the generated classes of many models. It reads a file of raw inputs per model and writes a file of raw outputs.</summary>
internal sealed class NativeProgram : IDisposable
{
    private const int MostSamples = 6;

    private readonly string _folder = Directory.CreateTempSubdirectory("modelcompiler-native-").FullName;
    private readonly Dictionary<string, (CompilationResult Result, List<TensorData[]> Samples)> _cases = [];

    /// <summary>Compiles, publishes and runs.</summary>
    /// <param name="cases">The models.</param>
    /// <param name="target">Target of the generated code.</param>
    /// <param name="instructionSet">Instruction set of the native compiler, or null for its default.</param>
    public NativeProgram(IEnumerable<NativeCase> cases, string target, string? instructionSet)
    {
        try
        {
            WriteSources(cases, target, instructionSet);
            (PublishOutput, ExitCode, RunOutput) = PublishAndRun();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the publication said.</summary>
    public string PublishOutput { get; }

    /// <summary>How the program ended.</summary>
    public int ExitCode { get; }

    /// <summary>What the program said: a line per model, with the bytes allocated by its runs.</summary>
    public string RunOutput { get; }

    /// <summary>Files that the publication gave.</summary>
    public IEnumerable<string> Published => Directory.EnumerateFileSystemEntries(PathOf("out")).Select(f => Path.GetFileName(f)!);

    /// <summary>The raw outputs of a model, sample after sample.</summary>
    public byte[] OutputOf(string name) => File.ReadAllBytes(PathOf(name + ".out"));

    /// <summary>A model's compilation and the samples it was run on.</summary>
    public (CompilationResult Result, List<TensorData[]> Samples) Case(string name) => _cases[name];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void WriteSources(IEnumerable<NativeCase> cases, string target, string? instructionSet)
    {
        var calls = new StringBuilder();
        var references = new StringBuilder();
        foreach (NativeCase native in cases)
        {
            CompilationResult result = native.Compile(target);
            List<TensorData[]> samples = native.Inputs(result, MostSamples);
            _cases.Add(native.Name, (result, samples));
            ModelPlan plan = result.Plan!;
            File.WriteAllText(PathOf(native.Name + ".g.cs"), ModelEmitter.Emit(plan));
            File.WriteAllBytes(PathOf(native.Name + ".in"), [.. samples.SelectMany(s => s).SelectMany(t => t.Bytes)]);
            calls.Append(Call(native.Name, plan));
            if (!plan.Weights.IsAssembly) continue;
            string file = plan.Weights.Assembly + ".dll";
            File.WriteAllBytes(PathOf(file), WeightsAssembly.Write(plan.Weights.Assembly, WeightStorage.TypeNamespace, plan.Weights.TypeName, result.Weights.Span));
            references.Append(CultureInfo.InvariantCulture, $"<Reference Include=\"{SecurityElement.Escape(plan.Weights.Assembly)}\" HintPath=\"{SecurityElement.Escape(file)}\" />\n");
        }

        WriteProject(calls, references, instructionSet);
    }

    private (string PublishOutput, int ExitCode, string RunOutput) PublishAndRun()
    {
        (int code, string said) = NativeToolchain.Run(_folder, "dotnet", "publish", "-c", "Release", "-r", NativeToolchain.RuntimeIdentifier, "-o", "out", "-nodeReuse:false", "-p:UseSharedCompilation=false");
        Assert.True(code == 0, said);
        string name = OperatingSystem.IsWindows() ? "Native.exe" : "Native";

        // Elsewhere and alone, so that it cannot lean on anything beside it.
        Directory.CreateDirectory(PathOf("alone"));
        File.Copy(PathOf(Path.Combine("out", name)), PathOf(Path.Combine("alone", name)));
        (int exit, string output) = NativeToolchain.Run(PathOf("alone"), PathOf(Path.Combine("alone", name)), _folder);
        return (said, exit, output);
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
