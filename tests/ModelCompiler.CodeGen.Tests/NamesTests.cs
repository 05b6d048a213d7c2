using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Tests;

public class NamesTests
{
    [Theory]
    [InlineData("kws_int8", "KwsInt8")]
    [InlineData("keyword-spotting v2", "KeywordSpottingV2")]
    [InlineData("MobileNet", "MobileNet")]
    [InlineData("3d", "Model3d")]
    [InlineData("模型", "模型")]
    [InlineData("größe_2", "Größe2")]
    [InlineData("e\u0301tat", "\u00c9tat")]
    [InlineData("\ud800", "Model")]
    [InlineData("", "Model")]
    [InlineData("...", "Model")]
    [InlineData("weights", "WeightsModel")]
    [InlineData("edge", "EdgeModel")]
    public void File_names_become_class_names(string file, string expected)
    {
        Assert.Equal(expected, Names.Pascal(file));
        Assert.True(Names.IsIdentifier(Names.Pascal(file)));
    }

    [Theory]
    [InlineData("serving_default_input_1:0", "servingDefaultInput1")]
    [InlineData("x", "x")]
    [InlineData("X", "x")]
    [InlineData("model/dense/BiasAdd:12", "modelDenseBiasAdd")]
    [InlineData(":0", "input0")]
    [InlineData("a:b", "aB")]
    [InlineData("42", "input42")]
    [InlineData("", "input")]
    [InlineData("object", "@object")]
    [InlineData("I", "i")]
    public void Tensor_names_become_parameters(string tensor, string expected) => Assert.Equal(expected, Names.Camel(tensor, "input"));

    [Fact]
    public void Names_that_are_taken_get_a_number() => Assert.Equal(["x", "x2", "y", "x22", "x3"], Names.Unique(["x", "x", "y", "x2", "x"]));

    [Theory]
    [InlineData("Model", true)]
    [InlineData("_model1", true)]
    [InlineData("Größe", true)]
    [InlineData("", false)]
    [InlineData("1st", false)]
    [InlineData("a-b", false)]
    [InlineData("a b", false)]
    [InlineData("a.b", false)]
    [InlineData("class", false)]
    public void Identifiers(string text, bool expected) => Assert.Equal(expected, Names.IsIdentifier(text));
}
