using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>Reads sparse tensors as dense ones.</summary>
internal static class OnnxSparseTensor
{
    /// <summary>The dense tensor. Indices are [n] into the row-major elements, or [n, rank].</summary>
    /// <exception cref="ModelCompilationException">MC1003, MC1012: values, indices and shape do not belong together.</exception>
    public static TensorData Read(SparseTensorProto sparse)
    {
        if (sparse.Values is null || sparse.Indices is null) throw Malformed("lacks values or indices");
        TensorData values = OnnxNode.ReadTensor(sparse.Values);
        TensorData indices = OnnxNode.ReadTensor(sparse.Indices);
        if (sparse.Dims.Any(d => d is < 0 or > int.MaxValue)) throw Malformed("has impossible dimensions");
        var dense = new TensorData(values.Type, new Shape(sparse.Dims.Select(d => (int)d)));
        int rank = indices.Shape.Rank == 2 ? dense.Shape.Rank : 1;
        if (indices.Count != (long)values.Count * rank) throw Malformed("does not have one index per value");
        int size = values.Type.Size();
        for (int i = 0; i < values.Count; i++)
        {
            long at = 0;
            for (int axis = 0; axis < rank; axis++) at = (at * (rank == 1 ? 1 : dense.Shape[axis])) + indices.ToInt32((i * rank) + axis);
            if (at < 0 || at >= dense.Count) throw Malformed("has an index outside its shape");
            values.Bytes.AsSpan(i * size, size).CopyTo(dense.Bytes.AsSpan((int)at * size));
        }

        return dense;

        ModelCompilationException Malformed(string problem) => new("MC1012", $"Sparse tensor '{sparse.Values?.Name}' {problem}.", "Export the model again.");
    }
}
