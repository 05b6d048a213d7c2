using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace ModelCompiler.CodeGen.Tests;

/// <summary>
/// Compares text with a file beside the test: <c>Class.Method_case.verified.txt</c>. On a mismatch the text is written to <c>….received.txt</c>,
/// which is moved over the verified file when the change is meant. These are the conventions of Verify, which can take this class's place.
/// </summary>
internal static partial class Snapshot
{
    // Paths that the compiler records may be mapped, so the folder is found from where the tests run.
    private static readonly Lazy<string> ProjectFolder = new(() =>
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (folder.GetFiles("*.csproj").Length == 0)
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run inside their project.");
        return folder.FullName;
    });

    /// <summary>Fails unless the verified file holds this text, but for the version of the generator.</summary>
    /// <param name="text">What was computed.</param>
    /// <param name="extension">Extension of the files.</param>
    /// <param name="case">What tells the cases of a theory apart.</param>
    /// <param name="file">The test's file.</param>
    /// <param name="method">The test's name.</param>
    public static void Verify(string text, string extension, string @case = "", [CallerFilePath] string file = "", [CallerMemberName] string method = "")
    {
        text = Version().Replace(text.ReplaceLineEndings("\n"), "{version}");
        string name = $"{Path.GetFileNameWithoutExtension(file)}.{method}{(@case.Length > 0 ? "_" + @case : "")}";
        string start = Path.Combine(ProjectFolder.Value, name);
        string verified = $"{start}.verified.{extension}", received = $"{start}.received.{extension}";
        string expected = File.Exists(verified) ? File.ReadAllText(verified).ReplaceLineEndings("\n") : "";
        if (expected == text)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, text);
        Assert.Fail($"{Path.GetFileName(received)} differs from the verified file {FirstDifference(expected.Split('\n'), text.Split('\n'))}");
    }

    private static string FirstDifference(string[] expected, string[] actual)
    {
        int line = Enumerable.Range(0, Math.Max(expected.Length, actual.Length)).First(i => expected.ElementAtOrDefault(i) != actual.ElementAtOrDefault(i));
        return $"in line {line + 1}:\nverified: {expected.ElementAtOrDefault(line) ?? "(end)"}\nreceived: {actual.ElementAtOrDefault(line) ?? "(end)"}";
    }

    [GeneratedRegex(@"(?<=GeneratedCode\(""ModelCompiler"", "")[^""]+")]
    private static partial Regex Version();
}
