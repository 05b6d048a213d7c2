using System.Runtime.InteropServices;

namespace ModelCompiler.Conformance.Tests;

/// <summary>
/// Blocks between pages that may not be touched: whoever reads or writes beyond a block stops the process. A block ends, or begins, right at such a page.
/// </summary>
/// <remarks>Also compiled with generated code, which then takes its working memory, weights, tables and spans from here.</remarks>
internal static unsafe class GuardedMemory
{
    private const int Page = 4096;
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<nint, nint> Constants = new();

    /// <summary>True where memory can be protected.</summary>
    public static bool IsSupported => System.OperatingSystem.IsLinux();

    /// <summary>True to let blocks end at a forbidden page, false to let them begin after one.</summary>
    public static bool AtEnd { get; set; } = true;

    /// <summary>A block of zeros.</summary>
    public static byte* Allocate(int length)
    {
        nuint room = Room(length);
        byte* pages = (byte*)Map(null, room + (2 * Page), ReadWrite, PrivateAnonymous, -1, 0);
        if (pages == (byte*)-1 || Protect(pages, Page, 0) != 0 || Protect(pages + Page + room, Page, 0) != 0)
            throw new System.InvalidOperationException("Memory cannot be protected.");
        return pages + Page + (AtEnd ? room - (nuint)length : 0);
    }

    /// <summary>Gives a block back.</summary>
    public static void Free(byte* block, int length)
    {
        // The end of a block is a page's, or its beginning.
        if (block is null) return;
        byte* start = (byte*)((nuint)block / Page * Page);
        _ = Unmap(start - Page, Room(length) + (2 * Page));
    }

    /// <summary>A copy of a constant, made once.</summary>
    public static byte* Constant(byte* data, int length) => (byte*)Constants.GetOrAdd((nint)data, _ =>
    {
        byte* copy = Allocate(length);
        System.Buffer.MemoryCopy(data, copy, length, length);
        return (nint)copy;
    });

    private static nuint Room(int length) => (nuint)System.Math.Max(1, (length + Page - 1) / Page) * Page;

    [DllImport("libc", EntryPoint = "mmap")]
    private static extern void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "mprotect")]
    private static extern int Protect(void* address, nuint length, int protection);

    [DllImport("libc", EntryPoint = "munmap")]
    private static extern int Unmap(void* address, nuint length);

    /// <summary>The spans of one call.</summary>
    public sealed class Call(byte[][] inputs, byte[][] outputs) : System.IDisposable
    {
        private readonly nint[] _inputs = System.Array.ConvertAll(inputs, Copy);
        private readonly nint[] _outputs = System.Array.ConvertAll(outputs, Copy);

        public System.ReadOnlySpan<byte> Input(int index) => new((void*)_inputs[index], inputs[index].Length);

        public System.Span<byte> Output(int index) => new((void*)_outputs[index], outputs[index].Length);

        public void Dispose()
        {
            for (int i = 0; i < outputs.Length; i++) Output(i).CopyTo(outputs[i]);
            for (int i = 0; i < inputs.Length; i++) Free((byte*)_inputs[i], inputs[i].Length);
            for (int i = 0; i < outputs.Length; i++) Free((byte*)_outputs[i], outputs[i].Length);
        }

        private static nint Copy(byte[] bytes)
        {
            byte* block = Allocate(bytes.Length);
            new System.ReadOnlySpan<byte>(bytes).CopyTo(new System.Span<byte>(block, bytes.Length));
            return (nint)block;
        }
    }
}
