using System.Runtime.InteropServices;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Tests.Formats;

namespace ModelCompiler.Conformance.Tests.TfLite;

/// <summary>Writes small TFLite files.</summary>
internal sealed class TfLiteBuilder
{
    private readonly List<FlatNode> _codes = [];
    private readonly List<FlatNode> _buffers = [new FlatNode()];
    private readonly List<FlatNode> _finished = [];
    private List<FlatNode> _tensors = [];
    private List<FlatNode> _operators = [];

    /// <summary>A tensor that is computed, or an input.</summary>
    public int Tensor(TfLiteTensorType type, int[] shape, float scale = 0, long zero = 0, byte[]? data = null, int[]? signature = null)
    {
        FlatNode tensor = new FlatNode().With(0, shape).With(1, (sbyte)type).With(2, data is null ? 0u : (uint)_buffers.Count)
            .With(3, $"t{_finished.Count}_{_tensors.Count}");
        if (signature is not null) tensor.With(7, signature);
        if (scale != 0) tensor.With(4, new FlatNode().With(2, new[] { scale }).With(3, new[] { zero }));
        if (data is not null) _buffers.Add(new FlatNode().With(0, data));
        _tensors.Add(tensor);
        return _tensors.Count - 1;
    }

    /// <summary>Constant integers with a scale per slice of the first axis, and zero points of zero.</summary>
    public int Scaled(TfLiteTensorType type, int[] shape, float[] scales, byte[]? data)
    {
        int tensor = Tensor(type, shape, data: data);
        _tensors[tensor].With(4, new FlatNode().With(2, scales).With(3, new long[scales.Length]).With(6, 0));
        return tensor;
    }

    /// <summary>A float tensor.</summary>
    public int Floats(params int[] shape) => Tensor(TfLiteTensorType.Float32, shape);

    /// <summary>Constant integers.</summary>
    public int Constant(params int[] values) => Tensor(TfLiteTensorType.Int32, [values.Length], data: MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    /// <summary>Constant floats.</summary>
    public int Constant(int[] shape, params float[] values) => Tensor(TfLiteTensorType.Float32, shape, data: MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    /// <summary>A constant integer without dimensions.</summary>
    public int Scalar(int value) => Tensor(TfLiteTensorType.Int32, [], data: BitConverter.GetBytes(value));

    /// <summary>An operator with options.</summary>
    public TfLiteBuilder Add(TfLiteBuiltinOperator code, int[] inputs, int[] outputs, FlatNode? options = null)
    {
        FlatNode op = new FlatNode().With(0, (uint)_codes.Count).With(1, inputs).With(2, outputs);
        if (options is not null) op.With(3, (byte)1).With(4, options);
        _codes.Add(new FlatNode().With(0, (sbyte)Math.Min((int)code, 127)).With(3, (int)code));
        _operators.Add(op);
        return this;
    }

    /// <summary>A custom operator with options in its own format.</summary>
    public TfLiteBuilder AddCustom(string name, int[] inputs, int[] outputs, byte[] options)
    {
        _operators.Add(new FlatNode().With(0, (uint)_codes.Count).With(1, inputs).With(2, outputs).With(5, options));
        _codes.Add(new FlatNode().With(0, (sbyte)TfLiteBuiltinOperator.Custom).With(1, name).With(3, (int)TfLiteBuiltinOperator.Custom));
        return this;
    }

    /// <summary>Ends a subgraph; the first is the entry.</summary>
    public TfLiteBuilder End(int[] inputs, int[] outputs)
    {
        _finished.Add(new FlatNode().With(0, _tensors.ToArray()).With(1, inputs).With(2, outputs).With(3, _operators.ToArray())
            .With(4, $"subgraph {_finished.Count}"));
        (_tensors, _operators) = ([], []);
        return this;
    }

    /// <summary>The file.</summary>
    public byte[] ToFile() => new FlatNode().With(0, 3u).With(1, _codes.ToArray()).With(2, _finished.ToArray()).With(4, _buffers.ToArray()).ToFile();
}
