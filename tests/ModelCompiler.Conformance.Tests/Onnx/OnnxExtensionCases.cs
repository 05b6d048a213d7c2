using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>A model for every operator beyond the node tests of the standard: those of ONNX Runtime, of classical machine learning, and sequences.</summary>
internal static class OnnxExtensionCases
{
    private const string Ms = OnnxGraph.Microsoft;
    private const string Ml = OnnxGraph.MachineLearning;

    public static readonly Dictionary<string, (int Opset, Action<OnnxGraph> Build)> All = new()
    {
        ["fused matmul"] = (17, g => g.Output(g.Apply("FusedMatMul", Ms, [g.Input(2, 4, 3), g.Weights(2, 4, 5)], ("transA", 1), ("alpha", 0.5f)))),
        ["fused gemm"] = (17, g => g.Output(g.Apply("FusedGemm", Ms, [g.Input(3, 6), g.Weights(6, 5), g.Weights(5)], ("activation", "LeakyRelu"),
            ("activation_alpha", 0.1f)))),
        ["fused conv"] = (17, g => g.Output(g.Apply("FusedConv", Ms, [g.Input(1, 3, 6, 6), g.Weights(4, 3, 3, 3), g.Weights(4)], ("activation", "Relu"),
            ("pads", new[] { 1, 1, 1, 1 })))),
        ["gelu of microsoft"] = (17, g => g.Output(g.Apply("Gelu", Ms, [g.Input(3, 6)]))),
        ["bias gelu"] = (17, g => g.Output(g.Apply("BiasGelu", Ms, [g.Input(3, 6), g.Weights(6)]))),
        ["fast gelu"] = (17, g => g.Output(g.Apply("FastGelu", Ms, [g.Input(3, 6), g.Weights(6)]))),
        ["quick gelu"] = (17, g => g.Output(g.Apply("QuickGelu", Ms, [g.Input(3, 6)]))),
        ["skip layer normalisation"] = (17, g => g.Output(g.Apply("SkipLayerNormalization", Ms,
            [g.Input(2, 3, 8), g.Input(2, 3, 8), g.Weights(8), g.Weights(8), g.Weights(8)], ("epsilon", 1e-5f)))),
        ["skip simplified layer normalisation"] = (17, g =>
            g.Output(g.Apply("SkipSimplifiedLayerNormalization", Ms, [g.Input(2, 3, 8), g.Input(2, 3, 8), g.Weights(8)], ("epsilon", 1e-5f)))),
        ["simplified layer normalisation"] = (17, g => g.Output(g.Apply("SimplifiedLayerNormalization", [g.Input(2, 3, 8), g.Weights(8)], ("axis", -1),
            ("epsilon", 1e-5f)))),
        ["matmul of 4-bit weights"] = (17, g => NBits(g, withZeros: false)),
        ["matmul of 4-bit weights with zero points"] = (17, g => NBits(g, withZeros: true)),
        ["matmul of integers to float"] = (17, g => g.Output(g.Apply("MatMulIntegerToFloat", Ms,
            [g.Input(DataType.Uint8, 3, 8), Bytes(g, DataType.Int8, 8, 5), g.Scalar(0.02f), g.Scalar(0.01f), Byte(g, DataType.Uint8, 120),
                Byte(g, DataType.Int8, 0), g.Weights(5)]))),
        ["matmul quantised as it comes"] = (17, g => g.Output(g.Apply("DynamicQuantizeMatMul", Ms,
            [g.Input(3, 8), Bytes(g, DataType.Int8, 8, 5), g.Scalar(0.01f), Byte(g, DataType.Int8, 3)]))),
        ["quantised gemm"] = (17, g => g.Output(g.Apply("QGemm", Ms,
            [g.Input(DataType.Uint8, 3, 8), g.Scalar(0.02f), Byte(g, DataType.Uint8, 120), Bytes(g, DataType.Int8, 8, 5), g.Scalar(0.01f),
                Byte(g, DataType.Int8, 0)]))),
        ["global norm pool"] = (13, g => g.Output(g.Apply("GlobalLpPool", [g.Input(2, 3, 4, 5)], ("p", 2)))),
        ["mean and variance normalisation"] = (13, g => g.Output(g.Apply("MeanVarianceNormalization", [g.Input(2, 3, 4, 5)]))),
        ["sequences"] = (18, Sequences),
        ["scaler"] = (13, g => g.Output(g.Apply("Scaler", Ml, [g.Input(3, 4)], ("offset", new[] { 0.5f, -1, 0, 2 }), ("scale", new[] { 2f, 1, 0.5f, 3 })))),
        ["normalizer"] = (13, g => g.Output(g.Apply("Normalizer", Ml, [g.Input(3, 4)], ("norm", "L2")))),
        ["normalizer by sum"] = (13, g => g.Output(g.Apply("Normalizer", Ml, [g.Input(3, 4)], ("norm", "L1")))),
        ["imputer"] = (13, g => g.Output(g.Apply("Imputer", Ml, [g.Apply("Relu", [g.Input(3, 4)])], ("imputed_value_floats", new[] { 5f, 6, 7, 8 }),
            ("replaced_value_float", 0f)))),
        ["feature vectorizer"] = (13, g => g.Output(g.Apply("FeatureVectorizer", Ml, [g.Input(3, 4), g.Input(3, 2)], ("inputdimensions", new[] { 4, 2 })))),
        ["one-hot encoder"] = (13, g => g.Output(g.Apply("OneHotEncoder", Ml, [g.Int64s(3, 1, 4, 1)], ("cats_int64s", new[] { 1, 3, 4 })))),
        ["label encoder"] = (13, g => g.Output(g.Apply("LabelEncoder", Ml, [g.Int64s(3, 1, 9)], ("keys_int64s", new[] { 1, 3 }),
            ("values_floats", new[] { 0.5f, 1.5f }), ("default_float", -1f)))),
        ["linear regressor"] = (13, g => g.Output(g.Apply("LinearRegressor", Ml, [g.Input(3, 2)], ("coefficients", new[] { 0.5f, -1, 2, 0.3f }),
            ("intercepts", new[] { 0.1f, 0.2f }), ("targets", 2)))),
        ["support vector regressor, linear kernel"] = (13, g => Support(g, "LINEAR", 0)),
        ["support vector regressor, polynomial kernel"] = (13, g => Support(g, "POLY", 0)),
        ["support vector regressor, radial kernel"] = (13, g => Support(g, "RBF", 0)),
        ["support vector regressor, sigmoid kernel"] = (13, g => Support(g, "SIGMOID", 0)),
        ["support vector regressor, one class"] = (13, g => Support(g, "RBF", 1)),
        ["support vector regressor without vectors"] = (13,
            g => g.Output(g.Apply("SVMRegressor", Ml, [g.Input(3, 2)], ("coefficients", new[] { 0.5f, -1 }), ("rho", new[] { 0.3f }),
                ("kernel_type", "LINEAR"), ("kernel_params", new[] { 0f, 0, 3 })))),
        ["support vector classifier of two classes"] = (13, g => Machines(g, "RBF", [0.1f], [2, 3], [7, 9])),
        ["support vector classifier, linear kernel"] = (13, g => Machines(g, "LINEAR", [0.1f, -0.2f, 0.05f], [2, 1, 3], [7, 9, 4])),
        ["support vector classifier, polynomial kernel"] = (13, g => Machines(g, "POLY", [0.1f, -0.2f, 0.05f], [2, 1, 3], [7, 9, 4])),
        ["support vector classifier of four classes"] = (13, g => Machines(g, "SIGMOID", [0.1f, -0.2f, 0.05f, 0, 0.2f, -0.1f], [1, 2, 2, 3], [1, 2, 3, 4])),
        ["support vector classifier with a softmax"] = (13, g => Machines(g, "RBF", [0.1f, -0.2f, 0.05f], [2, 1, 3], [7, 9, 4], "SOFTMAX")),
        ["support vector classifier of two classes with a sigmoid"] = (13, g => Machines(g, "RBF", [0.1f], [2, 3], [7, 9], "LOGISTIC")),
        ["support vector classifier of two classes with a softmax"] = (13, g => Machines(g, "RBF", [0.1f], [2, 3], [7, 9], "SOFTMAX")),
        ["support vector classifier with probabilities of two classes"] = (13, g => Machines(g, "RBF", [0.1f], [2, 3], [7, 9], "NONE", [-1.5f], [0.2f])),
        ["support vector classifier with probabilities"] =
            (13, g => Machines(g, "RBF", [0.1f, -0.2f, 0.05f, 0, 0.2f, -0.1f], [1, 2, 2, 3], [1, 2, 3, 4], "NONE", [-1.5f, -2, -0.7f, -1, -3, -0.2f],
                [0.2f, -0.1f, 0, 0.4f, -0.3f, 0.1f])),
        ["support vector classifier, probit of probabilities"] =
            (13, g => Machines(g, "LINEAR", [0.1f, -0.2f, 0.05f], [2, 1, 3], [7, 9, 4], "PROBIT", [-1.5f, -2, -0.7f], [0.2f, -0.1f, 0])),
        ["support vector classifier without vectors"] = (13,
            g => Labelled(g, "SVMClassifier", ("coefficients", new[] { 0.5f, -1, 2, 0.3f, -2, 1 }), ("rho", new[] { 0.1f }), ("kernel_type", "LINEAR"),
                ("kernel_params", new[] { 0f, 0, 3 }), ("classlabels_ints", new[] { 7, 8, 9 }), ("post_transform", "LOGISTIC"))),
        ["support vector classifier of two classes without vectors"] =
            (13, g => Labelled(g, "SVMClassifier", ("coefficients", new[] { 0.5f, -1, 2, 0.3f }), ("rho", new[] { 0.1f }), ("kernel_type", "LINEAR"),
                ("kernel_params", new[] { 0f, 0, 3 }), ("classlabels_ints", new[] { 7, 8 }))),
        ["linear classifier"] = (13, g => Labelled(g, "LinearClassifier", ("coefficients", new[] { 0.5f, -1, 2, 0.3f, -2, 1 }),
            ("intercepts", new[] { 0.1f, 0.2f, -0.1f }), ("classlabels_ints", new[] { 7, 8, 9 }), ("post_transform", "SOFTMAX"))),
        ["tree regressor"] = (13, g => g.Output(g.Apply("TreeEnsembleRegressor", Ml, [g.Input(5, 2)],
            [.. Tree("target", [0, 0, 0, 0, 0, 0]), ("n_targets", 1), ("base_values", new[] { 0.5f })]))),
        ["tree regressor with several targets"] = (13, g =>
            g.Output(g.Apply("TreeEnsembleRegressor", Ml, [g.Input(5, 2)], [.. Tree("target", [0, 1, 0, 1, 1, 0]), ("n_targets", 2)]))),
        ["tree classifier"] = (13, g => Labelled(g, "TreeEnsembleClassifier",
            [.. Tree("class", [0, 1, 0, 2, 1, 0]), ("classlabels_int64s", new[] { 3, 5, 8 })])),
        ["tree classifier with votes for one class"] = (13,
            g => Labelled(g, "TreeEnsembleClassifier", [.. Tree("class", [0, 0, 0, 0, 0, 0]), ("classlabels_int64s", new[] { 0, 1 })])),
    };

