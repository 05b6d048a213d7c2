namespace ModelCompiler.Testing;

/// <summary>Models and data that lie beside the repository, where there are any.</summary>
internal static class SharedData
{
    /// <summary>The folder, or null when it does not exist.</summary>
    public static string? Root { get; } = Find();

    /// <summary>A file or folder in it.</summary>
    public static string Path(string relative) => System.IO.Path.Combine(Root ?? throw new InvalidOperationException("The shared data is not here."), relative);

    /// <summary>Files of a folder and the folders below it, in a stable order.</summary>
    public static IEnumerable<string> Files(string relative, string pattern = "*") =>
        Directory.EnumerateFiles(Path(relative), pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    /// <summary>The folder of the solution.</summary>
    public static string RepositoryRoot { get; } = FindRepository();

    private static string? Find()
    {
        string shared = System.IO.Path.GetFullPath(System.IO.Path.Combine(FindRepository(), "..", "shared"));
        return Directory.Exists(shared) ? shared : null;
    }

    private static string FindRepository()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "ModelCompiler.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
