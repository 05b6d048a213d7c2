using System.Globalization;

namespace ModelCompiler.Core.Data;

/// <summary>
/// What the option Preprocess makes of an image of 8-bit red, green and blue, in this order: <c>layout</c> puts channels into the network's order, or makes
/// them grey, (19595 red + 38470 green + 7471 blue + 32768) ÷ 65536 rounded down; <c>resize</c> is <see cref="Picture.Resize"/>; <c>crop</c> is
/// <see cref="Picture.Crop"/>. Bytes v of channel c then become (s − mean[c]) ÷ std[c], where s is v × scale, or a + v × (b − a) ÷ 255 with range a,b, or
/// v ÷ 255 with neither: computed in binary64 from left to right and rounded to float32. Equal images give equal numbers everywhere.
/// </summary>
internal sealed class ImagePreprocessing
{
    private const int MostSide = 16384;
    private const string Short = "short:", Center = "center";
    private static readonly string[] Layouts = ["rgb", "bgr", "gray"];

    // Known keys with the way each is read.
    private static readonly (string Key, Action<ImagePreprocessing, string> Read)[] Keys =
    [
        ("layout", (p, text) => p._layout = Layouts.Contains(text) ? text : throw Unknown("layout", text, Layouts)),
        ("resize", (p, text) =>
        {
            if (text.StartsWith(Short, StringComparison.Ordinal)) p._shorter = Side(text[Short.Length..], "resize", text);
            else p._resize = Size(text, "resize");
        }),
        ("crop", (p, text) =>
        {
            p._isCropped = true;
            if (text != Center) p._crop = char.IsLetter(text.FirstOrDefault()) ? throw Unknown("crop", text, [Center]) : Size(text, "crop");
        }),
        ("mean", (p, text) => p._mean = Numbers(text, "mean", 1, Picture.Channels)),
        ("std", (p, text) => p._deviation = Numbers(text, "std", 1, Picture.Channels, isPositive: true)),
        ("scale", (p, text) => p._scale = Numbers(text, "scale", 1)[0]),
        ("range", (p, text) => p._range = Numbers(text, "range", 2)),
    ];

    private string? _layout;
    private (int Width, int Height)? _resize, _crop;
    private int _shorter;
    private bool _isCropped;
    private double[]? _mean, _deviation, _range;
    private double? _scale;

    /// <summary>True when the option says how bytes become numbers.</summary>
    public bool HasNumbers => _scale is not null || _range is not null || _mean is not null || _deviation is not null;

    private static string Option => OptionText.Of(nameof(CompilationOptions.Preprocess));

