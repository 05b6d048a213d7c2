using ModelCompiler.Core;

namespace ModelCompiler.Tool.Output;

/// <summary>Writes files completely or not at all: all go to temporary names first, and take their own only when every one is written.</summary>
internal static class AtomicFiles
{
    /// <summary>Writes the files, replacing old ones.</summary>
    /// <exception cref="ModelCompilationException">MC9005: the folder cannot be written to.</exception>
    public static void Write(IReadOnlyList<(string Path, Action<Stream> Content)> files)
    {
        var temporary = new List<(string From, string To)>();
        string current = "";
        try
        {
            foreach ((string path, Action<Stream> content) in files)
            {
                current = path;
                string full = Path.GetFullPath(path);
                if (Directory.Exists(full)) throw new IOException("It is a folder.");
                Directory.CreateDirectory(Path.GetDirectoryName(full)!);
                string name = $"{full}.{Guid.NewGuid():N}.tmp";
                temporary.Add((name, full));
                using FileStream stream = File.Create(name);
                content(stream);
            }

            foreach ((string from, string to) in temporary) File.Move(from, to, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ModelCompilationException("MC9005", $"The file cannot be written: {e.Message}", "Name a place that can be written to.", file: current);
        }
        finally
        {
            foreach ((string from, _) in temporary)
            {
                if (File.Exists(from)) File.Delete(from);
            }
        }
    }
}
