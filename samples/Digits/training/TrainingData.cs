using static TorchSharp.torch;

namespace Digits.Training;

/// <summary>The scans of one MNIST-format file (x: uint8 [n, 28, 28], y: uint8 [n]), mixed on demand with written digits.</summary>
internal sealed class TrainingData(string path)
{
    private const int Pixels = Preprocess.Size * Preprocess.Size;
    private readonly byte[] _images = Npz.ReadBytes(path, "x");
    private readonly byte[] _labels = Npz.ReadBytes(path, "y");

    public int Count => _labels.Length;

    /// <summary>The scans as they are.</summary>
    public (Tensor X, Tensor Y) Plain() => ToTensors(Array.ConvertAll(_images, value => value / 255f), _labels);

    /// <summary>
    /// One epoch in random order: every scan once, distorted, and two of our own drawings for every three scans. Each
    /// sample has a random generator of its own, so the result does not depend on how threads share the work.
    /// </summary>
    public (Tensor X, Tensor Y) Epoch(int seed)
    {
        int total = Count + 2 * Count / 3;
        int[] order = [.. Enumerable.Range(0, total)];
        new Random(seed).Shuffle(order);
        var x = new float[total * Pixels];
        var y = new byte[total];
        Parallel.For(0, total, i =>
        {
            int source = order[i];
            var random = new Random(seed * total + source);
            Span<float> destination = x.AsSpan(i * Pixels, Pixels);
            if (source < Count)
            {
                Augmentation.Apply(_images.AsSpan(source * Pixels, Pixels), random, destination);
                y[i] = _labels[source];
            }
            else
            {
                y[i] = (byte)(source % 10);
                Draw(y[i], random, destination);
            }
        });
        return ToTensors(x, y);
    }

    /// <summary>Drawings of all digits in turn.</summary>
    public static (Tensor X, Tensor Y) Drawings(int count, int firstSeed)
    {
        var x = new float[count * Pixels];
        var y = new byte[count];
        for (int i = 0; i < count; i++)
        {
            y[i] = (byte)(i % 10);
            Draw(y[i], new Random(firstSeed + i), x.AsSpan(i * Pixels, Pixels));
        }

        return ToTensors(x, y);
    }

    /// <summary>A drawing as the application prepares it: half of them on paper, half on the terminal's canvas.</summary>
    public static void Draw(int digit, Random random, Span<float> destination)
    {
        var hand = new Handwriting(random);
        GrayImage drawing = random.Next(2) == 0 ? hand.OnPaper(digit, random.Next(32, 72)) : hand.OnCanvas(digit);
        Preprocess.Fit(drawing, destination);
    }

    private static (Tensor X, Tensor Y) ToTensors(float[] x, byte[] y) =>
        (tensor(x).reshape(y.Length, 1, Preprocess.Size, Preprocess.Size), tensor(Array.ConvertAll(y, label => (long)label)));
}
