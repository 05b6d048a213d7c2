using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.Package.Tests;

[Collection(PackageCollection.Name)]
public class PublishTests(PackageFixture package)
{
    private const string Small = """
        <PublishAot>true</PublishAot>
        <OptimizationPreference>Size</OptimizationPreference>
        <StackTraceSupport>false</StackTraceSupport>
        <UseSystemResourceKeys>true</UseSystemResourceKeys>
        <CopyOutputSymbolsToPublishDirectory>false</CopyOutputSymbolsToPublishDirectory>
        """;

    private static bool HasAvx2 => Avx2.IsSupported && Fma.IsSupported;

    [Fact]
    public void A_native_program_is_one_small_file_that_does_not_allocate()
    {
        string target = HasAvx2 ? "<NeuralModelTarget>x64-v3</NeuralModelTarget>" : "";
        Consumer project = Project(TestModels.Keyword, Small + target);
        CommandResult publish = project.Run("publish", "-o", "out").AssertSuccess().AssertNoWarnings();
        Assert.Equal(HasAvx2 || RuntimeInformation.ProcessArchitecture != Architecture.X64, !publish.Says("MC5001"));
        string program = Assert.Single(Directory.GetFileSystemEntries(project.PathOf("out")));
        Assert.InRange(new FileInfo(program).Length, 1, 1_500_000);
        CommandResult native = Dotnet.Start(project.Root, program).AssertSuccess();
        Assert.True(native.Says("allocated 0"), native.Output);

        // The same numbers as with the just-in-time compiler.
        project.Build().AssertSuccess();
        CommandResult managed = Dotnet.Run(project.Root, Directory.GetFiles(project.PathOf("bin/Debug"), "App.dll", SearchOption.AllDirectories)[0])
            .AssertSuccess();
        Assert.Equal(OutputOf(native), OutputOf(managed));
    }

    [SharedDataFact]
    public void The_weights_assembly_of_a_large_model_becomes_part_of_the_program()
    {
        Consumer project = Project(TestModels.Large, Small);
        CommandResult publish = project.Run("publish", "-o", "out").AssertSuccess().AssertNoWarnings();
        Assert.Equal(RuntimeInformation.ProcessArchitecture == Architecture.X64, publish.Says("MC5001"));
        string program = Assert.Single(Directory.GetFileSystemEntries(project.PathOf("out")));
        CommandResult run = Dotnet.Start(project.Root, program).AssertSuccess();
        Assert.True(run.Says("allocated 0"), run.Output);
    }

    [Fact]
    public void The_target_of_the_project_reaches_the_native_compiler()
    {
        Consumer project = package.NewProject("""<NeuralModel Include="net.onnx" Machine="x64-v3" />""", "<PublishAot>true</PublishAot>");
        project.AddFile("net.onnx", File.ReadAllBytes(TestModels.Float.Model));
        project.Run("restore").AssertSuccess();
        Assert.Equal("x86-64-v3", InstructionSet("x64-v3"));
        Assert.Equal("x86-64-v2", InstructionSet("x64-v2"));
        Assert.Equal("", InstructionSet("portable"));
        Assert.Equal("native", InstructionSet("x64-v3", "-p:IlcInstructionSet=native"));
        CommandResult check = project.Run("msbuild", "-t:CheckNeuralModelTargets").AssertFailure();
        Assert.True(check.Says("net.onnx : error MC5004"), check.Output);
        project.Run("msbuild", "-t:CheckNeuralModelTargets", "-p:NeuralModelTarget=x64-v3").AssertSuccess();

        string InstructionSet(string target, params string[] more) =>
            project.Run(["msbuild", "-getProperty:IlcInstructionSet", $"-p:NeuralModelTarget={target}", .. more]).AssertSuccess().Output.Trim();
    }

    private static string OutputOf(CommandResult run) => run.Output.Split('\n').Single(l => l.StartsWith("output ", StringComparison.Ordinal));

    private Consumer Project(string model, string properties)
    {
        Consumer project = package.NewProject($"""<NeuralModel Include="{TestModels.NameOf(model)}" ClassName="Net" />""", properties);
        project.Add(model);
        project.WriteCode(TestModels.Program("App.Net"));
        return project;
    }
}
