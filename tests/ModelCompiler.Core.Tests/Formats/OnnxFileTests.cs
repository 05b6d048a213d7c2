using Google.Protobuf;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Core.Tests.Formats;

public class OnnxFileTests
{
    [Fact]
    public void ReadsWhatWasWritten()
    {
        ModelProto model = OnnxFile.Parse(Sample());
        Assert.Equal(8, model.IrVersion);
        Assert.Equal(17, Assert.Single(model.OpsetImport).Version);
        NodeProto node = Assert.Single(model.Graph.Node);
        Assert.Equal("Conv", node.OpType);
        Assert.Equal([1, 2], node.Attribute[0].Ints);
        Assert.Equal([1f, 2f], Floats(OnnxTensorReader.Read(model.Graph.Initializer[0])));
    }

    /// <summary>Bytes by hand, so that the field numbers are held to the published format and not to our own definition.</summary>
    [Fact]
    public void FieldNumbersAreThoseOfOnnx()
    {
        byte[] attribute = [0x0A, 1, (byte)'a', 0x15, 0, 0, 0x80, 0x3F, 0x18, 5, 0x22, 1, (byte)'s', 0x3A, 4, 0, 0, 0, 0x40, 0x42, 2, 1, 2, 0xA0, 0x01, 2,
            0xAA, 0x01, 1, (byte)'r'];
        byte[] node = [0x0A, 1, (byte)'x', 0x12, 1, (byte)'y', 0x1A, 1, (byte)'n', 0x22, 4, .. "Relu"u8, 0x2A, (byte)attribute.Length, .. attribute, 0x3A, 1,
            (byte)'d'];
        byte[] tensor = [0x08, 2, 0x10, 1, 0x42, 1, (byte)'w', 0x4A, 8, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40];
        byte[] type = [0x0A, 12, 0x08, 1, 0x12, 8, 0x0A, 2, 0x08, 3, 0x0A, 2, 0x12, 0];
        byte[] value = [0x0A, 1, (byte)'x', 0x12, (byte)type.Length, .. type];
        byte[] graph = [0x0A, (byte)node.Length, .. node, 0x12, 1, (byte)'g', 0x2A, (byte)tensor.Length, .. tensor, 0x5A, (byte)value.Length, .. value, 0x62,
            (byte)value.Length, .. value];
        byte[] file = [0x08, 7, 0x12, 1, (byte)'p', 0x3A, (byte)graph.Length, .. graph, 0x42, 4, 0x0A, 0, 0x10, 13];

        ModelProto model = OnnxFile.Parse(file);
        Assert.Equal((7L, "p", 13L, "g"), (model.IrVersion, model.ProducerName, model.OpsetImport[0].Version, model.Graph.Name));
        NodeProto relu = model.Graph.Node[0];
        Assert.Equal(("x", "y", "n", "Relu", "d"), (relu.Input[0], relu.Output[0], relu.Name, relu.OpType, relu.Domain));
        AttributeProto a = relu.Attribute[0];
        Assert.Equal(("a", 1f, 5L, "s", 2f, 2L, AttributeProto.Types.AttributeType.Int, "r"),
            (a.Name, a.F, a.I, a.S.ToStringUtf8(), a.Floats[0], a.Ints[1], a.Type, a.RefAttrName));
        Assert.Equal([1f, 2f], Floats(OnnxTensorReader.Read(model.Graph.Initializer[0])));
        TypeProto.Types.Tensor x = model.Graph.Input[0].Type.TensorType;
        Assert.Equal((1, 3L, ""), (x.ElemType, x.Shape.Dim[0].DimValue, x.Shape.Dim[1].DimParam));
        Assert.False(x.Shape.Dim[1].HasDimValue);
    }

    [Fact]
    public void SaysWhatIsWrong()
    {
        Assert.Contains("empty", Fails("MC1001", []).Reason, StringComparison.Ordinal);
        Fails("MC1001", "this is not a valid onnx model"u8.ToArray());
        Fails("MC1002", Sample()[..^3]);
        Fails("MC1008", new ModelProto { IrVersion = 8 }.ToByteArray());
        Assert.Contains("TensorFlow Lite", Fails("MC1001", [0x18, 0, 0, 0, .. "TFL3"u8, .. new byte[16]]).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void StopsAtDepthAndCount()
    {
        var graph = new GraphProto { Name = "innermost" };
        for (int i = 0; i < 200; i++)
            graph = new GraphProto { Node = { new NodeProto { OpType = "If", Attribute = { new AttributeProto { Name = "then_branch", G = graph } } } } };
        Assert.Contains("nested too deeply", Fails("MC1001", new ModelProto { IrVersion = 8, Graph = graph }.ToByteArray()).Reason, StringComparison.Ordinal);

        // Nodes of no bytes: two bytes in the file, hundreds in memory.
        byte[] nodes = new byte[2 * (OnnxWire.MaxMessages + 1)];
        for (int i = 0; i < nodes.Length; i += 2) nodes[i] = 0x0A;
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(7, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(nodes));
        }

        Fails("MC1001", stream.ToArray());
    }

    [SharedDataFact]
    public void ReadsRealModels()
    {
        foreach (string file in SharedData.Files("models", "*.onnx"))
        {
            ModelProto model = OnnxFile.Parse(File.ReadAllBytes(file));
            Assert.NotEmpty(model.Graph.Node);
            foreach (TensorProto tensor in model.Graph.Initializer) OnnxTensorReader.Read(tensor);
        }

        foreach (string file in SharedData.Files("models", "*.pb")) Assert.NotEmpty(OnnxTensorReader.Read(OnnxFile.ParseTensor(File.ReadAllBytes(file))).Bytes);
    }

    internal static byte[] Sample() => new ModelProto
    {
        IrVersion = 8,
        OpsetImport = { new OperatorSetIdProto { Version = 17 } },
        Graph = new GraphProto
        {
            Name = "g",
            Node = { new NodeProto { OpType = "Conv", Input = { "x", "w" }, Output = { "y" },
                Attribute = { new AttributeProto { Name = "pads", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 1, 2 } } } } },
            Initializer =
            {
                new TensorProto { Name = "w", DataType = 1, Dims = { 2 }, FloatData = { 1, 2 } },
                new TensorProto { Name = "v", DataType = 7, Dims = { 1, 2 }, RawData = ByteString.CopyFrom(new byte[16]) },
            },
            Input = { new ValueInfoProto { Name = "x", Type =
                new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1,
                    Shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "N" } } } } } } },
        },
    }.ToByteArray();

    private static float[] Floats(OnnxTensor tensor)
    {
        Assert.Equal(ElementType.Float32, tensor.Type);
        return new Core.Data.NumpyArray(tensor.Type, tensor.Shape, tensor.Bytes).ToFloats();
    }

    private static ModelCompilationException Fails(string code, byte[] file)
    {
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(() => OnnxFile.Parse(file));
        Assert.Equal(code, error.Code);
        return error;
    }
}
