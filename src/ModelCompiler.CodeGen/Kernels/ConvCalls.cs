using System;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>The loops over images and groups that all kernels of convolutions share.</summary>
internal static class ConvCalls
{
    /// <summary>Writes the calls for every image and group; <paramref name="call"/> gets how far input, output and tables move.</summary>
    /// <param name="geometry">All sizes.</param>
    /// <param name="writer">Where to write.</param>
    /// <param name="call">Statement from input elements, output elements and group number, as C# expressions to add (empty for none).</param>
    public static void WriteCalls(this ConvGeometry geometry, KernelWriter writer, Func<string, string, string, string> call)
    {
        string images = geometry.Batch > 1 ? $"for (int image = 0; image < {geometry.Batch}; image++) " : "";
        string groups = geometry.Groups > 1 ? $"for (int group = 0; group < {geometry.Groups}; group++) " : "";
        string input = (geometry.Batch > 1 ? $" + image * {geometry.Height * geometry.Width * geometry.Channels}" : "")
            + (geometry.Groups > 1 ? $" + group * {geometry.InPerGroup}" : "");
        string output = (geometry.Batch > 1 ? $" + image * {geometry.Pixels * geometry.OutChannels}" : "")
            + (geometry.Groups > 1 ? $" + group * {geometry.OutPerGroup}" : "");
        writer.Call(images + groups + call(input, output, geometry.Groups > 1 ? "group" : ""));
    }

    /// <summary>Writes the calls for every image; <paramref name="call"/> gets how far input and output move.</summary>
    public static void WriteImageCalls(this ConvGeometry geometry, KernelWriter writer, Func<string, string, string> call)
    {
        if (geometry.Batch == 1) writer.Call(call("", ""));
        else writer.Call($"for (int image = 0; image < {geometry.Batch}; image++) "
            + call($" + image * {geometry.Height * geometry.Width * geometry.Channels}", $" + image * {geometry.Pixels * geometry.OutChannels}"));
    }
}
