namespace ModelCompiler.Core.Data;

/// <summary>
/// Reads the files that lie beside a model, for hosts: <see cref="CompilationInput.ExternalData"/> is <see cref="Read"/>.
/// Nothing outside of the model's folder is opened, also through links.
/// </summary>
/// <param name="modelFile">Path of the model.</param>
public sealed class ModelFolder(string modelFile)
{
    private readonly string _folder = Path.GetDirectoryName(Path.GetFullPath(modelFile))!;
    private readonly SortedSet<string> _files = new(StringComparer.Ordinal);

    /// <summary>Full paths of all files that were asked for, also of those that cannot be read, in ordinal order.</summary>
    public IReadOnlyCollection<string> Files => _files;

    /// <summary>Content of a file.</summary>
    /// <param name="location">Its path, relative to the folder, with slashes.</param>
    /// <exception cref="IOException">There is no such file in the folder, it cannot be read, or it has 2 GiB or more.
    /// The message is a part of a sentence.</exception>
    public ReadOnlyMemory<byte> Read(string location)
    {
        string path = Path.GetFullPath(Path.Combine(_folder, location.Replace('/', Path.DirectorySeparatorChar)));
        if (!IsBelow(path, _folder)) throw new IOException("the path leads out of the model's folder");
        _files.Add(path);
        if (Directory.Exists(path)) throw new IOException("it is a folder");
        if (!File.Exists(path)) throw new IOException("there is no such file");
        if (!IsBelow(Real(path), Real(_folder))) throw new IOException("it is a link that leads out of the model's folder");
        if (new FileInfo(Real(path)).Length > Array.MaxLength) throw new IOException("it has 2 GiB or more");
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(e.Message, e);
        }
    }

    private static bool IsBelow(string path, string folder) =>
        path.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // The path with every link on the way followed.
    private static string Real(string path)
    {
        const int most = 64;
        string real = Path.GetPathRoot(path)!;
        var rest = new Stack<string>(path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse());
        for (int links = 0; rest.TryPop(out string? part);)
        {
            string next = Path.Combine(real, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > most) throw new IOException("its links lead in a circle");
            string full = Path.GetFullPath(target, real);
            real = Path.GetPathRoot(full)!;
            foreach (string step in full[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse()) rest.Push(step);
        }

        return real;
    }
}
