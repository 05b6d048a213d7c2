using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Tests.Formats;
using ModelCompiler.Tool.Engines;
using Op = ModelCompiler.Core.Import.TfLite.TfLiteBuiltinOperator;

namespace ModelCompiler.Conformance.Tests.TfLite;

/// <summary>Converters store 1 for open dimensions, in inputs and in everything that depends on them: shapes follow from inputs and options instead.</summary>
public class TfLiteShapeTests
{
    [Fact]
    public void Shapes_that_the_network_computes_are_folded()
    {
        // y = reshape(x, [shape(x)[0], shape(x)[1] * shape(x)[2] ... as −1, 3])
        var model = new TfLiteBuilder();
        int x = model.Tensor(TfLiteTensorType.Float32, [1, 1, 1, 3], signature: [-1, -1, -1, 3]), y = model.Floats(1, 1, 3);
        int shape = model.Tensor(TfLiteTensorType.Int32, [4]), batch = model.Tensor(TfLiteTensorType.Int32, []),
            packed = model.Tensor(TfLiteTensorType.Int32, [3]);
        model.Add(Op.Shape, [x], [shape])
            .Add(Op.StridedSlice, [shape, model.Constant(0), model.Constant(1), model.Constant(1)], [batch], new FlatNode().With(4, 1))
            .Add(Op.Pack, [batch, model.Scalar(-1), model.Scalar(3)], [packed], new FlatNode().With(0, 3))
            .Add(Op.Reshape, [x, packed], [y])
            .End([x], [y]);
        Assert.Equal(new Shape(1, 20, 3), Compile(model, "1x4x5x3").Compiled!.OutputValues.Single().Shape);

        Diagnostic error = Assert.Single(Run(model, null).Diagnostics);
        Assert.Equal("MC2003", error.Code);
        Assert.Contains("[?, ?, ?, 3]", error.Reason, StringComparison.Ordinal);
        Assert.Equal("MC9003", Assert.Single(Run(model, "1x4x5x4").Diagnostics).Code);
    }

    public static TheoryData<string> Operators() => ["Reshape by input", "Reshape by option", "Squeeze", "Squeeze some", "ExpandDims", "BroadcastTo", "Fill",
        "TransposeConv", "Tile", "Slice", "ResizeBilinear", "ResizeNearestNeighbor"];

    [Theory]
    [MemberData(nameof(Operators))]
    public void Stored_shapes_of_outputs_do_not_count(string name)
    {
        var model = new TfLiteBuilder();
        int x = model.Tensor(TfLiteTensorType.Float32, [1, 1, 4, 1], signature: [-1, -1, 4, 1]), y = model.Floats(1, 1, 1, 1);
        (Op op, int[] inputs, FlatNode? options, int[] expected) = name switch
        {
            "Reshape by input" => (Op.Reshape, new[] { x, model.Constant(-1, 2) }, (FlatNode?)null, new[] { 6, 2 }),
            "Reshape by option" => (Op.Reshape, [x], new FlatNode().With(0, new[] { 4, -1 }), [4, 3]),
            "Squeeze" => (Op.Squeeze, [x], null, [3, 4]),
            "Squeeze some" => (Op.Squeeze, [x], new FlatNode().With(0, new[] { -1 }), [1, 3, 4]),
            "ExpandDims" => (Op.ExpandDims, [x, model.Scalar(-2)], null, [1, 3, 4, 1, 1]),
            "BroadcastTo" => (Op.BroadcastTo, [x, model.Constant(2, 3, 4, 5)], null, [2, 3, 4, 5]),
            "Fill" => (Op.Fill, [model.Constant(2, 3), model.Constant([], 7)], null, [2, 3]),
            "TransposeConv" => (Op.TransposeConv, [model.Constant(1, 6, 8, 1), model.Constant([1, 2, 2, 1], 1, 2, 3, 4), x],
                new FlatNode().With(0, (sbyte)0).With(1, 2).With(2, 2), [1, 6, 8, 1]),
            "Tile" => (Op.Tile, [x, model.Constant(1, 2, 1, 3)], null, [1, 6, 4, 3]),
            "Slice" => (Op.Slice, [x, model.Constant(0, 1, 0, 0), model.Constant(-1, -1, 2, 1)], null, [1, 2, 2, 1]),
            "ResizeBilinear" => (Op.ResizeBilinear, [x, model.Constant(6, 8)], new FlatNode(), [1, 6, 8, 1]),
            _ => (Op.ResizeNearestNeighbor, [x, model.Constant(6, 8)], new FlatNode(), [1, 6, 8, 1]),
        };
        model.Add(op, inputs, [y], options).End([x], [y]);
        CompilationResult result = Compile(model, "1x3x4x1");
        Assert.Equal(new Shape(expected), result.Compiled!.OutputValues.Single().Shape);
        using IEngine reference = EngineFactory.Create(EngineKind.Reference, result, new CompilationOptions()),
            generated = EngineFactory.Create(EngineKind.Generated, result, new CompilationOptions());
        TensorData input = TensorData.Of(new Shape(1, 3, 4, 1), [.. Enumerable.Range(0, 12).Select(i => i - 5.5f)]);
        Assert.Equal(reference.RunReal([input])[0].Bytes, generated.RunReal([input])[0].Bytes);
    }

    [SharedDataTheory]
    [InlineData("version-RFB-320_without_postprocessing.tflite", null, 2)]
    [InlineData("melspectrogram.tflite", "1x17280", 1)]
    public void Models_from_the_field_compile(string file, string? shapes, int outputs)
    {
        string path = SharedData.Path("field/files/" + file);
        if (!File.Exists(path)) return;
        CompilationResult result = ModelCompilation.Run(new CompilationInput(file, File.ReadAllBytes(path), new CompilationOptions { InputShapes = shapes }));
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        Assert.Equal(outputs, result.Compiled!.OutputValues.Count());
        Assert.All(result.Compiled.OutputValues, o => Assert.True(o.Shape.Elements > 1000));
    }

    private static CompilationResult Run(TfLiteBuilder model, string? shapes) =>
        ModelCompilation.Run(new CompilationInput("case.tflite", model.ToFile(), new CompilationOptions { InputShapes = shapes }));

    private static CompilationResult Compile(TfLiteBuilder model, string shapes)
    {
        CompilationResult result = Run(model, shapes);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        return result;
    }
}
