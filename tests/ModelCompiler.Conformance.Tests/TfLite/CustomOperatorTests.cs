using System.Text;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests.TfLite;

/// <summary>Custom operators of TFLite files that others define: detections of SSD networks, and those of MediaPipe.</summary>
public class CustomOperatorTests
{
    private static readonly float[] Encodings = [0, 0, 0, 0, 0, 1, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    private static readonly float[] Scores = [0, .9f, .8f, 0, .75f, .72f, 0, .6f, .5f, 0, .93f, .95f, 0, .5f, .4f, 0, .3f, .2f];
    private static readonly float[] Anchors = [.5f, .5f, 1, 1, .5f, .5f, 1, 1, .5f, .5f, 1, 1, .5f, 10.5f, 1, 1, .5f, 10.5f, 1, 1, .5f, 100.5f, 1, 1];

    [Theory]
    [InlineData(false, 1, 3)]
    [InlineData(true, 1, 2)]
    [InlineData(true, 100, 3)]
    [InlineData(false, 2, 3)]
    public void Detections_are_those_of_the_definition(bool byClass, int perClass, int expectedCount)
    {
        int perBox = byClass || perClass == 100 ? 1 : perClass;
        IReadOnlyList<TensorData> results = Detect(Encodings, Scores, Anchors, Options(byClass, perClass, perBox));
        (float[] boxes, float[] classes, float[] found) = (results[0].ToFloats(), results[1].ToFloats(), results[2].ToFloats());
        Assert.Equal([expectedCount], results[3].ToFloats());
        float[] far = [0, 10, 1, 11], near = [0, 0, 1, 1], last = [0, 100, 1, 101], none = [0, 0, 0, 0];
        (float[][] wantedBoxes, float[] wantedClasses, float[] wantedScores) = (byClass, perClass) switch
        {
            (true, 1) => (new[] { far, far, none }, new float[] { 1, 0, 0 }, new[] { .95f, .93f, 0 }),
            (true, _) => ([far, far, near], [1, 0, 0], [.95f, .93f, .9f]),
            (false, 2) => ([far, far, near, near, last, last], [1, 0, 0, 1, 0, 1], [.95f, .93f, .9f, .8f, .3f, .2f]),
            _ => ([far, near, last], [1, 0, 0], [.95f, .9f, .3f]),
        };
        Assert.Equal(wantedClasses, classes);
        Assert.Equal(wantedScores, found);
        float[] wanted = [.. wantedBoxes.SelectMany(b => b)];
        for (int i = 0; i < wanted.Length; i++) Assert.InRange(boxes[i], wanted[i] - 1e-4, wanted[i] + 1e-4);
    }

    // The orders are those that std::partial_sort of libstdc++ gives.
    [Theory]
    [InlineData(new float[] { 3, 3, 3, 2 }, new float[] { 0, 1, 2, 3 })]
    [InlineData(new float[] { 3, 0, 2, 1, 3 }, new float[] { 4, 0, 2, 3, 1 })]
    [InlineData(new float[] { 0, 0, 1, 3, 1, 3 }, new float[] { 5, 3, 4, 2 })]
    [InlineData(new float[] { 1, 2, 2, 2, 3, 3, 3 }, new float[] { 4 })]
    [InlineData(new float[] { 2, 3, 1, 2, 0, 0, 1, 2 }, new float[] { 1, 3, 7, 0 })]
    [InlineData(new float[] { 2, 3, 3, 2, 1, 1, 0, 0, 0 }, new float[] { 1, 2, 3, 0, 4, 5, 6 })]
    [InlineData(new float[] { 1, 3, 3, 2, 1, 3, 2, 2, 1, 0 }, new float[] { 1, 2, 5, 3, 7, 6, 8, 0, 4, 9 })]
    [InlineData(new float[] { 0, 3, 2, 2, 2, 3, 1, 1, 3, 3, 3 }, new float[] { 5, 1 })]
    [InlineData(new float[] { 2, 2, 3, 0, 1, 1, 2, 2, 2, 2, 0, 2 }, new float[] { 2, 6, 0, 1 })]
    [InlineData(new float[] { 2, 0, 1, 1, 2, 3, 2, 1, 0, 0, 3, 3, 1 }, new float[] { 10, 11, 5, 0, 4, 6 })]
    [InlineData(new float[] { 0, 1, 0, 1, 1, 0, 3, 1, 2, 3, 0, 1, 2, 3 }, new float[] { 6, 13, 9, 12, 8, 3, 7, 11 })]
    public void Equal_scores_of_a_box_come_in_the_order_of_TensorFlow_Lite(float[] boxScores, float[] order)
    {
        IReadOnlyList<TensorData> results = Detect([0, 0, 0, 0], boxScores, [.5f, .5f, 1, 1], Options(false, 1, order.Length, boxScores.Length));
        Assert.Equal(order, results[1].ToFloats().Take(order.Length));
    }

    // TensorFlow Lite merges the boxes of each class before equal ones of the classes before it.
    [Fact]
    public void Equal_scores_of_classes_come_in_the_order_of_TensorFlow_Lite()
    {
        IReadOnlyList<TensorData> results = Detect(new float[12], [.5f, .5f, .25f, .5f, .5f, .75f, .5f, .25f, .75f],
            [.5f, .5f, 1, 1, .5f, 10.5f, 1, 1, .5f, 100.5f, 1, 1], Options(true, 3, 1, 3, 7));
        Assert.Equal([2f, 2, 1, 1, 0, 0, 0], results[1].ToFloats());
        Assert.Equal([10f, 100, 0, 10, 0, 10, 100], results[0].ToFloats().Chunk(4).Select(b => MathF.Round(b[1])));
    }

    [Theory]
    [InlineData(nameof(TfLiteTensorType.UInt8), 0)]
    [InlineData(nameof(TfLiteTensorType.Int8), -128)]
    public void Detections_take_quantised_inputs(string type, int zero)
    {
        var kind = Enum.Parse<TfLiteTensorType>(type);
        var model = new TfLiteBuilder();
        int encodings = model.Tensor(kind, [1, 6, 4], 1f / 64, zero + 128), scores = model.Tensor(kind, [1, 6, 3], 1f / 255, zero);
        int anchors = model.Tensor(kind, [6, 4], 100.5f / 255, zero, [.. Anchors.Select(a => unchecked((byte)(Math.Round(a / 100.5f * 255) + zero)))]);
        int[] outputs = [model.Floats(1, 3, 4), model.Floats(1, 3), model.Floats(1, 3), model.Floats(1)];
        model.AddCustom("TFLite_Detection_PostProcess", [encodings, scores, anchors], outputs, Options(false, 1, 1)).End([encodings, scores], outputs);
        IReadOnlyList<TensorData> results = Run(model.ToFile(), [TensorData.Of(new Shape(1, 6, 4), Encodings), TensorData.Of(new Shape(1, 6, 3), Scores)]);
        Assert.Equal([3f], results[3].ToFloats());
        Assert.Equal([1f, 0, 0], results[1].ToFloats());
        float[] found = results[2].ToFloats();
        for (int i = 0; i < 3; i++) Assert.InRange(found[i], new[] { .95f, .9f, .3f }[i] - .003f, new[] { .95f, .9f, .3f }[i] + .003f);
    }

    [Theory]
    [InlineData(1, 5, 7)]
    [InlineData(2, 6, 8)]
    public void A_pool_with_places_and_its_inverse(int padding, int height, int width)
    {
        // Windows of 2 rows and 3 columns, in steps of 2 and 3.
        int[] output = padding == 1 ? [(height + 1) / 2, (width + 2) / 3] : [height / 2, width / 3];
        int[] options = [padding, 3, 2, 3, 2, 0];
        var model = new TfLiteBuilder();
        int x = model.Floats(1, height, width, 2), y = model.Floats(1, output[0], output[1], 2), places = model.Floats(1, output[0], output[1], 2),
            back = model.Floats(1, output[0] * 2, output[1] * 3, 2);
        model.AddCustom("MaxPoolingWithArgmax2D", [x], [y, places], Integers(options)).AddCustom("MaxUnpooling2D", [y, places], [back], Integers(options))
            .End([x], [y, places, back]);
        var random = new Random(height);
        float[] image = [.. Enumerable.Range(0, height * width * 2).Select(_ => (float)random.NextDouble() - 0.5f)];
        IReadOnlyList<TensorData> results = Run(model.ToFile(), [TensorData.Of(new Shape(1, height, width, 2), image)]);
        (float[] largest, float[] found, float[] unpooled) = (results[0].ToFloats(), results[1].ToFloats(), results[2].ToFloats());
        int top = padding == 1 ? Math.Max(((output[0] - 1) * 2) + 2 - height, 0) / 2 : 0,
            left = padding == 1 ? Math.Max(((output[1] - 1) * 3) + 3 - width, 0) / 2 : 0;
        int unpooledPixels = 0;
        for (int i = 0; i < largest.Length; i++)
        {
            (int row, int column, int channel) = (i / 2 / output[1], i / 2 % output[1], i % 2);
            int place = (int)found[i];
            Assert.Equal(place + 0.1f, found[i]);
            var window = from r in Enumerable.Range(0, 2) from c in Enumerable.Range(0, 3) let p =
                (Row: (row * 2) - top + r, Column: (column * 3) - left + c) where p.Row >= 0 && p.Row < height && p.Column >= 0
                && p.Column < width select image[(((p.Row * width) + p.Column) * 2) + channel];
            Assert.Equal(window.Max(), largest[i]);
            Assert.Equal(image[(((((row * 2) - top + (place / 3)) * width) + (column * 3) - left + (place % 3)) * 2) + channel], largest[i]);
            Assert.Equal(largest[i], unpooled[(((((row * 2) + (place / 3)) * output[1] * 3) + (column * 3) + (place % 3)) * 2) + channel]);
            unpooledPixels++;
        }

        Assert.Equal(unpooledPixels, unpooled.Count(v => v != 0));
    }

    [Fact]
    public void Places_that_lie_outside_are_left_out()
    {
        var model = new TfLiteBuilder();
        int x = model.Floats(1, 2, 2, 1), places = model.Floats(1, 2, 2, 1), y = model.Floats(1, 4, 4, 1);
        model.AddCustom("MaxUnpooling2D", [x, places], [y], Integers(1, 2, 2, 2, 2, 0)).End([x, places], [y]);
        float[] wild = [1e30f, float.NaN, -7e8f, 3.1f];
        float[] result = Run(model.ToFile(), [TensorData.Of(new Shape(1, 2, 2, 1), [1f, 2, 3, 4]), TensorData.Of(new Shape(1, 2, 2, 1), wild)])[0].ToFloats();
        Assert.Equal([.. new float[15], 4], result);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 3)]
    [InlineData(1, 2)]
    public void A_transposed_convolution_with_bias(int padding, int window)
    {
        (int size, int stride) = (4, 2);
        int total = padding == 1 ? Math.Max(0, window - ((size - 1) % stride) - 1) : 0, outSize = (stride * (size - 1)) + window - total;
        var random = new Random(window);
        float[] weights = [.. Enumerable.Range(0, 3 * window * window * 2).Select(_ => (float)random.NextDouble() - 0.5f)],
            image = [.. Enumerable.Range(0, size * size * 2).Select(_ => (float)random.NextDouble())];
        var model = new TfLiteBuilder();
        int x = model.Floats(1, size, size, 2), y = model.Floats(1, outSize, outSize, 3);
        model.AddCustom("Convolution2DTransposeBias", [x, model.Constant([3, window, window, 2], weights), model.Constant([3], 1, 2, 3)], [y],
            Integers(padding, stride, stride)).End([x], [y]);
        float[] actual = Run(model.ToFile(), [TensorData.Of(new Shape(1, size, size, 2), image)])[0].ToFloats();
        var expected = new double[outSize * outSize * 3];
        for (int i = 0; i < expected.Length; i++) expected[i] = 1 + (i % 3);
        for (int i = 0; i < size * size * window * window * 6; i++)
        {
            (int m, int c, int tap, int pixel) = (i % 3, i / 3 % 2, i / 6 % (window * window), i / 6 / (window * window));
            int row = (pixel / size * stride) - (total / 2) + (tap / window), column = (pixel % size * stride) - (total / 2) + (tap % window);
            if (row >= 0 && row < outSize && column >= 0 && column < outSize)
                expected[(((row * outSize) + column) * 3) + m] += image[(pixel * 2) + c] * weights[(((m * window * window) + tap) * 2) + c];
        }

        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - 1e-5, expected[i] + 1e-5);
    }

    private static IReadOnlyList<TensorData> Detect(float[] boxes, float[] boxScores, float[] boxAnchors, byte[] options)
    {
        int count = boxAnchors.Length / 4;
        (Shape shape, Shape scoresShape) = (new(1, count, 4), new(1, count, boxScores.Length / count));
        var model = new TfLiteBuilder();
        int encodings = model.Floats([.. shape]), scores = model.Floats([.. scoresShape]), anchors = model.Constant([count, 4], boxAnchors);
        int[] outputs = [model.Floats(), model.Floats(), model.Floats(), model.Floats()];
        model.AddCustom("TFLite_Detection_PostProcess", [encodings, scores, anchors], outputs, options).End([encodings, scores], outputs);
        return Run(model.ToFile(), [TensorData.Of(shape, boxes), TensorData.Of(scoresShape, boxScores)]);
    }

    private static byte[] Options(bool byClass, int perClass, int perBox, int classes = 2, int most = 3) => Map(
        ("max_detections", most), ("max_classes_per_detection", perBox), ("detections_per_class", perClass), ("use_regular_nms", byClass ? 1 : 0),
        ("nms_score_threshold", 0f), ("nms_iou_threshold", 0.5f),
        ("num_classes", classes), ("y_scale", 10f), ("x_scale", 10f), ("h_scale", 5f), ("w_scale", 5f));

    private static byte[] Integers(params int[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    // A FlexBuffers map: keys, the vector of keys, the vector of values, their types, the root.
    private static byte[] Map(params (string Key, object Value)[] entries)
    {
        Array.Sort(entries, (a, b) => string.CompareOrdinal(a.Key, b.Key));
        var bytes = new List<byte>();
        int[] keys = [.. entries.Select(e =>
        {
            int at = bytes.Count;
            bytes.AddRange(Encoding.UTF8.GetBytes(e.Key + "\0"));
            return at;
        })];
        while (bytes.Count % 4 != 0) bytes.Add(0);
        Put(entries.Length);
        int start = bytes.Count;
        foreach (int key in keys) Put(bytes.Count - key);
        Put(bytes.Count - start);
        Put(4);
        Put(entries.Length);
        int map = bytes.Count;
        foreach ((_, object value) in entries) bytes.AddRange(value is float f ? BitConverter.GetBytes(f) : BitConverter.GetBytes((int)value));
        foreach ((_, object value) in entries) bytes.Add((byte)(((value is float ? 3 : 1) << 2) | 2));
        Put(bytes.Count - map);
        return [.. bytes, (9 << 2) | 2, 4];

        void Put(int value) => bytes.AddRange(BitConverter.GetBytes(value));
    }

    // The reference's results, which generated code must give bit by bit.
    private static IReadOnlyList<TensorData> Run(byte[] file, TensorData[] inputs)
    {
        IReadOnlyList<TensorData>? wanted = null;
        foreach (string? target in (string?[])[null, "x64-v3", "scalar"])
        {
            var options = new CompilationOptions { Target = target };
            CompilationResult result = ModelCompilation.Run(new CompilationInput("case.tflite", file, options));
            Assert.True(result.Success, string.Join("\n", result.Diagnostics));
            using IEngine engine = EngineFactory.Create(target is null ? EngineKind.Reference : EngineKind.Generated, result, options);
            IReadOnlyList<TensorData> outputs = engine.RunReal(inputs);
            wanted ??= outputs;
            for (int i = 0; i < outputs.Count; i++) Assert.Equal(wanted[i].Bytes, outputs[i].Bytes);
        }

        return wanted!;
    }
}
