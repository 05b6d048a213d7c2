using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Sum, difference, product or quotient of two float32 tensors that broadcast. May work in place.</summary>
/// <param name="A">First operand.</param>
/// <param name="B">Second operand.</param>
/// <param name="Out">Result, contiguous.</param>
/// <param name="Kind">What to compute.</param>
/// <param name="Sizes">Sizes of the result's axes.</param>
/// <param name="StepsA">Elements of A from one index to the next of every axis, 0 where it is repeated.</param>
/// <param name="StepsB">The same for B.</param>
/// <param name="Min">Lower bound of the fused activation.</param>
/// <param name="Max">Upper bound of the fused activation.</param>
internal sealed record BinaryFloat32(
    TensorRef A, TensorRef B, TensorRef Out, BinaryKind Kind, EquatableArray<int> Sizes, EquatableArray<int> StepsA, EquatableArray<int> StepsB, float Min,
    float Max) : Kernel
{
    private BroadcastLoops Loops => new(Sizes, StepsA, StepsB);

    private string Operator => Kind switch { BinaryKind.Add => "+", BinaryKind.Subtract => "-", BinaryKind.Multiply => "*", _ => "/" };

    /// <inheritdoc/>
    public override string Summary => $"float {Kind.ToString().ToLowerInvariant()} {Loops.Describe}";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        BroadcastLoops loops = Loops;
        VectorRun run = loops.Run(writer.Isa);
        string method = writer.Method(
            $"{Kind}Float_{loops.Name}",
            $"{Summary}.",
            "float* a, float* b, float* output",
            code => loops.Write(
                code,
                ("float", "float", "float"),
                run,
                Load,
                Load,
                (x, y, to) => $"({FloatClamp.Vector(run.Vector, $"({x} {Operator} {y})", Min, Max)}).Store({to});",
                (x, y, to) => $"{to} = {FloatClamp.Single($"{x} {Operator} {y}", Min, Max)};"));
        writer.Call($"{method}({writer.Address(A)}, {writer.Address(B)}, {writer.Address(Out)});");

        string Load(string from, bool repeated) => repeated ? $"{run.Vector}.Create({from})" : $"{run.Vector}.Load({from})";
    }
}
