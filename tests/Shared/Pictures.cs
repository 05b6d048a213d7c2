using System.Buffers.Binary;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Testing;

/// <summary>Reads uncompressed bitmaps and brings them to a network's size.</summary>
internal static class Pictures
{
    public static readonly float[] ImageNetMean = [0.485f, 0.456f, 0.406f];
    public static readonly float[] ImageNetDeviation = [0.229f, 0.224f, 0.225f];

    /// <summary>The bytes of an 8-bit picture, top row first.</summary>
    public static (byte[] Pixels, int Width, int Height) ReadGrey(byte[] file) => Read(file, 1);

    /// <summary>Red, green, blue of a 24-bit picture, top row first.</summary>
    public static (byte[] Pixels, int Width, int Height) ReadColour(byte[] file)
    {
        (byte[] pixels, int width, int height) = Read(file, 3);
        for (int i = 0; i < pixels.Length; i += 3) (pixels[i], pixels[i + 2]) = (pixels[i + 2], pixels[i]);
        return (pixels, width, height);
    }

    /// <summary>Bilinear resize to a square, pixel centres aligned.</summary>
    public static byte[] Resize((byte[] Pixels, int Width, int Height) picture, int side)
    {
        var result = new byte[side * side * 3];
        for (int y = 0; y < side; y++)
        {
            for (int x = 0; x < side; x++)
            {
                float fy = Math.Clamp(((y + 0.5f) * picture.Height / side) - 0.5f, 0, picture.Height - 1);
                float fx = Math.Clamp(((x + 0.5f) * picture.Width / side) - 0.5f, 0, picture.Width - 1);
                (int y0, int x0) = ((int)fy, (int)fx);
                (int y1, int x1) = (Math.Min(y0 + 1, picture.Height - 1), Math.Min(x0 + 1, picture.Width - 1));
                for (int c = 0; c < 3; c++)
                {
                    float top = float.Lerp(At(y0, x0, c), At(y0, x1, c), fx - x0);
                    float bottom = float.Lerp(At(y1, x0, c), At(y1, x1, c), fx - x0);
                    result[(((y * side) + x) * 3) + c] = (byte)MathF.Round(float.Lerp(top, bottom, fy - y0));
                }
            }
        }

        return result;

        float At(int y, int x, int c) => picture.Pixels[(((y * picture.Width) + x) * 3) + c];
    }

    /// <summary>Channels-first floats, each made from byte and channel.</summary>
    public static TensorData ChannelsFirst(byte[] pixels, int side, Func<byte, int, float> convert)
    {
        var values = new float[pixels.Length];
        for (int i = 0; i < side * side; i++)
        {
            for (int c = 0; c < 3; c++) values[(c * side * side) + i] = convert(pixels[(i * 3) + c], c);
        }

        return TensorData.Of(new Shape(1, 3, side, side), values);
    }

    private static (byte[] Pixels, int Width, int Height) Read(byte[] file, int bytesPerPixel)
    {
        int start = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(10));
        int width = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(18));
        int height = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(22));
        int bits = BinaryPrimitives.ReadInt16LittleEndian(file.AsSpan(28));
        if (bits != bytesPerPixel * 8) throw new InvalidDataException($"The picture has {bits} bits per pixel.");
        int stride = ((width * bytesPerPixel) + 3) / 4 * 4;
        int rows = Math.Abs(height);
        var pixels = new byte[width * rows * bytesPerPixel];
        for (int y = 0; y < rows; y++)
        {
            int row = height > 0 ? rows - 1 - y : y;
            file.AsSpan(start + (row * stride), width * bytesPerPixel).CopyTo(pixels.AsSpan(y * width * bytesPerPixel));
        }

        return (pixels, width, rows);
    }
}
