using System.CommandLine;
using System.CommandLine.Parsing;
using ModelCompiler.Core;

namespace ModelCompiler.Tool.CommandLine;

/// <summary>What is wrong with a command line. Names that do not exist come with the one that is probably meant; everything else may follow from them,
/// so it is left out beside them.</summary>
internal static class UsageErrors
{
    // Nothing else has options here, so guesses may go further than those about metadata of items.
    private const double Tolerance = 0.34;

    /// <summary>MC9002, once or more often.</summary>
    public static IReadOnlyList<Diagnostic> Of(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string[] stray = [.. parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value).Where(IsStray),
            .. parsed.UnmatchedTokens];
        string[] options = [.. stray.Where(t => t.Length > 1 && t[0] == '-').Select(NameOf).Distinct()];
        string[] known = [.. command.Options.Concat(parsed.RootCommandResult.Command.Options).Select(o => o.Name).Distinct()];
        if (options.Length > 0) return [.. options.Select(o => Unknown(command, "option", o, Nearest(o, known), ""))];
        if (command.Subcommands.Count > 0 && stray.Length > 0)
        {
            string[] commands = [.. command.Subcommands.Select(c => c.Name)];
            return [Unknown(command, "command", stray[0], Nearest(stray[0], commands), $"Commands are: {string.Join(", ", commands)}. ")];
        }

        return [.. parsed.Errors.Select(e => Error(command, e.Message, ""))];
    }

    /// <summary>True for what looks like an option and stands where a file should: the parser takes options that it does not know for files.</summary>
    public static bool IsStray(string argument) => argument.Length > 1 && argument[0] == '-' && !Path.Exists(argument);

    // --name=value and --name:value are one token.
    private static string NameOf(string token) => token.Split('=', ':')[0];

    private static string? Nearest(string name, string[] known)
    {
        // --calib means --calibration, although --calibration-method begins so, too.
        string[] longer = [.. known.Where(k => k.StartsWith(name, StringComparison.OrdinalIgnoreCase)).OrderBy(k => k.Length)];
        if (longer.Length > 0 && longer.All(k => k.StartsWith(longer[0], StringComparison.Ordinal)) && name.TrimStart('-').Length > 2) return longer[0];
        return name.TrimStart('-').Length > 1 ? Misspelling.Nearest(name, known, Tolerance) : null;
    }

    private static Diagnostic Unknown(Command command, string kind, string name, string? meant, string all) =>
        Error(command, $"There is no {kind} '{name}'.", meant is null ? all : $"Did you mean {meant}? ");

    private static Diagnostic Error(Command command, string reason, string remedy)
    {
        string full = command is RootCommand ? "modelc" : $"modelc {command.Name}";
        return new Diagnostic("MC9002", DiagnosticSeverity.Error, full, null, reason, $"{remedy}See '{full} --help'.");
    }
}
