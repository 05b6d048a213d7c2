using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Max or average pool in float32: every channel on its own, the window in order, then divided by the count.</summary>
/// <param name="In">Activations, batch × height × width × channels.</param>
/// <param name="Out">Result.</param>
/// <param name="Kind">Maximum or mean.</param>
/// <param name="Geometry">All sizes but those of the padding below and on the right.</param>
/// <param name="PadBottom">Rows of padding below.</param>
/// <param name="PadRight">Columns of padding on the right.</param>
/// <param name="CountIncludePad">True when padding counts as zeros in a mean.</param>
/// <param name="Min">Lower bound of the fused activation.</param>
/// <param name="Max">Upper bound of the fused activation.</param>
internal sealed record PoolFloat32(
    TensorRef In, TensorRef Out, PoolKind Kind, ConvGeometry Geometry, int PadBottom, int PadRight, bool CountIncludePad, float Min, float Max) : Kernel
{
    private PoolWindows Windows => new(Geometry, PadBottom, PadRight, CountIncludePad);

    /// <inheritdoc/>
    public override string Summary => Geometry.Describe(Kind == PoolKind.Max ? "float max pool" : "float average pool");

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        PoolWindows g = Windows;
        VectorRun run = VectorRun.For(writer.Isa, g.Channels);
        bool max = Kind == PoolKind.Max;
        string start = max ? "float.NegativeInfinity" : "0f";
        string method = writer.Method(
            $"{Kind}PoolFloat_{g.Name}",
            $"{Summary}.",
            "float* input, float* output",
            code => g.WriteWindows(code, "float", "float", !max, (first, to) =>
            {
                if (run.IsScalar)
                {
                    code.For("channel", g.Channels, channel =>
                    {
                        code.Line($"float result = {start};");
                        g.WriteTaps(code, "float", Terms.Plus(first, channel), max ? "result = Math.Max(result, *p);" : "result += *p;");
                        code.Line($"{to}[{channel}] = {FloatClamp.Single(max ? "result" : "result / count", Min, Max)};");
                    });
                    return;
                }

                VectorRun.WriteOverlapping(code, "channel", g.Channels, run.Lanes, channel =>
                {
                    code.Line($"{run.Vector}<float> result = {run.Vector}.Create({start});");
                    g.WriteTaps(code, "float", Terms.Plus(first, channel),
                        max ? $"result = {run.Simd}.Larger(result, {run.Vector}.Load(p));" : $"result += {run.Vector}.Load(p);");
                    code.Line($"({FloatClamp.Vector(run.Vector, max ? "result" : $"(result / {run.Vector}.Create((float)count))", Min, Max)})"
                        + $".Store({Terms.Plus(to, channel)});");
                });
            }));
        g.WriteCalls(writer, (input, output) => $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output});");
    }
}
