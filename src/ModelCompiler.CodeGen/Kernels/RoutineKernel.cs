using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// A call of a routine: an algorithm that stands in one place as plain C#, from where the reference interpreter runs it and the generated file takes
/// its text. So both compute the same bits by construction.
/// </summary>
/// <param name="Routine">Name of the routine.</param>
/// <param name="Arguments">Its arguments, in order.</param>
/// <param name="Work">Multiply-accumulate operations of one run.</param>
public sealed record RoutineKernel(string Routine, EquatableArray<PlanArgument> Arguments, long Work) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => HelperLibrary.Describe(HelperLibrary.RoutineClass, Routine);

    /// <inheritdoc/>
    public override long Macs => Work;

    /// <inheritdoc/>
    public override void Write(KernelWriter writer) =>
        writer.Call($"{HelperLibrary.RoutineClass}.{Routine}({string.Join(", ", Arguments.Select(a => a.Tensor.Exists ? writer.Address(a.Tensor) : a.Table.Exists ? writer.Address(a.Table) : a.Text))});");
}