    private static void NBits(OnnxGraph g, bool withZeros)
    {
        const int K = 64, N = 5, Block = 32;
        var weights = new byte[N * (K / Block) * (Block / 2)];
        g.Random.NextBytes(weights);
        string[] inputs = [g.Input(3, K), g.Constant(DataType.Uint8, [N, K / Block, Block / 2], weights), g.Uniform(0.01, 0.02, N * K / Block),
            .. withZeros ? new[] { Bytes(g, DataType.Uint8, N) } : []];
        g.Output(g.Apply("MatMulNBits", Ms, inputs, ("K", K), ("N", N), ("bits", 4), ("block_size", Block)));
    }

    private static string Bytes(OnnxGraph g, DataType type, params int[] shape)
    {
        var bytes = new byte[shape.Aggregate(1, (a, b) => a * b)];
        g.Random.NextBytes(bytes);
        return g.Constant(type, shape, bytes);
    }

    private static string Byte(OnnxGraph g, DataType type, byte value) => g.Constant(type, [], [value]);

    // Lists are made, changed and joined again.
    private static void Sequences(OnnxGraph g)
    {
        string sequence = g.Apply("SequenceConstruct", [g.Input(2, 3), g.Input(2, 3), g.Input(2, 3)]);
        string shorter = g.Apply("SequenceErase", [sequence, g.Constant(DataType.Int64, [], [1L])]);
        g.Output(g.Apply("ConcatFromSequence", [shorter], ("axis", 1)));
        g.Output(g.Apply("Neg", [g.Apply("SequenceAt", [shorter, g.Constant(DataType.Int64, [], [-1L])])]));
        g.Output(g.Apply("Neg", [g.Apply("OptionalGetElement", [g.Apply("Optional", [g.Input(2)])])]));
    }

