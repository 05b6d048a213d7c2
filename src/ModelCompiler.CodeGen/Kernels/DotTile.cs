using System;
using System.Linq;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>A register tile of the matrix product of <see cref="ConvDotInt8"/>.</summary>
internal abstract class DotTile(ConvDotInt8 kernel, int patch)
{
    protected const int Block = ConvDotInt8.BlockChannels;

    /// <summary>Name for methods.</summary>
    public abstract string Name { get; }

    /// <summary>Pixels of a full tile.</summary>
    public abstract int Pixels { get; }

    /// <summary>Elements of a patch, a multiple of 4.</summary>
    protected int Patch => patch;

    /// <summary>The helper class of the instruction set that has these products.</summary>
    protected static string Simd => Isa.AdvSimd.Simd;

    /// <summary>True when sums of two products fit int16.</summary>
    protected bool PairsFit => kernel.PairsFit;

    /// <summary>Writes the method and gives its name.</summary>
    public string Method(KernelWriter writer, Requantizer requantizer, int pixels, int blocks, int channels, string outType) => writer.Method(
        $"{Name}Tile_{pixels}x{channels}_{patch}",
        $"{Literals.Count(pixels, "pixel")} × {Literals.Count(channels, "channel")}: bias + Σ patch · weight over {Literals.Count(patch, "tap")}, requantised.",
        $"sbyte* patches, sbyte* weights, int* bias, {requantizer.Parameters}{(kernel.WeightsZero != 0 ? ", int* offsets" : "")}, {outType}* output",
        code =>
        {
            WriteSums(code, pixels, blocks);
            for (int p = 0; p < pixels; p++)
            {
                for (int block = 0; block < blocks; block++)
                {
                    int count = Math.Min(Block, channels - (block * Block));
                    string Lanes(int v) => requantizer.Vector(Sum(p, v) + (kernel.WeightsZero != 0 ? $" + Vector128.Create(offsets[{p}])" : ""),
                        Literals.Int(v * 4));
                    code.Line($"{writer.Isa.Simd}.StoreZippedBytes((byte*)output + {(p * kernel.Geometry.OutChannels) + (block * Block)}, {Lanes(block * 2)}, "
                        + $"{Lanes((block * 2) + 1)}{(count < Block ? ", " + Literals.Int(count) : "")});");
                }
            }
        });

    /// <summary>Writes the sums of all pixels.</summary>
    protected abstract void WriteSums(SourceWriter code, int pixels, int blocks);

    /// <summary>Expression for the sums of four channels.</summary>
    protected abstract string Sum(int pixel, int vector);

    /// <summary>Declares a vector of weights, of four taps, that lies <paramref name="quad"/> taps of four further.</summary>
    protected void LoadWeights(SourceWriter code, string name, int vector, int quad) =>
        code.Line($"Vector128<sbyte> {name} = Vector128.Load(weights + {(vector / 2 * Block * patch) + (quad * Block * 4) + (vector % 2 * 16)});");
}

/// <summary>Four products to a lane: SDOT, by element where 16 taps of a pixel fill a register.</summary>
internal sealed class DotProductTile(ConvDotInt8 kernel, int patch) : DotTile(kernel, patch)
{
    public override string Name => "Dot";

    public override int Pixels => ConvDotInt8.TilePixels;

    protected override void WriteSums(SourceWriter code, int pixels, int blocks)
    {
        for (int p = 0; p < pixels; p++)
        {
            for (int v = 0; v < blocks * 2; v++) code.Line($"Vector128<int> sum{p}_{v} = Vector128.Load(bias + {v * 4});");
        }

        if (Patch >= 16) code.For("tap", Patch / 16 * 16, () =>
            WriteStep(code, pixels, blocks, 4, (p, at) => $"Vector128.Load({at})", (w, x, quad) => $"Dp.DotProductBySelectedQuadruplet({w}, {x}, {quad})"), 16);
        if (Patch % 16 > 0) code.For("tap", Patch % 16, () =>
            WriteStep(code, pixels, blocks, 1, (p, at) => $"{Simd}.BroadcastQuad({at})", (w, x, _) => $"Dp.DotProduct({w}, {x})"), 4);
    }

    private void WriteStep(SourceWriter code, int pixels, int blocks, int quads, Func<int, string, string> load, Func<string, string, int, string> product)
    {
        for (int p = 0; p < pixels; p++) code.Line($"Vector128<sbyte> x{p} = {load(p, $"patches + {p * Patch}")};");
        for (int quad = 0; quad < quads; quad++)
        {
            for (int v = 0; v < blocks * 2; v++)
            {
                LoadWeights(code, $"w{quad}_{v}", v, quad);
                for (int p = 0; p < pixels; p++) code.Line($"sum{p}_{v} = {product($"sum{p}_{v}, w{quad}_{v}", $"x{p}", quad)};");
            }
        }

        code.Line($"patches += {quads * 4};\nweights += {quads * Block * 4};");
    }

    protected override string Sum(int pixel, int vector) => $"sum{pixel}_{vector}";
}

/// <summary>Products in int16 (SMULL), two summed there where they fit (SMLAL), then neighbours added to lanes of int32 (SADALP),
/// which hold a channel in two parts.</summary>
internal sealed class ProductPairTile(ConvDotInt8 kernel, int patch) : DotTile(kernel, patch)
{
    public override string Name => "Pair";

    public override int Pixels => 4;

    protected override void WriteSums(SourceWriter code, int pixels, int blocks)
    {
        for (int p = 0; p < pixels; p++)
        {
            for (int v = 0; v < blocks * 2; v++) code.Line($"Vector128<int> lower{p}_{v} = Vector128<int>.Zero, upper{p}_{v} = Vector128<int>.Zero;");
        }

        int paired = PairsFit ? Patch / 8 * 8 : 0;
        if (paired > 0) code.For("tap", paired, () => WriteStep(code, pixels, blocks, 2), 8);
        if (paired < Patch) code.For("tap", Patch - paired, () => WriteStep(code, pixels, blocks, 1), 4);
        for (int v = 0; v < blocks * 2; v++) code.Line($"Vector128<int> bias{v} = Vector128.Load(bias + {v * 4});");
    }

    private void WriteStep(SourceWriter code, int pixels, int blocks, int quads)
    {
        for (int i = 0; i < quads * blocks * 2; i++) LoadWeights(code, $"w{i % quads}_{i / quads}", i / quads, i % quads);
        for (int p = 0; p < pixels; p++)
        {
            for (int quad = 0; quad < quads; quad++) code.Line($"Vector128<sbyte> x{p}_{quad} = {Simd}.BroadcastQuad(patches + {(p * Patch) + (quad * 4)});");
            for (int v = 0; v < blocks * 2; v++)
            {
                string products = string.Join(", ", Enumerable.Range(0, quads).Select(q => $"x{p}_{q}, w{q}_{v}"));
                foreach (string half in new[] { "Lower", "Upper" })
                {
                    string sum = $"{half.ToLowerInvariant()}{p}_{v}";
                    code.Line($"{sum} = {Simd}.Add{(quads == 2 ? "Two" : "")}Pairs{half}({sum}, {products});");
                }
            }
        }

        code.Line($"patches += {quads * 4};\nweights += {quads * Block * 4};");
    }

    protected override string Sum(int pixel, int vector) => $"AdvSimd.Arm64.AddPairwise(lower{pixel}_{vector}, upper{pixel}_{vector}) + bias{vector}";
}
