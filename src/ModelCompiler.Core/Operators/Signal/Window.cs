using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>How a window moves over an image of any rank: one entry per spatial axis.</summary>
internal sealed record Window(EquatableArray<int> Kernel, EquatableArray<int> Output, EquatableArray<int> Strides, EquatableArray<int> Dilations,
    EquatableArray<int> Before, EquatableArray<int> After)
{
    /// <summary>Number of spatial axes.</summary>
    public int Axes => Kernel.Count;

    /// <summary>Passes sizes, strides, dilations and paddings to a routine.</summary>
    public LibraryCall Describe(LibraryCall call, Shape input) => call
        .Table("Sizes", input.Skip(input.Rank - Axes)).Table("Sizes", Kernel).Table("Sizes", Output).Table("Steps", Strides).Table("Steps", Dilations)
        .Table("Pads", Before);

    /// <summary>The window that a node's attributes describe.</summary>
    /// <param name="node">The node.</param>
    /// <param name="image">Shape of the input, channels first.</param>
    /// <param name="kernel">Size of the window.</param>
    internal static Window FromOnnx(OnnxNode node, Shape image, int[] kernel)
    {
        int axes = image.Rank - 2;
        int[] strides = node.Ints("strides") ?? Ones(axes), dilations = node.Ints("dilations") ?? Ones(axes);
        int[] pads = node.Ints("pads") ?? new int[2 * axes];
        if (axes < 1 || kernel.Length != axes || strides.Length != axes || dilations.Length != axes || pads.Length != 2 * axes)
            throw node.Malformed($"The window does not fit a tensor of shape {image}.");
        if (kernel.Any(k => k < 1) || strides.Any(s => s < 1) || dilations.Any(d => d < 1))
            throw node.Malformed("Window, strides and dilations must be at least 1.");
        string auto = node.Text("auto_pad", "NOTSET");
        bool ceiling = node.Int("ceil_mode", 0) != 0;
        (int[] before, int[] after, int[] output) = (new int[axes], new int[axes], new int[axes]);
        for (int a = 0; a < axes; a++)
        {
            int extent = checked(((kernel[a] - 1) * dilations[a]) + 1);
            if (auto is "SAME_UPPER" or "SAME_LOWER")
            {
                output[a] = (image[a + 2] + strides[a] - 1) / strides[a];
                int total = Math.Max(((output[a] - 1) * strides[a]) + extent - image[a + 2], 0);
                before[a] = auto == "SAME_UPPER" ? total / 2 : total - (total / 2);
                after[a] = total - before[a];
                continue;
            }

            if (auto != "VALID") (before[a], after[a]) = (pads[a], pads[a + axes]);
            int free = checked(image[a + 2] + before[a] + after[a] - extent);
            if (free < 0) throw node.Malformed($"The window is larger than a tensor of shape {image}.");
            output[a] = ((ceiling ? free + strides[a] - 1 : free) / strides[a]) + 1;
            // A window must not begin in what rounding up added.
            if (ceiling && (output[a] - 1) * strides[a] >= image[a + 2] + before[a]) output[a]--;
        }

        return new Window(kernel.ToEquatableArray(), output.ToEquatableArray(), strides.ToEquatableArray(), dilations.ToEquatableArray(),
            before.ToEquatableArray(), after.ToEquatableArray());
    }

    /// <summary>A list of ones.</summary>
    internal static int[] Ones(int count) => [.. Enumerable.Repeat(1, count)];
}
