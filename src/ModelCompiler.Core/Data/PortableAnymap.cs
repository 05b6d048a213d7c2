namespace ModelCompiler.Core.Data;

/// <summary>Reads PGM (P5) and PPM (P6) in binary form.</summary>
internal static class PortableAnymap
{
    /// <summary>True for a file that begins as these do.</summary>
    public static bool Is(ReadOnlySpan<byte> bytes) => bytes.StartsWith("P5"u8) || bytes.StartsWith("P6"u8);

    /// <summary>Reads an image; grey ones get three equal channels, and numbers up to another maximum than 255 are brought to it.</summary>
    /// <exception cref="ModelCompilationException">MC1015: it is damaged or too large.</exception>
    public static Picture Read(ReadOnlySpan<byte> bytes, string file)
    {
        int at = 2, width = Number(bytes, ref at, file), height = Number(bytes, ref at, file), maximum = Number(bytes, ref at, file);
        at++;
        PictureFile.RequireSize(width, height, file);
        int channels = bytes[1] == '6' ? 3 : 1, wide = maximum > 255 ? 2 : 1;
        if (maximum is 0 or > 65535 || bytes.Length - at < (long)width * height * channels * wide) throw PictureFile.Error("it ends too early.", file);
        var pixels = new byte[width * height * Picture.Channels];
        for (int i = 0; i < pixels.Length; i++)
        {
            int from = at + ((channels == 3 ? i : i / 3) * wide);
            int value = wide == 2 ? (bytes[from] << 8) | bytes[from + 1] : bytes[from];
            pixels[i] = (byte)(((Math.Min(value, maximum) * 255) + (maximum / 2)) / maximum);
        }

        return new Picture(width, height, pixels);
    }

    // Decimal, after white space and comments.
    private static int Number(ReadOnlySpan<byte> bytes, ref int at, string file)
    {
        while (at < bytes.Length && (bytes[at] is (byte)'#' or <= (byte)' '))
        {
            if (bytes[at++] == '#') while (at < bytes.Length && bytes[at] != '\n') at++;
        }

        int value = 0, start = at;
        for (; at < bytes.Length && bytes[at] is >= (byte)'0' and <= (byte)'9' && value < 100_000_000; at++) value = (value * 10) + bytes[at] - '0';
        return at > start ? value : throw PictureFile.Error("its header is damaged.", file);
    }
}
