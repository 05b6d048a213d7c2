using ModelCompiler.Core.Operators;
using System.Text.RegularExpressions;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Lets generated code and the reference interpreter's routines work in <see cref="GuardedMemory"/>.</summary>
internal static partial class GuardedCode
{
    private const string Guard = "global::ModelCompiler.Conformance.Tests.GuardedMemory";

    /// <summary>
    /// Changes generated files: working memory, weights, tables, and the spans of the caller lie in guarded blocks.
    /// </summary>
    public static Dictionary<string, string> Change(Dictionary<string, string> files)
    {
        if (!GuardedMemory.IsSupported) return files;
        var changed = files.ToDictionary(f => f.Key, f => Change(f.Key, f.Value));
        changed.Add("GuardedMemory.cs", File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "tests", "ModelCompiler.Conformance.Tests",
            "GuardedMemory.cs")));
        return changed;
    }

    private static string Change(string file, string code) =>
        file.EndsWith(".Adapter.cs", StringComparison.Ordinal) ? ChangeAdapter(code)
        : file.EndsWith(".Kernels.g.cs", StringComparison.Ordinal) || file.EndsWith(".Data.g.cs", StringComparison.Ordinal) ? ChangeAddresses(code)
        : ChangeAddresses(ChangeClass(code));

    // Fails when the emitter writes something else, so that nobody believes in guards that are not there.
    private static string ChangeClass(string code)
    {
        const string memory = "global::System.Runtime.InteropServices.NativeMemory";
        string changed = Replace(code, $"{memory}.AlignedAlloc(ArenaBytes, 64)", $"{Guard}.Allocate(ArenaBytes)");
        return Replace(changed, $"{memory}.AlignedFree(_arena)", $"{Guard}.Free(_arena, ArenaBytes)");
    }

    private static string ChangeAddresses(string code) => code.Contains("T* Address<T>(", StringComparison.Ordinal)
        ? Replace(code, "(T*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(table))",
            $"(T*){Guard}.Constant((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(table)), table.Length * sizeof(T))")
        : code;

    private static string ChangeAdapter(string code)
    {
        string changed = InputSpan().Replace(code, "guard.Input($1)");
        changed = OutputSpan().Replace(changed, "guard.Output($1)");
        return RunMethod().Replace(changed, $$"""{ using var guard = new {{Guard}}.Call(inputs, outputs); $1 }""");
    }

    private static string Replace(string code, string old, string replacement) =>
        code.Contains(old, StringComparison.Ordinal) ? code.Replace(old, replacement, StringComparison.Ordinal)
        : throw new InvalidOperationException($"Generated code has no '{old}'.");

    [GeneratedRegex(@"new ReadOnlySpan<byte>\(inputs\[(\d+)\]\)")]
    private static partial Regex InputSpan();

    [GeneratedRegex(@"new Span<byte>\(outputs\[(\d+)\]\)")]
    private static partial Regex OutputSpan();

    [GeneratedRegex(@"=> (\(\([\w.:]+\)model\)\.Run\(.*\);)")]
    private static partial Regex RunMethod();

    /// <summary>Memory for the routines of the reference interpreter.</summary>
    public sealed unsafe class RoutineMemory : IRoutineMemory
    {
        public nint Allocate(ReadOnlySpan<byte> content)
        {
            byte* block = GuardedMemory.Allocate(content.Length);
            content.CopyTo(new Span<byte>(block, content.Length));
            return (nint)block;
        }

        public void Free(nint address, int length) => GuardedMemory.Free((byte*)address, length);
    }
}
