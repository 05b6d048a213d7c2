using System.Globalization;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Small C# expressions as a person would write them: without additions of 0, multiplications by 1 and needless parentheses.</summary>
internal static class Terms
{
    /// <summary>a + b.</summary>
    public static string Plus(string a, string b) => b is "0" or "" ? a : a is "0" or "" ? b : b[0] == '-' ? $"{a} - {b.Substring(1)}" : $"{a} + {b}";

    /// <summary>a + b.</summary>
    public static string Plus(string a, int b) => b == 0 ? a : a is "0" or "" ? Literals.Int(b) : b < 0 ? $"{a} - {Literals.Int(-(long)b)}"
        : $"{a} + {Literals.Int(b)}";

    /// <summary>The statement that moves a pointer or counter on.</summary>
    public static string Advance(string variable, int by) => by == 1 ? $"{variable}++;" : $"{variable} += {Literals.Int(by)};";

    /// <summary>a · b; a product of numbers is a number.</summary>
    public static string Times(string a, int b) => a is "0" or "" || b == 0 ? "0" : b == 1 ? a :
        int.TryParse(a, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? Literals.Int((long)number * b) : a.IndexOf(' ') >= 0
        ? $"({a}) * {Literals.Int(b)}" : $"{a} * {Literals.Int(b)}";
}
