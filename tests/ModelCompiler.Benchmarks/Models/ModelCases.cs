namespace ModelCompiler.Benchmarks.Models;

/// <summary>The rows. Add one by adding a line.</summary>
internal static class ModelCases
{
    private const string OwnQuantisation = "own PTQ";

    private const string Imported = "imported 8-bit, exact";

    private const string Real = "float32";

    /// <summary>All rows.</summary>
    public static IReadOnlyList<ModelCase> All { get; } =
    [
        .. Rows("MobileNetV2 1.0-224", "mobilenet/mobilenet_v2_float32.onnx", "mobilenet/tf2_mobilenet_v2_1.0_224_ptq.tflite",
            Samples.Pictures((b, _) => (b / 127.5f) - 1)),
        .. Rows("VWW MobileNetV1 0.25", "mlperf-tiny/vww_float32.tflite", "mlperf-tiny/vww_int8.tflite", Samples.Pictures((b, _) => b / 255f)),
        .. Rows("IC ResNet-8", "mlperf-tiny/ic_float32.tflite", "mlperf-tiny/ic_int8.tflite",
            Samples.Recorded("CIFAR-10 images", "data/cifar10/train.npz", x => x)),
        .. Rows("KWS DS-CNN", "mlperf-tiny/kws_float32.tflite", "mlperf-tiny/kws_int8.tflite",
            Samples.Recorded("keyword spectrograms", "data/kws/features.npz", x => (x - 83) * 0.58470291f)),
        .. Rows("AD autoencoder", "mlperf-tiny/ad_float32.tflite", "mlperf-tiny/ad_int8.tflite", Samples.Synthetic(-85, 15)),
    ];

    /// <summary>A float network in an ONNX file, on synthetic numbers.</summary>
    public static ModelCase OfFile(string path) => new(Path.GetFileNameWithoutExtension(path), Real, Path.GetFullPath(path),
        Samples.Synthetic(-1, 1)) { IsFloat = true };

    // The float network quantised by this compiler, the quantised file as it is, and the float network in ONNX, which may be another of its kind:
    // it goes by its file's name.
    private static ModelCase[] Rows(string model, string real, string integer, Samples samples) =>
    [
        new(model, OwnQuantisation, "models/" + real, samples) { Calibrate = true },
        new(model, Imported, "models/" + integer, samples),
        new(Path.GetFileNameWithoutExtension(real), Real, "models/" + Path.ChangeExtension(real, ".onnx"), samples) { IsFloat = true },
    ];
}
