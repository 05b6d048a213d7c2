using System.Buffers.Binary;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Tests.Formats;

public class TfLiteReaderTests
{
    [Fact]
    public void ReadsEveryPart()
    {
        TfLiteModel model = TfLiteReader.Read(Sample().ToFile());

        Assert.Equal(3, model.Version);
        Assert.Equal("made for a test", model.Description);
        Assert.Equal([TfLiteBuiltinOperator.Conv2D, TfLiteBuiltinOperator.Custom, TfLiteBuiltinOperator.Gelu], model.OperatorCodes.Select(c => c.Builtin));
        Assert.Equal("Magic", model.OperatorCodes[1].CustomName);
        Assert.Equal("Custom operator 'Magic'", model.OperatorCodes[1].Sentence);
        Assert.Equal("Operator Gelu", model.OperatorCodes[2].Sentence);
        Assert.Equal(5, model.OperatorCodes[0].Version);

        TfLiteSubgraph graph = Assert.Single(model.Subgraphs);
        Assert.Equal("main", graph.Name);
        Assert.Equal([0], graph.Inputs);
        Assert.Equal([2], graph.Outputs);
        Assert.Equal([1, -1, 2, 2], graph.Tensors[0].ShapeSignature);
        Assert.False(graph.Tensors[0].IsConstant);

        TfLiteTensor weights = graph.Tensors[1];
        Assert.Equal(("weights", TfLiteTensorType.Int8, 4), (weights.Name, weights.Type, weights.ElementCount));
        Assert.Equal([1, 2, 3, 4], weights.Data!.Value.ToArray());
        Assert.Equal([0.5f, 0.25f], weights.Quantization!.Scales);
        Assert.Equal([0L, 0L], weights.Quantization.ZeroPoints);
        Assert.Equal(0, weights.Quantization.QuantizedDimension);

        TfLiteOperator conv = graph.Operators[0];
        Assert.Equal([0, 1, -1], conv.Inputs);
        Assert.Equal(1, conv.Options.Int8(0));
        Assert.Equal(2, conv.Options.Int32(1, 1));
        Assert.Equal(7, conv.Options.Int32(9, 7));
        Assert.Equal([7, 8, 9], graph.Operators[1].CustomOptions.ToArray());
        Assert.False(graph.Operators[1].Options.Exists);
        Assert.Equal(0.5f, graph.Operators[1].Options.Float(3, 0.5f));

        Assert.Equal("min_runtime_version", Assert.Single(model.Metadata).Name);
        TfLiteSignature signature = Assert.Single(model.Signatures);
        Assert.Equal(("serving_default", new TfLiteTensorName("image", 0)), (signature.Key, signature.Inputs[0]));
    }

    [Fact]
    public void ReadsDataBehindTheFlatBuffer()
    {
        byte[] file = OneConstant(new FlatNode().With(1, 2000UL).With(2, 4UL), TfLiteTensorType.Int8, [4]).ToFile();
        Array.Resize(ref file, 2004);
        file.AsSpan(2000).Fill(9);
        Assert.Equal([9, 9, 9, 9], TfLiteReader.Read(file).Subgraphs[0].Tensors[0].Data!.Value.ToArray());
        Fails("MC1002", file.AsMemory(0, 2003));
    }

    [Theory]
    [InlineData((int)TfLiteTensorType.Int4, new byte[] { 0x7F, 0x08 }, new byte[] { 0xFF, 7, 0xF8 }, ElementType.Int8)]
    [InlineData((int)TfLiteTensorType.UInt4, new byte[] { 0x7F, 0x08 }, new byte[] { 15, 7, 8 }, ElementType.UInt8)]
    [InlineData((int)TfLiteTensorType.Int2, new byte[] { 0b0001_1011 }, new byte[] { 0xFF, 0xFE, 1 }, ElementType.Int8)]
    [InlineData((int)TfLiteTensorType.Bool, new byte[] { 0, 1, 255 }, new byte[] { 0, 1, 1 }, ElementType.Bool)]
    public void WidensElements(int type, byte[] stored, byte[] expected, ElementType elementType)
    {
        TfLiteTensor tensor = TfLiteReader.Read(OneConstant(new FlatNode().With(0, stored), (TfLiteTensorType)type, [3]).ToFile()).Subgraphs[0].Tensors[0];
        (ElementType read, byte[] bytes) = TfLiteTensorReader.ReadData(tensor);
        Assert.Equal(elementType, read);
        Assert.Equal(expected, bytes);
    }

