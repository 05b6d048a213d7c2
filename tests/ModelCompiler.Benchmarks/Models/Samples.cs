using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Benchmarks.Models;

/// <summary>Inputs of a network as the real numbers it wants.</summary>
/// <param name="Description">What they are.</param>
/// <param name="Reals">At most so many samples of a shape.</param>
internal sealed record Samples(string Description, Func<Shape, int, IReadOnlyList<float[]>> Reals)
{
    private const int Seed = 1;

    private const int MostSynthetic = 64;

    /// <summary>Two photographs and their mirror images, at the size of the input.</summary>
    public static Samples Pictures(Func<byte, int, float> convert) => new("two photographs and their mirror images", (shape, most) =>
    {
        bool channelsFirst = shape[1] == 3;
        int side = shape[2];
        IEnumerable<byte[]> pictures = new[] { "cat", "bird" }
            .Select(name => Testing.Pictures.Resize(Testing.Pictures.ReadColour(File.ReadAllBytes(SharedData.Path($"models/mobilenet/{name}.bmp"))), side))
            .SelectMany(pixels => new[] { pixels, Mirrored(pixels, side) });
        return [.. pictures.Take(most).Select(pixels => channelsFirst
            ? Testing.Pictures.ChannelsFirst(pixels, side, convert).ToFloats()
            : [.. pixels.Select((b, i) => convert(b, i % 3))])];
    });

    /// <summary>The array x of an .npz file, evenly spread.</summary>
    public static Samples Recorded(string description, string file, Func<float, float> convert) => new(description, (_, most) =>
    {
        NumpyArray x = NpzArchive.Read(File.ReadAllBytes(SharedData.Path(file)), file)["x"];
        int count = Math.Min(most, x.Shape[0]);
        return [.. Enumerable.Range(0, count).Select(i => Array.ConvertAll(x[(int)((long)i * x.Shape[0] / count)].ToFloats(), v => convert(v)))];
    });

    /// <summary>Reproducible numbers that change slowly from element to element, as spectra do.</summary>
    public static Samples Synthetic(float from, float to) => new("synthetic spectra (random walks from a fixed seed)", (shape, most) =>
    {
        var random = new Random(Seed);
        float step = (to - from) / 16;
        return [.. Enumerable.Range(0, Math.Min(most, MostSynthetic)).Select(_ =>
        {
            var sample = new float[shape.Elements];
            float at = from + ((to - from) * random.NextSingle());
            for (int i = 0; i < sample.Length; i++) sample[i] = at = Math.Clamp(at + (step * ((2 * random.NextSingle()) - 1)), from, to);
            return sample;
        })];
    });

    private static byte[] Mirrored(byte[] pixels, int side)
    {
        var result = new byte[pixels.Length];
        for (int i = 0; i < side * side; i++) pixels.AsSpan(((i / side * side) + side - 1 - (i % side)) * 3, 3).CopyTo(result.AsSpan(i * 3));
        return result;
    }
}
