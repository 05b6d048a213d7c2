using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ModelCompiler.Core;

namespace ModelCompiler.Package.Tests;

/// <summary><see cref="CompilationOptions.All"/> is the list of options; the build files must follow it.</summary>
public class OptionListTests
{
    private static string BuildFile(string name) => Path.Combine(SharedData.RepositoryRoot, "build", name);

    // MSBuild allows no metadata called Target.
    private static IEnumerable<string> Metadata { get; } = CompilationOptions.All.Select(p => p.Name == nameof(CompilationOptions.Target) ? "Machine" : p.Name)
        .Order(StringComparer.Ordinal);

    [Fact]
    public void The_item_definition_lists_every_option()
    {
        XElement definition = XDocument.Load(BuildFile("ModelCompiler.props")).Descendants("NeuralModel").Single(e => e.Parent!.Name == "ItemDefinitionGroup");
        Assert.Equal(Metadata, definition.Elements().Select(e => e.Name.LocalName).Where(n => n != "Generator").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_change_of_any_option_compiles_again()
    {
        string lines = XDocument.Load(BuildFile("ModelCompiler.targets")).Descendants("WriteLinesToFile").Single().Attribute("Lines")!.Value;
        IEnumerable<string> written = Regex.Matches(lines, @"(\w+)=%\(NeuralModel\.\1\)").Select(m => m.Groups[1].Value);
        Assert.Equal(Metadata, written.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_change_of_any_data_file_compiles_again()
    {
        IEnumerable<string> files = CompilationOptions.All.Where(p => p.GetCustomAttribute<OptionAttribute>()!.IsFile).Select(p => p.Name);
        string inputs = XDocument.Load(BuildFile("ModelCompiler.targets")).Descendants("Target")
            .Single(t => t.Attribute("Name")!.Value == "CompileNeuralModels").Attribute("Inputs")!.Value;
        // The file itself; what a folder holds stands in a record of its own.
        Assert.All(files, f => Assert.Contains($"%(NeuralModel.{f}Input)", inputs, StringComparison.Ordinal));
        // The task reads these; a new one needs a line there.
        Assert.Equal(["Calibration", "Evaluation"], files);
    }

    [Fact]
    public void The_property_page_shows_every_option_and_every_value()
    {
        XElement rule = XDocument.Load(BuildFile("ModelCompiler.Rules.xml")).Descendants().Single(e => e.Name.LocalName == "Rule");
        Dictionary<string, XElement> shown = rule.Elements()
            .Where(e => e.Name.LocalName is "StringProperty" or "EnumProperty" or "IntProperty")
            .ToDictionary(e => e.Attribute("Name")!.Value);
        Assert.Equal(Metadata, shown.Keys.Order(StringComparer.Ordinal));
        foreach (PropertyInfo option in CompilationOptions.All.Where(p => p.PropertyType.IsEnum))
        {
            IEnumerable<string> values = shown[option.Name].Elements().Select(e => e.Attribute("Name")!.Value).Where(v => v.Length > 0);
            Assert.Equal(Enum.GetNames(option.PropertyType).Where(v => v != "Default").Order(), values.Order());
        }
    }
}
