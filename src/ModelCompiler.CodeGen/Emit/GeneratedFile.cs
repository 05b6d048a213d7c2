namespace ModelCompiler.CodeGen.Emit;

/// <summary>A file of C# that a plan becomes.</summary>
/// <param name="Suffix">What follows the name of the class in the file's name.</param>
/// <param name="Text">The C#.</param>
internal sealed record GeneratedFile(string Suffix, string Text)
{
    /// <summary>Suffix of the file with the user's class.</summary>
    public const string Model = ".g.cs";

    /// <summary>Suffix of the file with the kernels and the helpers they use.</summary>
    public const string Kernels = ".Kernels.g.cs";

    /// <summary>Suffix of the file with weights and tables.</summary>
    public const string Data = ".Data.g.cs";
}
