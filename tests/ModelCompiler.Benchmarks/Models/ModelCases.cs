namespace ModelCompiler.Benchmarks.Models;

/// <summary>The rows. Add one by adding a line.</summary>
internal static class ModelCases
{
    private const string OwnQuantisation = "own PTQ";

    private const string Imported = "imported 8-bit, exact";

    /// <summary>All rows.</summary>
    public static IReadOnlyList<ModelCase> All { get; } =
    [
        .. Both("MobileNetV2 1.0-224", "mobilenet/mobilenet_v2_float32.onnx", "mobilenet/tf2_mobilenet_v2_1.0_224_ptq.tflite", Samples.Pictures((b, _) => (b / 127.5f) - 1)),
        .. Both("VWW MobileNetV1 0.25", "mlperf-tiny/vww_float32.tflite", "mlperf-tiny/vww_int8.tflite", Samples.Pictures((b, _) => b / 255f)),
        .. Both("IC ResNet-8", "mlperf-tiny/ic_float32.tflite", "mlperf-tiny/ic_int8.tflite", Samples.Recorded("CIFAR-10 images", "data/cifar10/train.npz", x => x)),
        .. Both("KWS DS-CNN", "mlperf-tiny/kws_float32.tflite", "mlperf-tiny/kws_int8.tflite", Samples.Recorded("keyword spectrograms", "data/kws/features.npz", x => (x - 83) * 0.58470291f)),
        .. Both("AD autoencoder", "mlperf-tiny/ad_float32.tflite", "mlperf-tiny/ad_int8.tflite", Samples.Synthetic(-85, 15)),
    ];

    // The float network quantised by this compiler, and the quantised file as it is.
    private static ModelCase[] Both(string model, string real, string integer, Samples samples) =>
    [
        new(model, OwnQuantisation, "models/" + real, samples) { Calibrate = true },
        new(model, Imported, "models/" + integer, samples),
    ];
}
