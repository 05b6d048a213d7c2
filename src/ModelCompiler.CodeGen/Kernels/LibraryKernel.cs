using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Calls a routine of the library: plain C# that is written into the generated file, and that the reference interpreter runs itself.
/// </summary>
/// <param name="Routine">Class and method, such as <c>Elementwise.Unary</c>.</param>
/// <param name="Types">Type arguments as C#.</param>
/// <param name="Tensors">Pointers, outputs included; <c>-</c> for optional ones that are absent.</param>
/// <param name="Tables">Tables of sizes, steps and the like, which follow the tensors.</param>
/// <param name="Numbers">Numbers as C# literals, which follow the tables.</param>
/// <param name="Cost">Multiply-accumulate operations.</param>
internal sealed record LibraryKernel(string Routine, EquatableArray<string> Types, EquatableArray<TensorRef> Tensors, EquatableArray<DataRef> Tables,
    EquatableArray<string> Numbers, long Cost = 0) : Kernel
{
    /// <inheritdoc/>
    public override long Macs => Cost;

    /// <inheritdoc/>
    public override string Summary => $"{Routine}{(Types.Count > 0 ? $" of {string.Join(", ", Types)}" : "")}";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        string types = Types.Count > 0 ? $"<{string.Join(", ", Types)}>" : "";
        string[] arguments = [.. Tensors.Select(t => t.Exists ? writer.Address(t) : "null"), .. Tables.Select(t => t.Exists ? writer.Address(t) : "null"),
            .. Numbers];
        writer.Call($"{Routine}{types}({string.Join(", ", arguments)});");
    }
}
