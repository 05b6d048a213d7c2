using System.Globalization;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>C# literals, independent of culture.</summary>
internal static class Literals
{
    /// <summary>The shortest of 6 to 9 significant digits that reads back to the same bits.</summary>
    public static string ShortestFloat(float value)
    {
        for (int digits = 6; digits < 9; digits++)
        {
            string text = value.ToString("G" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            if (float.Parse(text, CultureInfo.InvariantCulture).Equals(value)) return NegativeZero(value, text);
        }

        return NegativeZero(value, value.ToString("G9", CultureInfo.InvariantCulture));
    }

    /// <summary>A <c>float</c> literal that gives exactly this value.</summary>
    public static string Float(float value)
    {
        if (float.IsPositiveInfinity(value)) return "float.PositiveInfinity";
        if (float.IsNegativeInfinity(value)) return "float.NegativeInfinity";
        if (float.IsNaN(value)) return "float.NaN";
        return ShortestFloat(value) + "f";
    }

    /// <summary>An integer literal.</summary>
    public static string Int(long value) => value == long.MinValue ? "long.MinValue" : value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A number with what it counts, for comments: "1 pixel", "2 pixels".</summary>
    internal static string Count(long number, string noun) => $"{Int(number)} {noun}{(number == 1 ? "" : "s")}";

    // .NET Framework, where Visual Studio may run the generator, prints negative zero without its sign.
    private static string NegativeZero(float value, string text) => value == 0 && 1 / value < 0 && text[0] != '-' ? "-" + text : text;
}
