using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// One step of a plan: a record whose constructor parameters are exactly its plan line
/// (types that <c>PlanValue</c> knows; tensors and tables by reference), and which writes itself as C#.
/// Kernels are found by name, so adding one is adding one file.
/// </summary>
internal abstract record Kernel
{
    /// <summary>What it computes, for the header of the generated file, such as <c>conv 3×3/2 96×96×3 → 48×48×8</c>.</summary>
    public abstract string Summary { get; }

    /// <summary>Multiply-accumulate operations of one run.</summary>
    public virtual long Macs => 0;

    /// <summary>Writes the methods this step needs for the current instruction set and the statement that calls them.</summary>
    public abstract void Write(KernelWriter writer);
}
