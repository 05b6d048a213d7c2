using System.Globalization;
using System.Text;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Tests.Data;

/// <summary>Images and what becomes of them, against numbers worked out by hand.</summary>
public class ImageTests
{
    [Fact]
    public void Images_of_every_kind_are_decoded()
    {
        byte[] colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7];
        Assert.Equal(colours, PictureFile.Read(TestFiles.Png(2, 3, colours), "a.png").Pixels);
        Assert.Equal([1, 2, 3, 4, 5, 6], PictureFile.Read(TestFiles.Png(2, 4, 1, 2, 3, 0, 4, 5, 6, 128), "a.png").Pixels);
        Assert.Equal([7, 7, 7, 200, 200, 200], PictureFile.Read(TestFiles.Png(1, 1, 7, 200), "a.png").Pixels);
        Picture jpeg = PictureFile.Read(TestFiles.GreyJpeg, "a.jpg");
        Assert.Equal((8, 8), (jpeg.Width, jpeg.Height));
        Assert.All(jpeg.Pixels, p => Assert.Equal(128, p));
        Assert.Equal([10, 20, 30], PictureFile.Read(Text("P6 # of one point\n1 1\n255\n", 10, 20, 30), "a.ppm").Pixels);
        Assert.Equal([0, 0, 0, 255, 255, 255], PictureFile.Read(Text("P5 2 1 1023\n", 0, 0, 3, 255), "a.pgm").Pixels);
    }

    [Fact]
    public void Damaged_and_huge_images_are_errors_with_their_names()
    {
        byte[] sound = TestFiles.Png(2, 3, [1, 2, 3, 4, 5, 6]);
        foreach (byte[] wrong in (byte[][])[[], "no image"u8.ToArray(), sound[..40], [.. sound[..^30], .. new byte[30]], Text("P6 2 2 255\n", 1, 2)])
        {
            ModelCompilationException error = Assert.Throws<ModelCompilationException>(() => PictureFile.Read(wrong, "cats/a.png"));
            Assert.Equal(("MC1015", "cats/a.png"), (error.Code, error.File));
        }

        byte[] huge = [.. sound];
        (huge[18], huge[22]) = (0x2E, 0x2E);
        Assert.Contains("points, more than 100 millions", Assert.Throws<ModelCompilationException>(() => PictureFile.Read(huge, "a.png")).Reason,
            StringComparison.Ordinal);
        Assert.Contains("20000×20000", Assert.Throws<ModelCompilationException>(() => PictureFile.Read(Text("P6 20000 20000 255\n"), "a.ppm")).Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_anywhere_is_an_error_or_another_image()
    {
        byte[] bitmap = [.. "BM"u8, 66, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0,
            .. new byte[24], 1, 2, 3, 4, 5, 6, 0, 0];
        byte[] targa = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 24, 0, 1, 2, 3, 4, 5, 6];
        byte[] gif = [.. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, 9, 8, 7, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B];
        Assert.Equal([3, 2, 1, 6, 5, 4], PictureFile.Read(bitmap, "a.bmp").Pixels);
        Assert.Equal([3, 2, 1, 6, 5, 4], PictureFile.Read(targa, "a.tga").Pixels);
        Assert.Equal([9, 8, 7], PictureFile.Read(gif, "a.gif").Pixels);
        var random = new Random(5);
        foreach (byte[] sound in (byte[][])[TestFiles.Png(3, 3, new byte[27]), TestFiles.Png(3, 1, new byte[9]), TestFiles.GreyJpeg, bitmap, targa, gif,
            Text("P6 2 1 255\n", 1, 2, 3, 4, 5, 6)])
        {
            for (int i = 0; i < 200; i++)
            {
                byte[] damaged = i % 4 == 0 ? sound[..random.Next(sound.Length)] : [.. sound];
                for (int n = random.Next(4); n >= 0 && damaged.Length > 0; n--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
                try
                {
                    Picture picture = PictureFile.Read(damaged, "a.png");
                    Assert.Equal(picture.Width * picture.Height * 3, picture.Pixels.Length);
                }
                catch (ModelCompilationException e)
                {
                    Assert.Equal("MC1015", e.Code);
                }
            }
        }
    }

    [Theory]
    // Centres at half numbers: new points lie at −¼, ¼, ¾ and 1¼ of the old ones.
    [InlineData(new[] { 0, 100 }, 4, new[] { 0, 25, 75, 100 })]
    // Each in the middle of two.
    [InlineData(new[] { 0, 101, 50, 51 }, 2, new[] { 51, 51 })]
    // At 0, 1½ and 3… of five: (x + ½) × 5 ÷ 3 − ½ = ⅓, 2, 3⅔.
    [InlineData(new[] { 0, 90, 30, 60, 120 }, 3, new[] { 30, 30, 100 })]
    [InlineData(new[] { 77 }, 3, new[] { 77, 77, 77 })]
    public void Resizing_is_bilinear_between_centres(int[] from, int width, int[] to)
    {
        byte[] pixels = [.. from.SelectMany(v => new[] { (byte)v, (byte)(v / 2), (byte)0 })];
        Assert.Equal(to, new Picture(from.Length, 1, pixels).Resize(width, 1).Pixels.Where((_, i) => i % 3 == 0).Select(p => (int)p));
        Assert.Equal(to, new Picture(1, from.Length, pixels).Resize(1, width).Pixels.Where((_, i) => i % 3 == 0).Select(p => (int)p));
    }

    [Fact]
    public void The_middle_is_cropped()
    {
        Picture picture = new(5, 4, [.. Enumerable.Range(0, 60).Select(i => (byte)(i / 3))]);
        Assert.Equal([6, 7, 11, 12], picture.Crop(2, 2).Pixels.Where((_, i) => i % 3 == 0).Select(p => (int)p));
    }

    [Fact]
    public void Every_step_follows_its_formula()
    {
        Picture picture = new(2, 1, [10, 20, 30, 200, 100, 0]);
        Assert.Equal([10, 20, 30, 200, 100, 0], Bytes("", picture, 3));
        Assert.Equal([30, 20, 10, 0, 100, 200], Bytes("layout=BGR", picture, 3));
        // 0.299, 0.587 and 0.114 of the colours.
        Assert.Equal([18, 118], Bytes("", picture, 1));
        Assert.Equal([18, 18, 18, 118, 118, 118], Bytes("layout=gray", picture, 3));

        ImagePreprocessing common = ImagePreprocessing.Parse("mean=0.485,0.456,0.406; std=0.229,0.224,0.225");
        Assert.Equal((float)((100 / 255.0 - 0.456) / 0.224), common.Numbers(1)[100]);
        Assert.Equal([0f, 1f], Ends(""));
        Assert.Equal([-1f, 1f], Ends("range=-1,1"));
        Assert.Equal([-1f, 1f], Ends("mean=0.5;std=0.5"));
        Assert.Equal([-128f, 127f], Ends("scale=1;mean=128"));
        Assert.Equal((float)(7 * 0.0078125), ImagePreprocessing.Parse("scale=0.0078125").Numbers(2)[7]);

        static float[] Ends(string text) => [ImagePreprocessing.Parse(text).Numbers(0)[0], ImagePreprocessing.Parse(text).Numbers(0)[255]];

        static int[] Bytes(string text, Picture picture, int channels) =>
            [.. ImagePreprocessing.Parse(text).Bytes(picture, channels, 2, 1, "a.png").Select(b => (int)b)];
    }

    [Fact]
    public void Sizes_are_reached_by_resizing_and_cropping()
    {
        Picture wide = new(40, 20, [.. Enumerable.Range(0, 2400).Select(i => (byte)(i / 3 % 40))]);
        foreach (string text in (string[])["", "resize=8x4", "resize=short:4", "resize=16;crop=center", "crop=8x4", "resize=short:10;crop=8x4"])
        {
            ImagePreprocessing preprocessing = ImagePreprocessing.Parse(text);
            preprocessing.Require(3, 8, 4);
            Assert.Equal(8 * 4 * 3, preprocessing.Bytes(wide, 3, 8, 4, "a.png").Length);
        }

        // The middle of the image as it is.
        Assert.Equal([16, 17, 18, 19, 20, 21, 22, 23], ImagePreprocessing.Parse("crop=center").Bytes(wide, 3, 8, 4, "a.png").Where((_, i) => i % 3 == 0)
            .Take(8).Select(p => (int)p));
        Error(() => ImagePreprocessing.Parse("crop=center").Bytes(wide, 3, 64, 4, "b.png"), "MC3003", "of 40×20 points is 40×20 after Preprocess", "before");
        Error(() => ImagePreprocessing.Parse("resize=short:4").Bytes(wide, 3, 4, 4, "b.png"), "MC3003", "is 8×4", "crop=center");
        Error(() => ImagePreprocessing.Parse("resize=9").Require(3, 8, 4), "MC9003", "makes images of 9×9", "crop=center");
        Error(() => ImagePreprocessing.Parse("crop=9").Require(3, 8, 4), "MC9003", "makes images of 9×9", "crop=center");
        Error(() => ImagePreprocessing.Parse("resize=4;crop=center").Require(3, 8, 4), "MC9003", "resizes images to 4×4", "larger");
        Error(() => ImagePreprocessing.Parse("layout=bgr").Require(1, 8, 4), "MC9003", "keeps three channels", "gray");
        Error(() => ImagePreprocessing.Parse("mean=1,2,3").Require(1, 8, 4), "MC9003", "has 3 numbers", "one number");
    }

    [Theory]
    [InlineData("resise=3", "There is no key 'resise' in Preprocess.", "Did you mean resize?")]
    [InlineData("colour=1", "There is no key 'colour'", "There are: layout, resize, crop, mean, std, scale, range.")]
    [InlineData("layout=rbg", "'rbg' is not a value of layout", "Did you mean rgb?")]
    [InlineData("crop=centre", "'centre' is not a value of crop", "Did you mean center?")]
    [InlineData("resize=0", "'0' is not a value of resize", "320x240")]
    [InlineData("resize=1x2x3", "'1x2x3' is not a value of resize", "width and height")]
    [InlineData("resize=100000000", "is not a value of resize", "224")]
    [InlineData("mean=0.5,0.5", "'0.5,0.5' is not a value of mean", "one number, or 3")]
    [InlineData("mean=0,5", "'0,5' is not a value of mean", "one number, or 3")]
    [InlineData("std=0", "'0' is not a value of std", "above zero")]
    [InlineData("scale=x", "'x' is not a value of scale", "one number")]
    [InlineData("range=1", "'1' is not a value of range", "-1,1")]
    [InlineData("scale=1;range=0,1", "has scale and range", "Leave one out")]
    [InlineData("scale=1;scale=2", "has scale twice", "Leave one out")]
    [InlineData("crop", "'' is not a value of crop", "crop=value")]
    public void What_cannot_be_read_is_an_error(string text, string reason, string remedy) =>
        Error(() => ImagePreprocessing.Parse(text), "MC9002", reason, remedy);

    [Fact]
    public void Numbers_do_not_depend_on_the_culture()
    {
        CultureInfo culture = CultureInfo.CurrentCulture;
        try
        {
            var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            (comma.NumberFormat.NumberDecimalSeparator, comma.NumberFormat.NumberGroupSeparator) = (",", ".");
            CultureInfo.CurrentCulture = comma;
            Assert.Equal(0.5f, ImagePreprocessing.Parse("scale=0.5").Numbers(0)[1]);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Theory]
    [InlineData(new[] { 1, 3, 8, 4 }, 3, 8, 4, true)]
    [InlineData(new[] { 1, 8, 4, 3 }, 3, 8, 4, false)]
    [InlineData(new[] { 1, 1, 28, 28 }, 1, 28, 28, true)]
    [InlineData(new[] { 1, 28, 28, 1 }, 1, 28, 28, false)]
    [InlineData(new[] { 1, 28, 28 }, 1, 28, 28, true)]
    [InlineData(new[] { 28, 28 }, 1, 28, 28, true)]
    [InlineData(new[] { 1, 3, 200, 3 }, 3, 200, 3, true)]
    [InlineData(new[] { 1, 3, 3, 3 }, 3, 3, 3, true)]
    public void The_place_of_channels_follows_from_the_shape(int[] shape, int channels, int height, int width, bool isFirst) =>
        Assert.Equal(new ImageLayout(channels, height, width, isFirst), ImageLayout.Find(new Shape(shape)));

    [Fact]
    public void Other_shapes_are_no_images() =>
        Assert.All((int[][])[[1, 784], [16], [2, 3, 8, 8], [1, 4, 8, 8], [1, 1, 1, 9], [1, 1, 3, 8, 8], []], s => Assert.Null(ImageLayout.Find(new Shape(s))));

    private static byte[] Text(string header, params byte[] data) => [.. Encoding.ASCII.GetBytes(header), .. data];

    private static void Error(Action action, string code, string reason, string remedy)
    {
        Diagnostic error = Assert.Throws<ModelCompilationException>(action).ToDiagnostic("model.onnx");
        Assert.Equal(code, error.Code);
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
    }
}
