using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import;

namespace ModelCompiler.Core.Tests.Formats;

public class InputValuesTests
{
    [Fact]
    public void Values_have_the_type_and_shape_of_the_input()
    {
        InputValues values = InputValues.Parse("axes: 0, -2 ;depth:10;big:9223372036854775807");
        TensorData axes = values.For("axes", new TensorType(ElementType.Int64, new Shape(2)))!;
        Assert.Equal([0L, -2L], axes.As<long>().ToArray());
        Assert.Equal(10f, values.For("depth", new TensorType(ElementType.Float32, new Shape()))!.Floats[0]);
        Assert.Equal(long.MaxValue, values.For("big", new TensorType(ElementType.Int64, new Shape()))!.As<long>()[0]);
        Assert.Null(values.For("image", new TensorType(ElementType.Float32, new Shape(1))));
        values.RequireAllUsed();
    }

    [Fact]
    public void Values_read_back_from_their_text()
    {
        TensorData data = TensorData.Of(new Shape(4), [1.5f, float.NegativeInfinity, float.NaN, 1e-20f]);
        Assert.Equal(data.Bytes, InputValues.Parse(InputValues.Format("x", data)).For("x", new TensorType(data.Type, data.Shape))!.Bytes);
    }

    [Theory]
    [InlineData("axes", "MC9002")]
    [InlineData("axes:1,2,3", "MC9002")]
    [InlineData("axes:1,two", "MC9002")]
    [InlineData("other:1", "MC9003")]
    public void Other_text_gets_a_message(string text, string code) => Assert.Equal(code, Assert.Throws<ModelCompilationException>(() =>
    {
        InputValues values = InputValues.Parse(text);
        values.For("axes", new TensorType(ElementType.Int64, new Shape(2)));
        values.RequireAllUsed();
    }).Code);
}