    [Fact]
    public void NamesTheTensorWhoseDataIsShort()
    {
        ModelCompilationException error = Fails("MC1003", OneConstant(new FlatNode().With(0, new byte[15]), TfLiteTensorType.Float32, [2, 2]).ToFile());
        Assert.Equal("Tensor 'constant' (Float32 of shape [2, 2]) needs 16 bytes of data, but the file has 15.", error.Reason);
    }

    [Fact]
    public void RefusesWhatContradictsItself()
    {
        Fails("MC1003", OneConstant(new FlatNode(), TfLiteTensorType.Int8, [2, -1]).ToFile());
        Fails("MC1003", OneConstant(new FlatNode(), TfLiteTensorType.Int8, [65536, 65536]).ToFile());
        Fails("MC1001", Sample().With(0, 2U).ToFile());
        Fails("MC1008", Sample().With(2, Array.Empty<FlatNode>()).With(7, Array.Empty<FlatNode>()).ToFile());
        Fails("MC1001", Sample().With(4, Array.Empty<FlatNode>()).ToFile());
        Fails("MC1001", Sample().With(1, Array.Empty<FlatNode>()).ToFile());
        Fails("MC1007", Quantized([0.5f, float.NaN, 1], [0, 0, 0]));
        Fails("MC1007", Quantized([0.5f, 1, 1], [0, 0]));
        Fails("MC1007", Quantized([0.5f, 1], [0, 0]));

        static byte[] Quantized(float[] scales, long[] zeroPoints) =>
            OneConstant(new FlatNode().With(0, new byte[3]), TfLiteTensorType.Int8, [3], new FlatNode().With(2, scales).With(3, zeroPoints)).ToFile();
    }

    [Fact]
    public void AVectorIsQuantizedAlongItsOnlyDimension()
    {
        FlatNode stored = new FlatNode().With(2, new[] { 0.5f, 1, 2 }).With(3, new[] { 4L }).With(6, 3);
        TfLiteTensor bias = TfLiteReader.Read(OneConstant(new FlatNode().With(0, new byte[12]), TfLiteTensorType.Int32, [3], stored)
            .ToFile()).Subgraphs[0].Tensors[0];
        Assert.Equal(0, bias.Quantization!.QuantizedDimension);
        Assert.Equal([4L, 4L, 4L], bias.Quantization.ZeroPoints);
    }

    [Fact]
    public void AZeroDimensionMakesATensorEmptyWhateverTheOthersAre()
    {
        TfLiteTensor tensor = TfLiteReader.Read(OneConstant(new FlatNode().With(0, Array.Empty<byte>()), TfLiteTensorType.Float32,
            [int.MaxValue, int.MaxValue, 0]).ToFile()).Subgraphs[0].Tensors[0];
        Assert.Equal(0, tensor.ElementCount);
        Assert.True(tensor.IsConstant);
    }

