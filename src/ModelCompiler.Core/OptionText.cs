using System.Text.RegularExpressions;

namespace ModelCompiler.Core;

/// <summary>How a host spells an option, such as <c>--input-shapes "1x3"</c> on the command line.</summary>
/// <param name="option">Name of a property of <see cref="CompilationOptions"/>.</param>
/// <param name="value">A value to give it; null for the name alone.</param>
public delegate string OptionSpelling(string option, string? value);

/// <summary>
/// References to options in messages. Where a message is made nobody knows the host, so the reference is marked,
/// and spelled when the message becomes a <see cref="Diagnostic"/>.
/// </summary>
internal static partial class OptionText
{
    // Noncharacters, which no text holds.
    private const char Start = '\uFDD0';
    private const char End = '\uFDD1';

    /// <summary>Refers to an option.</summary>
    /// <param name="option">Name of a property of <see cref="CompilationOptions"/>.</param>
    public static string Of(string option) => $"{Start}{option}{End}";

    /// <summary>Refers to an option with a value, as the user would write both.</summary>
    /// <param name="option">Name of a property of <see cref="CompilationOptions"/>.</param>
    /// <param name="value">The value.</param>
    public static string Set(string option, string value) => $"{Start}{option}={value}{End}";

    /// <summary>As metadata of an item: the spelling where no host has its own.</summary>
    public static string AsMetadata(string option, string? value) => value is null ? option : $"{option}=\"{value}\"";

    /// <summary>The text with its references spelled out.</summary>
    public static string Spell(string text, OptionSpelling spelling) =>
        text.Contains(Start, StringComparison.Ordinal) ? Reference()
        .Replace(text, m => spelling(m.Groups[1].Value, m.Groups[2].Success ? m.Groups[2].Value : null)) : text;

    [GeneratedRegex("\uFDD0([A-Za-z]+)(?:=([^\uFDD1]*))?\uFDD1")]
    private static partial Regex Reference();
}
