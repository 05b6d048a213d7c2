using System.CommandLine;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Tool.CommandLine;

/// <summary>Options that several commands have.</summary>
internal static class SharedOptions
{
    public const string JsonName = "--json";

    /// <summary>Result and diagnostics as JSON.</summary>
    public static Option<bool> Json() => new(JsonName) { Description = "Print the result, or what went wrong, as one JSON document.", Recursive = true };

    /// <summary>Which engine computes the network.</summary>
    public static Option<EngineKind> Engine() => new("--engine")
    {
        Description = "What computes the network: the generated code (default), or the reference interpreter.",
        HelpName = "generated|reference",
        CustomParser = result => Enum.TryParse(result.Tokens[0].Value, ignoreCase: true, out EngineKind kind) && !char.IsDigit(result.Tokens[0].Value[0])
        ? kind : Reject(result),
        DefaultValueFactory = _ => EngineKind.Generated,
    };

    private static EngineKind Reject(System.CommandLine.Parsing.ArgumentResult result)
    {
        result.AddError($"There is no engine '{result.Tokens[0].Value}'; engines are generated and reference.");
        return default;
    }
}
