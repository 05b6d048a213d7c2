using System.Globalization;
using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Data;

/// <summary>
/// Recordings for an input that is a vector of moments: cut or filled up with zeros to its length. Numbers are from −1 to 1; an input of 16-bit integers
/// that stand for themselves gets these times 32768.
/// </summary>
internal sealed class WaveSamples : ISampleFormat
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, int> _rates = new(StringComparer.Ordinal);
    private readonly int _length;

    /// <summary>Samples for a network.</summary>
    /// <exception cref="ModelCompilationException">MC3010: its input takes no recordings.</exception>
    public WaveSamples(DataRequest request)
    {
        Value input = request.OnlyInput("A recording");
        _length = input.Shape.Elements;
        Shape = [.. input.Shape];
        Type = input is { Type: ElementType.Int16, Quantization: null } ? ElementType.Int16 : ElementType.Float32;
        if (input.Shape.Count(d => d != 1) != 1 || !(input.Type == Type || input.IsAffine))
        {
            throw new ModelCompilationException("MC3010",
                $"A recording stands for an input that is a vector of moments, and input '{input.Name}' has shape {input.Shape} ({input.Type}).",
                $"Give what the network sees, such as a spectrogram, in an .npz or .csv file; for other lengths, "
                + $"{OptionText.Of(nameof(CompilationOptions.InputShapes))}.", file: request.File);
        }
    }

    /// <inheritdoc/>
    public ElementType Type { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> Shape { get; }

    /// <inheritdoc/>
    public IReadOnlyList<Diagnostic> Notices => [];

    /// <inheritdoc/>
    public byte[] Read(ReadOnlyMemory<byte> bytes, string file)
    {
        WaveFile wave = WaveFile.Read(bytes.Span, file, _length);
        lock (_lock) _rates[file] = wave.Rate;
        var samples = new float[_length];
        wave.Samples.CopyTo(samples, 0);
        return Type == ElementType.Float32 ? MemoryMarshal.AsBytes<float>(samples).ToArray()
            : MemoryMarshal.AsBytes<short>([.. samples.Select(s => (short)Math.Clamp(MathF.Round(s * 32768), short.MinValue, short.MaxValue))]).ToArray();
    }

    /// <inheritdoc/>
    public void Finish()
    {
        (string first, int rate) = _rates.First();
        foreach ((string file, int other) in _rates.Where(r => r.Value != rate))
        {
            throw new ModelCompilationException("MC3012", string.Create(CultureInfo.InvariantCulture,
                $"The recording has {other} samples per second, and '{first}' has {rate}."), "Bring all recordings to the rate that the network expects.",
                file: file);
        }
    }
}
