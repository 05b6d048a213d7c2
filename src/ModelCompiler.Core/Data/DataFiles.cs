using System.IO.Enumeration;

namespace ModelCompiler.Core.Data;

/// <summary>
/// Data that a compilation reads: one file, whose bytes stand for it wherever they are given, or a folder, whose files are read when they are needed.
/// Which format they have follows from the names.
/// </summary>
public sealed class DataFiles
{
    private readonly Func<string, ReadOnlyMemory<byte>> _read;

    /// <summary>Files of any origin.</summary>
    /// <param name="names">Their paths relative to the folder, with slashes.</param>
    /// <param name="read">Gives the content of one; it may be called from several threads.</param>
    /// <param name="isFolder">False for one file, which the options name.</param>
    internal DataFiles(IEnumerable<string> names, Func<string, ReadOnlyMemory<byte>> read, bool isFolder = true) =>
        (Names, _read, IsFolder) = ([.. names.Order(StringComparer.Ordinal)], read, isFolder);

    /// <summary>True for the files of a folder.</summary>
    internal bool IsFolder { get; }

    /// <summary>Paths of a folder's files, relative to it, with slashes, in ordinal order; of one file an empty text.</summary>
    internal IReadOnlyList<string> Names { get; }

    /// <summary>One file.</summary>
    /// <param name="content">Its content; null gives null.</param>
    public static implicit operator DataFiles?(ReadOnlyMemory<byte>? content) =>
        content is { } bytes ? new DataFiles([""], _ => bytes, isFolder: false) : null;

    /// <inheritdoc cref="op_Implicit(Nullable{ReadOnlyMemory{byte}})"/>
    public static implicit operator DataFiles?(byte[]? content) => content is null ? null : new DataFiles([""], _ => content, isFolder: false);

    /// <summary>
    /// The files of a folder and the folders below it, for hosts: the names are looked up at once, contents when they are read. Names that begin with a point,
    /// hidden files and linked folders are left out.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static DataFiles In(string path)
    {
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
            IgnoreInaccessible = false };
        var found = new FileSystemEnumerable<string>(folder, (ref FileSystemEntry e) => e.ToFullPath(), options)
        {
            ShouldIncludePredicate = (ref FileSystemEntry e) => !e.IsDirectory && !e.FileName.StartsWith('.'),
            ShouldRecursePredicate = (ref FileSystemEntry e) => !e.FileName.StartsWith('.') && !e.Attributes.HasFlag(FileAttributes.ReparsePoint),
        };
        return new DataFiles(found.Select(f => Path.GetRelativePath(folder, f).Replace(Path.DirectorySeparatorChar, '/')),
            name => File.ReadAllBytes(Path.Combine(folder, name)));
    }

    /// <summary>Content of a file.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="file">How messages name it.</param>
    /// <exception cref="ModelCompilationException">MC3001: it cannot be read.</exception>
    internal ReadOnlyMemory<byte> Read(string name, string file)
    {
        try
        {
            return _read(name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelCompilationException("MC3001", $"The file cannot be read: {e.Message}", "Check the folder and its permissions.", file: file);
        }
    }
}
