using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Puts weights that are stored as IEEE 754 binary16 into working memory as float32, for the layer after it.</summary>
/// <param name="Halves">The stored weights.</param>
/// <param name="Out">The weights, float32.</param>
/// <param name="Count">How many.</param>
internal sealed record WidenHalves(WeightsRef Halves, TensorRef Out, int Count) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"widen {Literals.Int(Count)} weights of half precision";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer) =>
        writer.Call($"{writer.Isa.Simd}.WidenHalves((ushort*)({writer.Address(Halves)}), {writer.Address(Out)}, {Literals.Int(Count)});");
}
