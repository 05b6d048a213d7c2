using System.CommandLine;
using System.Reflection;
using System.Text;
using ModelCompiler.Core;

namespace ModelCompiler.Tool.CommandLine;

/// <summary>The metadata of a <c>NeuralModel</c> item as command-line options: one for each of <see cref="CompilationOptions.All"/>, in kebab-case.</summary>
internal sealed class ItemOptions
{
    private readonly List<(string Property, Option<string?> Option)> _options = [];

    /// <summary>Adds the options to a command.</summary>
    public ItemOptions(Command command)
    {
        foreach (PropertyInfo property in CompilationOptions.All)
        {
            // Values of enumerations are explained in the text, others listed after it.
            string help = property.GetCustomAttribute<OptionAttribute>()!.Help,
                values = property.PropertyType.IsEnum ? "" : string.Join(", ", CompilationOptions.ValuesOf(property));
            var option = new Option<string?>(NameOf(property.Name)) { Description = values.Length > 0 ? $"{help} One of: {values}." : help,
                HelpName = ValueName(property) };
            _options.Add((property.Name, option));
            command.Options.Add(option);
        }
    }

    /// <summary>The option of that name, when it is item metadata, so that a command does not declare it again.</summary>
    public Option<string?>? Find(string name) => _options.FirstOrDefault(o => o.Option.Name == name).Option;

    /// <summary>What the user gave.</summary>
    /// <exception cref="ModelCompilationException">MC9002: a value cannot be read.</exception>
    public CompilationOptions Read(ParseResult parsed) =>
        CompilationOptions.Parse(_options.Select(o => KeyValuePair.Create(o.Property, parsed.GetValue(o.Option) ?? "")));

    /// <summary><c>ClassName</c> becomes <c>--class-name</c>.</summary>
    public static string NameOf(string property)
    {
        var name = new StringBuilder("--");
        foreach (char c in property)
        {
            if (char.IsUpper(c) && name.Length > 2) name.Append('-');
            name.Append(char.ToLowerInvariant(c));
        }

        return name.ToString();
    }

    /// <summary>An option as it stands on the command line, with its value.</summary>
    public static string Spell(string option, string? value) => value is null ? NameOf(option) : $"{NameOf(option)} \"{value}\"";

    private static string ValueName(PropertyInfo property)
    {
        if (property.PropertyType.IsEnum) return string.Join('|', Enum.GetNames(property.PropertyType));
        if (property.GetCustomAttribute<OptionAttribute>()!.IsFile) return "path";
        return property.PropertyType == typeof(int) || property.PropertyType == typeof(double?) ? "number" : "text";
    }
}