    private static void Labelled(OnnxGraph g, string op, params (string, object)[] attributes)
    {
        string label = g.Apply(op, Ml, [g.Input(6, 2)], attributes);
        g.Output(label, DataType.Int64).Output(g.Another());
    }

    // Two trees of depth two and one.
    private static (string, object)[] Tree(string prefix, int[] ids) =>
    [
        ("nodes_treeids", new[] { 0, 0, 0, 0, 0, 1, 1, 1 }),
        ("nodes_nodeids", new[] { 0, 1, 2, 3, 4, 0, 1, 2 }),
        ("nodes_featureids", new[] { 0, 1, 0, 0, 0, 1, 0, 0 }),
        ("nodes_values", new[] { 0.2f, -0.3f, 0, 0, 0, 0.1f, 0, 0 }),
        ("nodes_modes", new[] { "BRANCH_LEQ", "BRANCH_LEQ", "LEAF", "LEAF", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF" }),
        ("nodes_truenodeids", new[] { 1, 3, 0, 0, 0, 1, 0, 0 }),
        ("nodes_falsenodeids", new[] { 2, 4, 0, 0, 0, 2, 0, 0 }),
        ($"{prefix}_treeids", Votes([0, 0, 0, 0, 1, 1], ids)),
        ($"{prefix}_nodeids", Votes([2, 3, 4, 4, 1, 2], ids)),
        ($"{prefix}_ids", Votes(ids, ids)),
        ($"{prefix}_weights", Votes([0.3f, 0.7f, 0.25f, 0.5f, 0.125f, 0.6f], ids)),
    ];

    // A leaf votes once for every target.
    private static T[] Votes<T>(T[] all, int[] ids) => [.. all.Where((_, i) => i != 3 || ids[3] != ids[2])];

    private static void Support(OnnxGraph g, string kernel, int oneClass) => g.Output(g.Apply(
        "SVMRegressor", Ml, [g.Input(5, 2)], ("coefficients", new[] { 0.5f, -1, 0.7f }), ("rho", new[] { 0.1f }), ("n_supports", 3),
        ("support_vectors", new[] { 0.5f, -1, 2, 0.3f, -2, 1 }),
        ("kernel_type", kernel), ("kernel_params", new[] { 0.4f, 0.2f, 3 }), ("one_class", oneClass), ("post_transform", "NONE")));

    private static void Machines(OnnxGraph g, string kernel, float[] rho, int[] counts, int[] labels, string transform = "NONE", float[]? slopes = null,
        float[]? offsets = null)
    {
        int vectors = counts.Sum();
        (string, object)[] probabilities = slopes is null ? [] : [("prob_a", slopes), ("prob_b", offsets!)];
        Labelled(g, "SVMClassifier", [("coefficients", Random(vectors * (counts.Length - 1))), ("rho", rho), ("vectors_per_class", counts),
            ("support_vectors", Random(vectors * 2)),
            ("kernel_type", kernel), ("kernel_params", new[] { 0.4f, 0.2f, 3 }), ("classlabels_ints", labels), ("post_transform", transform),
            .. probabilities]);

        float[] Random(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((g.Random.NextDouble() * 2) - 1))];
    }
}
