namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>Random convolutional networks: layers, normalisations, activations, branches that join, and a classifier or an image at the end.</summary>
internal static class RandomNetwork
{
    public static OnnxGraph Write(int seed)
    {
        var g = new OnnxGraph(seed);
        (int channels, int height, int width) = (1 + g.Random.Next(4), 8 + g.Random.Next(9), 8 + g.Random.Next(9));
        var x = new Image(g, g.Input(1, channels, height, width), channels, height, width);
        for (int layer = 3 + g.Random.Next(5); layer > 0; layer--) x = Layer(x);
        if (g.Random.Next(4) == 0) return g.Output(x.Name);

        (string flat, int size) = g.Random.Next(2) == 0 || x.Channels * x.Height * x.Width > 2000
            ? (g.Apply("Flatten", [g.Apply("GlobalAveragePool", [x.Name])]), x.Channels)
            : (g.Apply("Reshape", [x.Name, g.Int64s(1, -1)]), x.Channels * x.Height * x.Width);
        if (g.Random.Next(2) == 0) (flat, size) = (g.Apply("Relu", [g.Apply("Gemm", [flat, g.Weights(size, 20), g.Uniform(-1, 1, 20)])]), 20);
        string logits = g.Apply("Gemm", [flat, g.Weights(10, size), g.Uniform(-1, 1, 10)], ("transB", 1));
        return g.Output(g.Random.Next(2) == 0 ? g.Apply("Softmax", [logits]) : logits);
    }

    private static Image Layer(Image x) => x.Graph.Random.Next(8) switch
    {
        0 or 1 or 2 => Activate(Normalise(Conv(x, 4 + x.Graph.Random.Next(14), x.Graph.Random.Next(2) == 0 ? 1 : 3, 1 + x.Graph.Random.Next(2), 1))),
        3 or 4 => Activate(Normalise(Conv(x, x.Channels, 3, 1, x.Channels))),
        5 => Pool(x),
        6 => Residual(x),
        _ => Inception(x),
    };

    private static Image Conv(Image x, int outputs, int window, int stride, int groups)
    {
        OnnxGraph g = x.Graph;
        if (x.Height < 4 || x.Width < 4) stride = 1;
        string[] inputs = [x.Name, g.Weights(outputs, x.Channels / groups, window, window)];
        if (g.Random.Next(2) == 0) inputs = [.. inputs, g.Uniform(-1, 1, outputs)];
        string y = g.Apply("Conv", inputs, ("strides", new[] { stride, stride }), ("group", groups), ("pads", Enumerable.Repeat(window / 2, 4).ToArray()));
        return new Image(g, y, outputs, ((x.Height - 1) / stride) + 1, ((x.Width - 1) / stride) + 1);
    }

    private static Image Normalise(Image x)
    {
        OnnxGraph g = x.Graph;
        if (g.Random.Next(3) == 0) return x;
        return x with { Name = g.Apply("BatchNormalization",
            [x.Name, g.Uniform(0.5, 1.5, x.Channels), g.Uniform(-1, 1, x.Channels), g.Uniform(-1, 1, x.Channels), g.Uniform(0.5, 2, x.Channels)]) };
    }

    private static Image Activate(Image x)
    {
        OnnxGraph g = x.Graph;
        return g.Random.Next(6) switch
        {
            0 => x,
            1 => x with { Name = g.Apply("Clip", [x.Name, g.Scalar(0), g.Scalar(6)]) },
            2 => x with { Name = g.Apply("Sigmoid", [x.Name]) },
            3 => x with { Name = g.Apply("LeakyRelu", [x.Name], ("alpha", 0.1f)) },
            _ => x with { Name = g.Apply("Relu", [x.Name]) },
        };
    }

    private static Image Pool(Image x)
    {
        if (x.Height < 4 || x.Width < 4) return x;
        string op = x.Graph.Random.Next(2) == 0 ? "MaxPool" : "AveragePool";
        return new Image(x.Graph, x.Graph.Apply(op, [x.Name], ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 })), x.Channels, x.Height / 2,
            x.Width / 2);
    }

    private static Image Residual(Image x)
    {
        Image y = Normalise(Conv(Activate(Conv(x, x.Channels + 3, 1, 1, 1)), x.Channels, 3, 1, 1));
        return Activate(x with { Name = x.Graph.Apply("Add", [y.Name, x.Name]) });
    }

    private static Image Inception(Image x)
    {
        Image a = Activate(Conv(x, 3, 1, 1, 1));
        Image b = Activate(Conv(x, 5, 3, 1, 1));
        return x with { Name = x.Graph.Apply("Concat", [a.Name, x.Name, b.Name], ("axis", 1)), Channels = x.Channels + 8 };
    }

    private sealed record Image(OnnxGraph Graph, string Name, int Channels, int Height, int Width);
}
