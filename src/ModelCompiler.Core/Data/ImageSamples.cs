using System.Globalization;
using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Data;

/// <summary>Images for an input that is one, made of them by <see cref="ImagePreprocessing"/>.</summary>
internal sealed class ImageSamples : ISampleFormat
{
    private readonly ImagePreprocessing _preprocessing;
    private readonly ImageLayout _layout;

    // What bytes of each channel become; null where they stay integers.
    private readonly float[][]? _numbers;

    /// <summary>Samples for a network.</summary>
    /// <exception cref="ModelCompilationException">MC3010, MC9002, MC9003: its input takes no images, or not such ones.</exception>
    public ImageSamples(DataRequest request)
    {
        Value input = request.OnlyInput("An image");
        _layout = input.Type == ElementType.Bool ? throw NoImage(input, request.File) : ImageLayout.Find(input.Shape) ?? throw NoImage(input, request.File);
        _preprocessing = ImagePreprocessing.Parse(request.Options.Preprocess);
        _preprocessing.Require(_layout.Channels, _layout.Width, _layout.Height);
        Shape = [.. input.Shape];
        bool isReal = input.Type is ElementType.Float32 or ElementType.Float16 or ElementType.Float64 || (input.IsAffine && !input.Type.IsByte());
        Type = isReal || _preprocessing.HasNumbers ? ElementType.Float32 : input.Type == ElementType.Int8 ? ElementType.Int8 : ElementType.UInt8;
        if (Type == ElementType.Float32)
            _numbers = [.. Enumerable.Range(0, _layout.Channels).Select(c => Representable(_preprocessing.Numbers(c), input, isReal || input.IsAffine))];
        if (request.Options.Preprocess is not null) return;
        string become = Type == ElementType.Float32 ? "their bytes become numbers from 0 to 1"
            : Type == ElementType.Int8 ? "their bytes less 128 are the integers of the input" : "their bytes are the integers of the input";
        Notices = [new("MC3011", DiagnosticSeverity.Info, request.File, null, string.Create(CultureInfo.InvariantCulture,
            $"Images are resized to {_layout.Width}×{_layout.Height}, and {become}."),
            $"Where the network was trained with other images, say how with {OptionText.Of(nameof(CompilationOptions.Preprocess))}.")];
    }

    /// <inheritdoc/>
    public ElementType Type { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> Shape { get; }

    /// <inheritdoc/>
    public IReadOnlyList<Diagnostic> Notices { get; } = [];

    /// <inheritdoc/>
    public byte[] Read(ReadOnlyMemory<byte> bytes, string file)
    {
        byte[] points = _preprocessing.Bytes(PictureFile.Read(bytes, file), _layout.Channels, _layout.Width, _layout.Height, file);
        if (_layout.IsChannelsFirst) points = ChannelsFirst(points);
        if (_numbers is null) return Type == ElementType.UInt8 ? points : [.. points.Select(p => (byte)(p - 128))];
        var values = new float[points.Length];
        int plane = _layout.Width * _layout.Height;
        for (int i = 0; i < values.Length; i++) values[i] = _numbers[_layout.IsChannelsFirst ? i / plane : i % _layout.Channels][points[i]];
        return MemoryMarshal.AsBytes<float>(values).ToArray();
    }

    /// <inheritdoc/>
    public void Finish()
    {
    }

    private byte[] ChannelsFirst(byte[] points)
    {
        var result = new byte[points.Length];
        for (int c = 0, to = 0; c < _layout.Channels; c++)
        {
            for (int i = c; i < points.Length; i += _layout.Channels) result[to++] = points[i];
        }

        return result;
    }

    // Integers that stand for themselves cannot hold fractions.
    private static float[] Representable(float[] numbers, Value input, bool isReal) => isReal ? numbers : [.. numbers.Select(v => input.Type switch
    {
        ElementType.UInt8 => Math.Clamp(MathF.Round(v), byte.MinValue, byte.MaxValue),
        ElementType.Int8 => Math.Clamp(MathF.Round(v), sbyte.MinValue, sbyte.MaxValue),
        _ => MathF.Round(v),
    })];

    private static ModelCompilationException NoImage(Value input, string file) => new("MC3010",
        $"An image stands for an input of height, width and 1 or 3 channels, and input '{input.Name}' has shape {input.Shape} ({input.Type}).",
        "Give what the network sees in an .npz or .csv file.", file: file);
}

/// <summary>Where an input has height, width and channels.</summary>
internal sealed record ImageLayout(int Channels, int Height, int Width, bool IsChannelsFirst)
{
    /// <summary>
    /// Finds them: a batch of 1 in front of four dimensions is left out; channels are 1 or 3, at the beginning or at the end. Where both are possible, the
    /// image that is less narrow is meant, and of equal ones that with channels first. Null where there is no image of at least 2×2 points.
    /// </summary>
    public static ImageLayout? Find(Shape shape)
    {
        int[] d = shape is { Rank: 4 } && shape[0] == 1 ? [.. shape.Skip(1)] : [.. shape];
        if (d.Length == 2) d = [1, .. d];
        if (d.Length != 3) return null;
        ImageLayout[] possible = [.. new ImageLayout[] { new(d[0], d[1], d[2], true), new(d[2], d[0], d[1], false) }
            .Where(l => l is { Channels: 1 or Picture.Channels, Height: > 1, Width: > 1 })];
        return possible.MaxBy(l => Math.Min(l.Height, l.Width));
    }
}
