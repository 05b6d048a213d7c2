using System.Runtime.InteropServices;
using Google.Protobuf;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.Onnx.Proto;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Tests.Formats;

public class OnnxTensorReaderTests
{
    [Fact]
    public void ReadsTypedFields()
    {
        Same(ElementType.Float32, [1.5f, -2f], Make(DataType.Float, t => t.FloatData.Add([1.5f, -2f])));
        Same(ElementType.Float64, [1.5, -2d], Make(DataType.Double, t => t.DoubleData.Add([1.5, -2])));
        Same(ElementType.Int64, [long.MinValue, 7L], Make(DataType.Int64, t => t.Int64Data.Add([long.MinValue, 7])));
        Same(ElementType.UInt64, [ulong.MaxValue, 7UL], Make(DataType.Uint64, t => t.Uint64Data.Add([ulong.MaxValue, 7])));
        Same(ElementType.UInt32, [uint.MaxValue, 7U], Make(DataType.Uint32, t => t.Uint64Data.Add([uint.MaxValue, 7])));
        Same(ElementType.Int32, [int.MinValue, 7], Make(DataType.Int32, t => t.Int32Data.Add([int.MinValue, 7])));
        Same(ElementType.Int16, [short.MinValue, (short)7], Make(DataType.Int16, t => t.Int32Data.Add([short.MinValue, 7])));
        Same(ElementType.UInt16, [ushort.MaxValue, (ushort)7], Make(DataType.Uint16, t => t.Int32Data.Add([ushort.MaxValue, 7])));
        Same(ElementType.Int8, [(sbyte)-128, (sbyte)7], Make(DataType.Int8, t => t.Int32Data.Add([-128, 7])));
        Same(ElementType.UInt8, [(byte)255, (byte)7], Make(DataType.Uint8, t => t.Int32Data.Add([255, 7])));
        Same(ElementType.Bool, [(byte)1, (byte)0], Make(DataType.Bool, t => t.Int32Data.Add([1, 0])));
        Same(ElementType.Float16, [(Half)1.5f, (Half)(-2f)], Make(DataType.Float16, t => t.Int32Data.Add([0x3E00, 0xC000])));
        Same(ElementType.Float32, [1.5f, -2f], Make(DataType.Bfloat16, t => t.Int32Data.Add([0x3FC0, 0xC000])));
        Same(ElementType.Int8, [(sbyte)-1, (sbyte)7], Make(DataType.Int4, t => t.Int32Data.Add(0x7F)));
        Same(ElementType.UInt8, [(byte)15, (byte)7], Make(DataType.Uint4, t => t.Int32Data.Add(0x7F)));
    }

    [Fact]
    public void ReadsRawData()
    {
        Same(ElementType.Float32, [1.5f, -2f], Make(DataType.Float, t => t.RawData = Raw(0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0)));
        Same(ElementType.Float32, [1.5f, -2f], Make(DataType.Bfloat16, t => t.RawData = Raw(0xC0, 0x3F, 0, 0xC0)));
        Same(ElementType.Bool, [(byte)1, (byte)0], Make(DataType.Bool, t => t.RawData = Raw(0x40, 0)));
        Same(ElementType.Int8, [(sbyte)-8, (sbyte)3], Make(DataType.Int4, t => t.RawData = Raw(0x38)));
    }

    [Fact]
    public void ReadsScalarsAndEmptyTensors()
    {
        OnnxTensor scalar = OnnxTensorReader.Read(new TensorProto { DataType = 1, FloatData = { 3 } });
        Assert.Empty(scalar.Shape);
        Assert.Equal(4, scalar.Bytes.Length);
        OnnxTensor empty = OnnxTensorReader.Read(new TensorProto { DataType = 1, Dims = { 3, 0, long.MaxValue >> 33 } });
        Assert.Empty(empty.Bytes);
    }

    [Fact]
    public void RefusesWhatDoesNotFit()
    {
        Fails("MC1003", Make(DataType.Float, t => t.FloatData.Add(1)));
        Fails("MC1003", Make(DataType.Float, t => t.RawData = Raw(1, 2, 3)));
        Fails("MC1003", Make(DataType.Float, _ => { }));
        Fails("MC1003", new TensorProto { DataType = 1, Dims = { -1 } });
        Fails("MC1003", new TensorProto { DataType = 1, Dims = { 1L << 40 } });
        Fails("MC1003", new TensorProto { DataType = 1, Dims = { 1 << 20, 1 << 20 } });
        Fails("MC1001", new TensorProto { Dims = { 1 } });
        Fails("MC2003", Make(DataType.String, t => t.StringData.Add([ByteString.Empty, ByteString.Empty])));
        Fails("MC2003", Make(DataType.Complex64, _ => { }));
        Fails("MC2003", Make((DataType)99, _ => { }));
        ModelCompilationException external = Fails("MC1004", Make(DataType.Float, t =>
        {
            t.DataLocation = TensorProto.Types.DataLocation.External;
            t.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "model.data" });
        }));
        Assert.Equal("The elements of tensor 't' lie in another file ('model.data').", external.Reason);
    }

    private static ByteString Raw(params byte[] bytes) => ByteString.CopyFrom(bytes);

    private static TensorProto Make(DataType type, Action<TensorProto> fill)
    {
        var tensor = new TensorProto { Name = "t", DataType = (int)type, Dims = { 2 } };
        fill(tensor);
        return tensor;
    }

    private static void Same<T>(ElementType type, T[] expected, TensorProto tensor)
        where T : unmanaged
    {
        OnnxTensor read = OnnxTensorReader.Read(tensor);
        Assert.Equal(type, read.Type);
        Assert.Equal([2], read.Shape);
        Assert.Equal(expected, MemoryMarshal.Cast<byte, T>(read.Bytes).ToArray());
    }

    private static ModelCompilationException Fails(string code, TensorProto tensor)
    {
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(() => OnnxTensorReader.Read(tensor));
        Assert.Equal(code, error.Code);
        return error;
    }
}