    /// <summary>Reads the option.</summary>
    /// <param name="text">Such as <c>resize=short:256;crop=224;mean=0.485,0.456,0.406;std=0.229,0.224,0.225</c>; null for nothing.</param>
    /// <exception cref="ModelCompilationException">MC9002: an unknown key, or a value that cannot be read.</exception>
    public static ImagePreprocessing Parse(string? text)
    {
        var result = new ImagePreprocessing();
        HashSet<string> seen = [];
        foreach (string item in (text ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = item.IndexOf('=', StringComparison.Ordinal);
            string key = (equals < 0 ? item : item[..equals]).Trim().ToLowerInvariant();
            if (Keys.FirstOrDefault(k => k.Key == key).Read is not { } read) throw Unknown("key", key, [.. Keys.Select(k => k.Key)]);
            if (equals < 0) throw Bad(key, "", $"Give {key}=value.");
            if (!seen.Add(key)) throw new ModelCompilationException("MC9002", $"{Option} has {key} twice.", "Leave one out.");
            read(result, item[(equals + 1)..].Trim().ToLowerInvariant());
        }

        return result._scale is null || result._range is null ? result
            : throw new ModelCompilationException("MC9002", $"{Option} has scale and range, which both say what bytes become.", "Leave one out.");
    }

    /// <summary>To call before images are brought to a network's form.</summary>
    /// <exception cref="ModelCompilationException">MC9003: sizes or channels are others than the network's.</exception>
    public void Require(int channels, int width, int height)
    {
        (int Width, int Height)? last = _isCropped ? _crop : _resize;
        if (last is { } size && size != (width, height))
            throw Contradiction($"makes images of {size.Width}×{size.Height}", width, height, channels,
                _isCropped ? "Give crop=center, which takes the network's size." : "Add crop=center, or resize to the network's size.");
        if (_isCropped && _resize is { } before && (before.Width < width || before.Height < height))
            throw Contradiction($"resizes images to {before.Width}×{before.Height} before they are cropped", width, height, channels, "Give a larger size.");
        if (_isCropped && _shorter > 0 && _shorter < Math.Min(width, height))
            throw Contradiction($"resizes the shorter side to {_shorter} before images are cropped", width, height, channels, "Give a larger size.");
        if (channels == 1 && _layout is "rgb" or "bgr")
            throw Contradiction($"keeps three channels ({_layout})", width, height, channels, "Leave layout out, or give gray.");
        foreach (double[]? values in (double[]?[])[_mean, _deviation])
        {
            if (values is { Length: > 1 } && values.Length != channels)
                throw Contradiction($"has {values.Length} numbers for channels", width, height, channels, "Give one number, or one for each channel.");
        }
    }

    /// <summary>The bytes of an image in a network's size: row by row, all channels of a point together.</summary>
    /// <param name="picture">The image.</param>
    /// <param name="channels">The network's: 1 or 3.</param>
    /// <param name="width">The network's.</param>
    /// <param name="height">The network's.</param>
    /// <param name="file">Name for messages.</param>
    /// <exception cref="ModelCompilationException">MC3003: the image has another size than the network at the end.</exception>
    public byte[] Bytes(Picture picture, int channels, int width, int height, string file)
    {
        bool isGray = channels == 1 || _layout == "gray";
        Picture sized = Resize(isGray ? Gray(picture) : picture, width, height, file);
        if (_isCropped && sized.Width >= width && sized.Height >= height) sized = sized.Crop(width, height);
        if (sized.Width != width || sized.Height != height)
        {
            throw new ModelCompilationException("MC3003", string.Create(CultureInfo.InvariantCulture,
                $"The image of {picture.Width}×{picture.Height} points is {sized.Width}×{sized.Height} after {Option}, and the network takes {width}×{height}."),
                _isCropped ? "Resize before images are cropped." : "Add crop=center.", file: file);
        }

        if (channels == 1) return [.. Enumerable.Range(0, width * height).Select(i => sized.Pixels[i * Picture.Channels])];
        if (_layout != "bgr") return sized.Pixels;
        var swapped = new byte[sized.Pixels.Length];
        for (int i = 0; i < swapped.Length; i += Picture.Channels)
            (swapped[i], swapped[i + 1], swapped[i + 2]) = (sized.Pixels[i + 2], sized.Pixels[i + 1], sized.Pixels[i]);
        return swapped;
    }

    /// <summary>What the 256 bytes of a channel become.</summary>
    /// <param name="channel">Its number in the network's order.</param>
    public float[] Numbers(int channel)
    {
        double mean = Of(_mean, channel, 0), deviation = Of(_deviation, channel, 1);
        return [.. Enumerable.Range(0, 256).Select(v => (float)((Scaled(v) - mean) / deviation))];
    }

    private double Scaled(double value) => _scale is { } scale ? value * scale
        : _range is [double from, double to] ? from + (value * (to - from) / 255) : value / 255;

    private static double Of(double[]? values, int channel, double otherwise) => values is null ? otherwise : values[values.Length == 1 ? 0 : channel];

    private Picture Resize(Picture picture, int width, int height, string file)
    {
        if (_resize is { } size) return picture.Resize(size.Width, size.Height);
        if (_shorter == 0) return _isCropped ? picture : picture.Resize(width, height);
        int shorter = Math.Min(picture.Width, picture.Height);
        long wide = (long)_shorter * picture.Width / shorter, high = (long)_shorter * picture.Height / shorter;
        PictureFile.RequireSize((int)Math.Min(wide, int.MaxValue), (int)Math.Min(high, int.MaxValue), file);
        return picture.Resize((int)wide, (int)high);
    }

    private static Picture Gray(Picture picture)
    {
        var pixels = new byte[picture.Pixels.Length];
        ReadOnlySpan<byte> from = picture.Pixels;
        for (int i = 0; i < pixels.Length; i += Picture.Channels)
            pixels.AsSpan(i, Picture.Channels).Fill((byte)(((19595 * from[i]) + (38470 * from[i + 1]) + (7471 * from[i + 2]) + 32768) >> 16));
        return picture with { Pixels = pixels };
    }

    private static (int Width, int Height) Size(string text, string key)
    {
        string[] sides = text.Split('x');
        if (sides.Length > 2) throw Bad(key, text, "Give one side, or width and height, such as 320x240.");
        return (Side(sides[0], key, text), Side(sides[^1], key, text));
    }

    private static int Side(string text, string key, string value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int side) && side is > 0 and <= MostSide ? side
        : throw Bad(key, value, key == "resize" ? "Give sides such as 224, 320x240 (width, height) or short:256."
            : "Give center, or sides such as 224 or 320x240.");

    private static double[] Numbers(string text, string key, int count, int other = 0, bool isPositive = false)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        var numbers = new double[parts.Length];
        bool isSound = parts.Length == count || parts.Length == other;
        for (int i = 0; i < parts.Length && isSound; i++)
            isSound = CsvTable.TryNumber(parts[i], out numbers[i]) && double.IsFinite(numbers[i]) && (!isPositive || numbers[i] > 0);
        return isSound ? numbers : throw Bad(key, text,
            $"Give {(other > 0 ? $"one number, or {other} separated by commas" : count == 1 ? "one number" : "two numbers, such as -1,1")}"
            + $"{(isPositive ? ", above zero" : "")}.");
    }

    private static ModelCompilationException Bad(string key, string value, string remedy) =>
        new("MC9002", $"'{value}' is not a value of {key} in {Option}.", remedy);

    private static ModelCompilationException Unknown(string what, string name, string[] names) =>
        new("MC9002", what == "key" ? $"There is no key '{name}' in {Option}." : $"'{name}' is not a value of {what} in {Option}.",
            Misspelling.Nearest(name, names, 0.4) is { } meant ? $"Did you mean {meant}?"
            : $"There {(names.Length > 1 ? "are" : "is")}: {string.Join(", ", names)}.");

    private static ModelCompilationException Contradiction(string problem, int width, int height, int channels, string remedy) =>
        new("MC9003", string.Create(CultureInfo.InvariantCulture,
            $"{Option} {problem}, and the network takes {width}×{height} with {channels} channel{(channels == 1 ? "" : "s")}."), remedy);
}
