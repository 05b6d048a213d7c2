namespace ModelCompiler.Package.Tests;

/// <summary>A user's project.</summary>
internal sealed class Consumer
{
    private readonly string _version;
    private string _items = "";
    private string _properties = "";

    public Consumer(string directory, string version)
    {
        Root = directory;
        _version = version;
        System.IO.Directory.CreateDirectory(directory);
        WriteCode("System.Console.WriteLine(\"hello\");");
    }

    public string Root { get; }

    /// <summary>NeuralModel items.</summary>
    public string Items
    {
        get => _items;
        set
        {
            _items = value;
            WriteProject();
        }
    }

    /// <summary>Project properties.</summary>
    public string Properties
    {
        get => _properties;
        set
        {
            _properties = value;
            WriteProject();
        }
    }

    public string PathOf(string relative) => Path.Combine(Root, relative);

    public void WriteCode(string code) => File.WriteAllText(PathOf("Program.cs"), code);

    public void AddFile(string relative, byte[] content)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(PathOf(relative))!);
        File.WriteAllBytes(PathOf(relative), content);
    }

    public CommandResult Build(params string[] more) => Run(["build", .. more]);

    public CommandResult Run(params string[] arguments) => Dotnet.Run(Root, [.. arguments, "-nodeReuse:false"]);

    /// <summary>Files below obj that the package's targets or task wrote, without options.</summary>
    public IEnumerable<string> Compiled => Written.Where(f => !f.EndsWith("options.txt", StringComparison.Ordinal));

    /// <summary>Files below obj that the package's targets or task wrote.</summary>
    public IEnumerable<string> Written => !System.IO.Directory.Exists(PathOf("obj")) ? [] : System.IO.Directory
        .EnumerateFiles(PathOf("obj"), "*", SearchOption.AllDirectories)
        .Where(f => f.Contains($"{Path.DirectorySeparatorChar}ModelCompiler{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    /// <summary>The one file of this name that the task wrote.</summary>
    public string Output(string name) => Assert.Single(Written, f => Path.GetFileName(f) == name);

    private void WriteProject() => File.WriteAllText(PathOf("App.csproj"), $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
            <AnalysisLevel>latest-all</AnalysisLevel>
            <InvariantGlobalization>true</InvariantGlobalization>
            <NuGetAudit>false</NuGetAudit>
            {Properties}
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="ModelCompiler" Version="{_version}" PrivateAssets="all" />
            {Items}
          </ItemGroup>
        </Project>
        """);
}
