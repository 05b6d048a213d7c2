using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Data;

/// <summary>Samples one after the other in the element type of the only input, little-endian, row-major: the integers themselves of quantised inputs.</summary>
internal static class RawSamples
{
    /// <summary>Reads them.</summary>
    /// <exception cref="ModelCompilationException">MC3003, MC3010: they are not whole samples, or the network has several inputs.</exception>
    public static DataArrays Read(ReadOnlyMemory<byte> bytes, DataRequest request)
    {
        Value input = request.OnlyInput("Raw numbers");
        long size = (long)input.Shape.Elements * input.Type.Size();
        if (size == 0 || bytes.Length == 0 || bytes.Length % size != 0)
        {
            throw new ModelCompilationException("MC3003", string.Create(CultureInfo.InvariantCulture,
                $"The file has {bytes.Length} bytes, and a sample for input '{input.Name}' of shape {input.Shape} has {size} ({input.Type})."),
                "Give whole samples in the input's own type, little-endian, one after the other.", file: request.File);
        }

        return DataArrays.Of(new NumpyArray(input.Type, [(int)(bytes.Length / size), .. input.Shape], bytes.ToArray()), null);
    }
}
