using ModelCompiler.Core.Import;

namespace ModelCompiler.Core.Tests.Formats;

public class InputShapesTests
{
    private static readonly InputDimension Batch = new(1, false, "N"), Height = new(null, false, "h"), Width = new(null, false, "w"),
        Length = new(null, false, "length"), Unnamed = new(null, false, "");

    private static InputDimension Fixed(int size) => new(size, true, "");

    [Fact]
    public void Shapes_are_the_given_ones_else_the_declared_ones()
    {
        InputShapes shapes = InputShapes.Parse("image: 2x3x4x5 ");
        Assert.Equal([2, 3, 4, 5], shapes.Bind("image", [Batch, Fixed(3), Height, Width], 2, 1));
        Assert.Equal([1, 7], shapes.Bind("mask", [Batch, Fixed(7)], 2, 1));
        shapes.RequireAll();
    }

    [Fact]
    public void One_message_names_all_open_inputs_with_an_example_that_works()
    {
        (string Name, InputDimension[]? Declared)[] inputs =
            [("image", [Batch, Fixed(3), Height, Width]), ("ids", [Batch, Length]), ("mask", [Batch, Length, Unnamed]), ("size", [Fixed(2)]), ("extra", null),
                ("given", [Unnamed, Unnamed])];
        InputShapes shapes = Bind("given:4x9;");
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(shapes.RequireAll);
        Assert.Equal("MC2003", error.Code);
        Assert.Equal("4 inputs have open shapes: 'image' [N, 3, h, w], 'ids' [N, length], 'mask' [N, length, ?], 'extra' of unknown rank.", error.Reason);

        string remedy = error.ToDiagnostic("m.onnx").Remedy;
        const string Example = "given:4x9;image:1x3x224x224;ids:1x16;mask:1x16x16;extra:1x16";
        Assert.Contains($"InputShapes=\"{Example}\"", remedy, StringComparison.Ordinal);
        Bind(Example).RequireAll();

        InputShapes Bind(string text)
        {
            InputShapes bound = InputShapes.Parse(text);
            foreach ((string name, InputDimension[]? declared) in inputs) bound.Bind(name, declared, inputs.Length, 1);
            return bound;
        }
    }

    [Theory]
    [InlineData("1x4x5x6x7", "has 5 dimensions", "Give 4 dimensions.")]
    [InlineData("1x4x5x6", "the model declares [N, 3, h, w]", "dimension 1 must be 3, not 4")]
    public void A_contradiction_names_the_dimension(string given, string reason, string remedy)
    {
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(() => InputShapes.Parse("image:" + given)
            .Bind("image", [Batch, Fixed(3), Height, Width], 1, 1));
        Assert.Equal("MC9003", error.Code);
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Shapes_of_inputs_that_do_not_exist_are_refused()
    {
        InputShapes shapes = InputShapes.Parse("img:1x3");
        shapes.Bind("image", [Batch, Fixed(3)], 2, 1);
        Assert.Equal("MC9003", Assert.Throws<ModelCompilationException>(shapes.RequireAll).Code);
    }

    [Fact]
    public void Hosts_spell_options_in_their_own_way()
    {
        var error = new ModelCompilationException("MC1", $"Option {OptionText.Of("InputShapes")} and InputShapes.", OptionText.Set("InputShapes", "x:1x2"));
        Assert.Equal("MC1: Option InputShapes and InputShapes. InputShapes=\"x:1x2\"", error.Message);
        Diagnostic diagnostic = error.ToDiagnostic("m", (option, value) => $"<{option}|{value}>");
        Assert.Equal("Option <InputShapes|> and InputShapes. <InputShapes|x:1x2>", diagnostic.Message);
    }
}