    [Fact]
    public void SaysWhatAForeignFileIs()
    {
        Assert.Contains("empty", Fails("MC1001", Array.Empty<byte>()).Reason, StringComparison.Ordinal);
        Assert.Contains("git lfs pull", Fails("MC1001", "version https://git-lfs.github.com/spec/v1\n"u8.ToArray()).Remedy, StringComparison.Ordinal);
        Assert.Contains("web page", Fails("MC1001", "<!DOCTYPE html><html>"u8.ToArray()).Reason, StringComparison.Ordinal);
        Assert.Contains("TFL3", Fails("MC1001", Sample().ToFile("TFL2")).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void AliasedPartsAreBounded()
    {
        // Many operators that are all the same one, with a long list of inputs: each byte of the file would count a hundred thousand times.
        var file = new List<byte>(new FlatNode().With(0, 3U).With(1, new[] { new FlatNode() })
            .With(2, new[] { new FlatNode().With(0, new[] { new FlatNode() }).With(3, new[] { new FlatNode().With(1, new int[200_000]) }) }).ToFile());
        byte[] honest = [.. file];
        Assert.Single(TfLiteReader.Read(honest).Subgraphs[0].Operators);

        int subgraph = At(honest, Vector(honest, At(honest, 0), 2) + 4);
        int field = Field(honest, subgraph, 3);
        int target = At(honest, Vector(honest, subgraph, 3) + 4);
        byte[] hostile = [.. honest, .. new byte[4 + 400_000]];
        BinaryPrimitives.WriteInt32LittleEndian(hostile.AsSpan(field), honest.Length - field);
        BinaryPrimitives.WriteInt32LittleEndian(hostile.AsSpan(honest.Length), 100_000);
        for (int at = honest.Length + 4; at < hostile.Length; at += 4)
            BinaryPrimitives.WriteUInt32LittleEndian(hostile.AsSpan(at), unchecked((uint)(target - at)));
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(() => TfLiteReader.Read(hostile));
        Assert.StartsWith("MC100", error.Code, StringComparison.Ordinal);

        static int At(byte[] b, int at) => at + BinaryPrimitives.ReadInt32LittleEndian(b.AsSpan(at));
        static int Field(byte[] b, int table, int field) =>
            table + BinaryPrimitives.ReadUInt16LittleEndian(b.AsSpan(table - BinaryPrimitives.ReadInt32LittleEndian(b.AsSpan(table)) + 4 + (2 * field)));
        static int Vector(byte[] b, int table, int field) => At(b, Field(b, table, field));
    }

    [SharedDataFact]
    public void ReadsRealModels()
    {
        int operators = 0;
        foreach (string file in SharedData.Files("models", "*.tflite"))
        {
            TfLiteModel model = TfLiteReader.Read(File.ReadAllBytes(file));
            foreach (TfLiteTensor tensor in model.Subgraphs.SelectMany(g => g.Tensors))
            {
                if (tensor.IsConstant && tensor.Type.ToElementType() is not null) TfLiteTensorReader.ReadData(tensor);
            }

            foreach (TfLiteOperator op in model.Subgraphs.SelectMany(g => g.Operators))
            {
                Assert.True(Enum.IsDefined(op.Builtin));
                operators++;
            }
        }

        Assert.InRange(operators, 300, 100_000);
    }

    internal static ModelCompilationException Fails(string code, ReadOnlyMemory<byte> file)
    {
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(() => TfLiteReader.Read(file));
        Assert.Equal(code, error.Code);
        return error;
    }

    internal static FlatNode Sample() => new FlatNode()
        .With(0, 3U)
        .With(1, new[] { new FlatNode().With(0, (sbyte)3).With(2, 5), new FlatNode().With(0, (sbyte)32).With(1, "Magic").With(3, 32),
            new FlatNode().With(0, (sbyte)127).With(3, 150) })
        .With(2, new[]
        {
            new FlatNode()
                .With(0, new[]
                {
                    new FlatNode().With(0, new[] { 1, 1, 2, 2 }).With(1, (sbyte)9).With(3, "image").With(7, new[] { 1, -1, 2, 2 }),
                    new FlatNode().With(0, new[] { 2, 2 }).With(1, (sbyte)9).With(2, 1U).With(3, "weights")
                    .With(4, new FlatNode().With(2, new[] { 0.5f, 0.25f }).With(3, new[] { 0L, 0L })),
                    new FlatNode().With(0, new[] { 1, 2 }).With(3, "result"),
                })
                .With(1, new[] { 0 })
                .With(2, new[] { 2 })
                .With(3, new[]
                {
                    new FlatNode().With(1, new[] { 0, 1, -1 }).With(2, new[] { 2 }).With(3, (byte)1)
                        .With(4, new FlatNode().With(0, (sbyte)1).With(1, 2).With(2, 2)),
                    new FlatNode().With(0, 1U).With(1, new[] { 0 }).With(2, new[] { 2 }).With(5, new byte[] { 7, 8, 9 }),
                })
                .With(4, "main"),
        })
        .With(3, "made for a test")
        .With(4, new[] { new FlatNode(), new FlatNode().With(0, new byte[] { 1, 2, 3, 4 }) })
        .With(6, new[] { new FlatNode().With(0, "min_runtime_version").With(1, 1U) })
        .With(7, new[] { new FlatNode().With(0, new[] { new FlatNode().With(0, "image") }).With(1, new[] { new FlatNode().With(0, "y").With(1, 2U) })
            .With(2, "serving_default") });

    private static FlatNode OneConstant(FlatNode buffer, TfLiteTensorType type, int[] shape, FlatNode? quantization = null)
    {
        FlatNode tensor = new FlatNode().With(0, shape).With(1, (sbyte)type).With(2, 1U).With(3, "constant");
        if (quantization is not null) tensor.With(4, quantization);
        return new FlatNode().With(0, 3U).With(2, new[] { new FlatNode().With(0, new[] { tensor }) }).With(4, new[] { new FlatNode(), buffer });
    }

    // A damaged shape must not cost its memory before the operator looks at it.
    [Fact]
    public void AStateThatIsTooLargeIsRefusedBeforeItIsAllocated()
    {
        var state = new TfLiteState(new GraphEditor());
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(() =>
            state.Read("h", "h", new TensorType(ElementType.Float32, new Shape(1 << 28))));
        Assert.Equal("MC1003", error.Code);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }
}
