namespace Digits.Training;

/// <summary>The files made without any scan: the sample's pictures and the calibration data of its build.</summary>
internal static class Assets
{
    private const int Pixels = Preprocess.Size * Preprocess.Size;

    /// <summary>Two styles of each digit: one in ink on paper, one in chalk on a blackboard.</summary>
    public static void WriteImages(string folder)
    {
        Directory.CreateDirectory(folder);
        for (int digit = 0; digit < 10; digit++)
        {
            WriteImage(Path.Combine(folder, $"{digit}-ink.png"), digit, style: 1, paper: 0.95f, pen: 0.12f, seed: 10 + digit);
            WriteImage(Path.Combine(folder, $"{digit}-chalk.png"), digit, style: 2, paper: 0.15f, pen: 0.9f, seed: 20 + digit);
        }
    }

    /// <summary>Ten drawings of each digit; 16 grey levels keep the file small.</summary>
    public static void WriteCalibration(string path)
    {
        const int Count = 100;
        var images = new float[Count * Pixels];
        for (int i = 0; i < Count; i++)
            TrainingData.Draw(i % 10, new Random(1000 + i), images.AsSpan(i * Pixels, Pixels));
        for (int i = 0; i < images.Length; i++)
            images[i] = MathF.Round(images[i] * 15) / 15;
        Npz.WriteFloats(path, "image", images, Count, 1, Preprocess.Size, Preprocess.Size);
    }

    private static void WriteImage(string path, int digit, int style, float paper, float pen, int seed)
    {
        GrayImage image = new Handwriting(new Random(seed)).OnPaper(digit, 48, style);
        for (int i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = paper + image.Pixels[i] * (pen - paper);
        PngWriter.Write(path, image);
    }
}
