using System.Buffers.Binary;
using System.Globalization;

namespace ModelCompiler.Core.Data;

/// <summary>A recording: one number per moment, from −1 to 1.</summary>
/// <param name="Rate">Moments per second.</param>
/// <param name="Samples">The mean of all channels at each moment.</param>
internal sealed record WaveFile(int Rate, float[] Samples)
{
    private const int Pcm = 1, Float = 3, Extensible = 0xFFFE;
    private const string Remedy = "Save it as WAV with 8, 16, 24 or 32 bits of PCM, or float32.";

    /// <summary>Reads a file: RIFF WAVE with PCM of 8 (unsigned), 16, 24 or 32 bits, or float32.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="file">Name for messages.</param>
    /// <param name="most">Moments after this many are left out.</param>
    /// <exception cref="ModelCompilationException">MC1015: it is damaged, or of another encoding; MC3004: it holds a number that is not finite.</exception>
    public static WaveFile Read(ReadOnlySpan<byte> bytes, string file, int most = int.MaxValue)
    {
        if (bytes.Length < 12 || !bytes.StartsWith("RIFF"u8) || !bytes[8..12].SequenceEqual("WAVE"u8)) throw Error("it is no WAV file.", file);
        ReadOnlySpan<byte> format = default;
        for (long at = 12; at + 8 <= bytes.Length;)
        {
            ReadOnlySpan<byte> name = bytes.Slice((int)at, 4);
            long length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[((int)at + 4)..]), start = at + 8;
            // Recorders that were cut off leave a length of zero or all ones for the samples.
            ReadOnlySpan<byte> content = bytes.Slice((int)start, (int)Math.Min(length, bytes.Length - start));
            if (name.SequenceEqual("fmt "u8)) format = content;
            if (name.SequenceEqual("data"u8)) return Decode(format, content, file, most);
            at = start + length + (length & 1);
        }

        throw Error("it holds no samples.", file);
    }

    private static WaveFile Decode(ReadOnlySpan<byte> format, ReadOnlySpan<byte> data, string file, int most)
    {
        if (format.Length < 16) throw Error("its format is missing.", file);
        int code = BinaryPrimitives.ReadUInt16LittleEndian(format), channels = BinaryPrimitives.ReadUInt16LittleEndian(format[2..]),
            rate = BinaryPrimitives.ReadInt32LittleEndian(format[4..]), bits = BinaryPrimitives.ReadUInt16LittleEndian(format[14..]);
        if (code == Extensible && format.Length >= 26) code = BinaryPrimitives.ReadUInt16LittleEndian(format[24..]);
        if (!((code == Pcm && bits is 8 or 16 or 24 or 32) || (code == Float && bits == 32)) || channels == 0)
            throw Error(string.Create(CultureInfo.InvariantCulture, $"it has {channels} channels of {bits} bits in encoding {code}."), file);
        int width = bits / 8, count = Math.Min(data.Length / (width * channels), most);
        var samples = new float[count];
        for (int i = 0; i < count; i++)
        {
            double sum = 0;
            for (int c = 0; c < channels; c++) sum += Number(data[(((i * channels) + c) * width)..], code == Float ? 0 : bits);
            samples[i] = (float)(sum / channels);
            if (!float.IsFinite(samples[i]))
                throw new ModelCompilationException("MC3004", string.Create(CultureInfo.InvariantCulture, $"The recording holds {samples[i]} at moment {i}."),
                    "Leave such recordings out.", file: file);
        }

        return new WaveFile(rate, samples);
    }

    private static double Number(ReadOnlySpan<byte> data, int bits) => bits switch
    {
        0 => BinaryPrimitives.ReadSingleLittleEndian(data),
        8 => (data[0] - 128) / 128.0,
        16 => BinaryPrimitives.ReadInt16LittleEndian(data) / 32768.0,
        24 => ((data[0] << 8) | (data[1] << 16) | (data[2] << 24)) / 2147483648.0,
        _ => BinaryPrimitives.ReadInt32LittleEndian(data) / 2147483648.0,
    };

    private static ModelCompilationException Error(string reason, string file) => new("MC1015", $"The recording cannot be read: {reason}", Remedy, file: file);
}
