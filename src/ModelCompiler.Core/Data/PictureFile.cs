using System.Globalization;
using StbImageSharp;

namespace ModelCompiler.Core.Data;

/// <summary>Decodes images: PNG, JPEG, BMP, GIF (the first picture), TGA, and PPM and PGM in binary form. Transparency is left out, 16 bits become 8.</summary>
internal static class PictureFile
{
    /// <summary>Most points of an image.</summary>
    public const long MaxPoints = 100_000_000;

    /// <summary>Reads a file, whatever its name.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="file">Name for messages.</param>
    /// <exception cref="ModelCompilationException">MC1015: it is damaged, too large, or of another format.</exception>
    public static Picture Read(ReadOnlyMemory<byte> bytes, string file)
    {
        if (PortableAnymap.Is(bytes.Span)) return PortableAnymap.Read(bytes.Span, file);
        // The decoder would read images of floats, too, with powers that differ from machine to machine.
        if (bytes.Span.StartsWith("#?"u8)) throw Error("it is of no known format.", file);
        byte[] content = bytes.ToArray();
        try
        {
            using var stream = new MemoryStream(content, writable: false);
            if (ImageInfo.FromStream(stream) is not { } info) throw Error("it is of no known format, or has far too many points.", file);
            RequireSize(info.Width, info.Height, file);
            ImageResult image = ImageResult.FromMemory(content, ColorComponents.RedGreenBlue);
            return image.Data.Length == (long)image.Width * image.Height * Picture.Channels && image.Data.Length > 0
                ? new Picture(image.Width, image.Height, image.Data) : throw Error("it is damaged.", file);
        }
        catch (Exception e) when (e is not (ModelCompilationException or OutOfMemoryException))
        {
            // The decoder throws whatever damage leads to.
            throw Error($"it is damaged ({e.Message.TrimEnd('.')}).", file);
        }
    }

    /// <summary>To call before memory is taken for an image.</summary>
    public static void RequireSize(int width, int height, string file)
    {
        if (width <= 0 || height <= 0) throw Error("it is empty.", file);
        if ((long)width * height > MaxPoints)
            throw Error(string.Create(CultureInfo.InvariantCulture, $"it has {width}×{height} points, more than {MaxPoints / 1_000_000} millions."), file);
    }

    /// <summary>An error of an image.</summary>
    public static ModelCompilationException Error(string reason, string file) =>
        new("MC1015", $"The image cannot be read: {reason}", "Save it again as PNG or JPEG, or take it out of the folder.", file: file);
}
