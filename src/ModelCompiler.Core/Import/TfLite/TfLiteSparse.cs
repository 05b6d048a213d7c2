using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>
/// Constants stored without their zeros, in TFLite's generalised compressed sparse form: dimensions (and blocks of them) in an order of traversal,
/// each dense or with a list of the indices that exist (Kjolstad et al., "The Tensor Algebra Compiler", 2017).
/// </summary>
internal static class TfLiteSparse
{
    /// <summary>All elements, zeros included.</summary>
    /// <exception cref="ModelCompilationException">MC1003, MC2005: the lists contradict the tensor, or elements are packed.</exception>
    public static byte[] Read(TfLiteTensor tensor, ReadOnlySpan<byte> data, ElementType type)
    {
        TfLiteSparsity sparsity = tensor.Sparsity!;
        int size = type.Size();
        if (tensor.Type.Bits() != size * 8)
            throw new ModelCompilationException("MC2005", $"Tensor '{tensor.Name}' is stored in sparse form with elements of type {tensor.Type}.",
                "Export the model with dense weights; zeros are found at build time anyway.");
        int rank = tensor.Shape.Length, levels = sparsity.TraversalOrder.Length;
        if (sparsity.Dimensions.Length != levels || levels != rank + sparsity.BlockMap.Length || !sparsity.TraversalOrder.Order()
            .SequenceEqual(Enumerable.Range(0, levels))) throw Damaged(tensor);

        // Blocks split the dimensions they belong to.
        var block = new int[rank];
        Array.Fill(block, 1);
        for (int level = 0; level < levels; level++)
        {
            int dimension = sparsity.TraversalOrder[level];
            if (dimension < rank) continue;
            int split = sparsity.BlockMap[dimension - rank];
            if (split < 0 || split >= rank || !sparsity.Dimensions[level].IsDense || sparsity.Dimensions[level].DenseSize < 1) throw Damaged(tensor);
            block[split] = sparsity.Dimensions[level].DenseSize;
        }

        // Sizes and lists that hold together bound the work by the size of the file and of the tensor.
        for (int level = 0; level < levels; level++)
        {
            (TfLiteSparseDimension dimension, int original) = (sparsity.Dimensions[level], sparsity.TraversalOrder[level]);
            bool sound = dimension.IsDense
                ? original >= rank || (long)dimension.DenseSize * block[original] == tensor.Shape[original]
                : dimension.Segments.Length > 0 && dimension.Segments[0] == 0 && dimension.Segments.Zip(dimension.Segments.Skip(1))
                .All(p => p.First <= p.Second);
            if (!sound) throw Damaged(tensor);
        }

        var result = new byte[(long)tensor.ElementCount * size];
        var index = new int[levels];
        int next = 0;
        Visit(0, 0, data);
        return result;

        void Visit(int level, int position, ReadOnlySpan<byte> elements)
        {
            if (level == levels)
            {
                Store(elements);
                return;
            }

            TfLiteSparseDimension dimension = sparsity.Dimensions[level];
            int original = sparsity.TraversalOrder[level];
            if (dimension.IsDense)
            {
                for (int i = 0; i < dimension.DenseSize; i++)
                {
                    index[original] = i;
                    Visit(level + 1, (position * dimension.DenseSize) + i, elements);
                }

                return;
            }

            if (position + 1 >= dimension.Segments.Length) throw Damaged(tensor);
            (int first, int last) = (dimension.Segments[position], dimension.Segments[position + 1]);
            if (first < 0 || last > dimension.Indices.Length) throw Damaged(tensor);
            for (int i = first; i < last; i++)
            {
                index[original] = dimension.Indices[i];
                Visit(level + 1, i, elements);
            }
        }

        void Store(ReadOnlySpan<byte> elements)
        {
            long at = 0;
            for (int dimension = 0; dimension < rank; dimension++)
            {
                int i = index[dimension];
                for (int b = 0; b < sparsity.BlockMap.Length; b++)
                {
                    if (sparsity.BlockMap[b] == dimension) i = (i * block[dimension]) + index[rank + b];
                }

                if (i < 0 || i >= tensor.Shape[dimension]) throw Damaged(tensor);
                at = (at * tensor.Shape[dimension]) + i;
            }

            if ((next + 1) * size > elements.Length) throw Damaged(tensor);
            elements.Slice(next++ * size, size).CopyTo(result.AsSpan((int)at * size));
        }
    }

    private static ModelCompilationException Damaged(TfLiteTensor tensor) =>
        new("MC1003", $"The sparse form of tensor '{tensor.Name}' contradicts its shape.", "Export or download the model again.");
}
