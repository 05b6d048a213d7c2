using System.Globalization;
using System.Reflection;
using System.Text;

namespace Digits;

/// <summary>Recognises pictures one after the other and prints what it sees.</summary>
internal static class Gallery
{
    private const int Runs = 200;
    private const string Shades = " .:-=+*#%@";

    /// <summary>The pictures inside the program; the first character of a name is the digit it shows.</summary>
    /// <returns>0 when every picture was recognised, otherwise 1.</returns>
    public static int RunBundled()
    {
        using var recognizer = new Recognizer();
        Assembly assembly = typeof(Gallery).Assembly;
        string[] names = [.. assembly.GetManifestResourceNames().Where(n => n.EndsWith(".png", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        var times = new List<double>();
        int right = 0;
        foreach (string name in names)
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            Show(recognizer, name, stream);
            times.Add(recognizer.Microseconds);
            if (recognizer.Digit == name[0] - '0')
                right++;
            else
                Console.WriteLine($"  WRONG: this is a {name[0]}");
        }

        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{right} of {names.Length} recognised, {times[times.Count / 2]:F1} µs per image"));
        return right == names.Length ? 0 : 1;
    }

    /// <summary>The user's own pictures, of which we do not know what they show.</summary>
    /// <returns>0 when all could be read, otherwise 1.</returns>
    public static int RunFiles(IEnumerable<string> paths)
    {
        using var recognizer = new Recognizer();
        int result = 0;
        foreach (string path in paths)
        {
            try
            {
                using FileStream stream = File.OpenRead(path);
                Show(recognizer, Path.GetFileName(path), stream);
            }
            catch (Exception problem) when (problem is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"{path}: {problem.Message}");
                result = 1;
            }
        }

        return result;
    }

    private static void Show(Recognizer recognizer, string name, Stream png)
    {
        recognizer.Recognize(Preprocess.SeparateInk(PngReader.Read(png)), Runs);
        Console.Write(Draw(recognizer.Image));
        Console.WriteLine(recognizer.Digit is int digit
            ? string.Create(CultureInfo.InvariantCulture, $"{name}: {digit} ({100 * recognizer.Probabilities[digit]:F1} %), {recognizer.Microseconds:F1} µs")
            : $"{name}: nothing to see");
    }

    /// <summary>One character for two pixels, one above the other, because characters are twice as high as wide.</summary>
    private static string Draw(ReadOnlySpan<float> image)
    {
        var text = new StringBuilder();
        for (int y = 0; y < Preprocess.Size; y += 2)
        {
            var line = new StringBuilder("  ");
            for (int x = 0; x < Preprocess.Size; x++)
            {
                float ink = (image[y * Preprocess.Size + x] + image[(y + 1) * Preprocess.Size + x]) / 2;
                line.Append(Shades[(int)MathF.Round(ink * (Shades.Length - 1))]);
            }

            text.AppendLine(line.ToString().TrimEnd());
        }

        return text.ToString();
    }
}
