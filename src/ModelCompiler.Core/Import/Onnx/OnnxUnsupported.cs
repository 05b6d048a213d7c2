namespace ModelCompiler.Core.Import.Onnx;

/// <summary>Operators that a static compiler to numbers leaves out for good, with the reason.</summary>
internal static class OnnxUnsupported
{
    private const string Text = "it works on text, of which generated code holds none; prepare text in the program";
    private const string Random = "it draws random numbers, so that no two runs agree; draw them in the program and make them an input";
    private const string Training = "it belongs to training; export the model for inference";
    private const string Maps = "it makes maps; take the tensors before it as outputs";

    /// <summary>Why, by domain and name.</summary>
    public static IReadOnlyDictionary<(string Domain, string Name), string> Reasons { get; } = new Dictionary<(string, string), string>
    {
        [("", "StringConcat")] = Text,
        [("", "StringNormalizer")] = Text,
        [("", "StringSplit")] = Text,
        [("", "RegexFullMatch")] = Text,
        [("ai.onnx.ml", "CategoryMapper")] = Text,
        [("", "Bernoulli")] = Random,
        [("", "Multinomial")] = Random,
        [("", "RandomNormal")] = Random,
        [("", "RandomNormalLike")] = Random,
        [("", "RandomUniform")] = Random,
        [("", "RandomUniformLike")] = Random,
        [("ai.onnx.preview.training", "Adagrad")] = Training,
        [("ai.onnx.preview.training", "Adam")] = Training,
        [("ai.onnx.preview.training", "Momentum")] = Training,
        [("ai.onnx.preview.training", "Gradient")] = Training,
        [("", "ImageDecoder")] = "it decodes image files, whose size is known only when they are read; decode them in the program",
        [("ai.onnx.ml", "DictVectorizer")] = Maps,
        [("ai.onnx.ml", "CastMap")] = Maps,
    };
}
