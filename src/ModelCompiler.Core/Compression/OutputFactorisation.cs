namespace ModelCompiler.Core.Compression;

/// <summary>
/// The layer with r outputs, then a 1×1 layer to all of them. The outputs are best kept by their first r principal components:
/// with the eigenvectors u of w·H·wᵀ, the factors are u·w and uᵀ (reduced-rank regression; Izenman, 1975).
/// </summary>
internal sealed class OutputFactorisation(LayerToFactor layer) : Factorisation(layer)
{
    private (double[] Values, double[] Vectors)? _components;

    private (double[] Values, double[] Vectors) Components => _components ??= Principal(Layer.WeightedRows, Layer.Weights, Shape.OutChannels, Shape.Taps);

    /// <summary>Eigenvalues and eigenvectors of a·bᵀ, which is symmetric.</summary>
    public static (double[] Values, double[] Vectors) Principal(double[] a, double[] b, int rows, int columns) =>
        SymmetricEigen.Of(LinearAlgebra.Product(a, rows, LinearAlgebra.Transpose(b, rows, columns), columns, rows), rows);

    /// <summary>Of the sum of eigenvalues, the share that those after each rank have; from rank 0 on.</summary>
    public static double[] Remainders(double[] values)
    {
        double total = values.Sum(v => Math.Max(0, v)), rest = total;
        var result = new double[values.Length + 1];
        for (int i = 0; i <= values.Length; i++)
        {
            result[i] = total > 0 ? Math.Max(0, rest / total) : 0;
            if (i < values.Length) rest -= Math.Max(0, values[i]);
        }

        result[^1] = 0;
        return result;
    }

    /// <inheritdoc/>
    public override IEnumerable<RankChoice> Choices()
    {
        double[] errors = Remainders(Components.Values);
        foreach (int rank in Ranks(Math.Min(Shape.OutChannels, Shape.Taps)))
        {
            double macs = (double)Shape.Batch * Shape.Pixels * rank * (Shape.Taps + Shape.OutChannels);
            if (macs < Shape.Macs) yield return new(FactorisationKind.Output, rank, Shape.OutChannels, macs, errors[rank]);
        }
    }

    /// <inheritdoc/>
    public override (Factor[] Chain, double[] Product) At(RankChoice choice)
    {
        int rank = choice.Inner, outputs = Shape.OutChannels;
        double[] vectors = Components.Vectors[..(rank * outputs)];
        double[] rows = LinearAlgebra.Product(vectors, rank, Layer.Weights, outputs, Shape.Taps), columns = LinearAlgebra.Transpose(vectors, rank, outputs);
        double[] product = LinearAlgebra.Product(columns, outputs, rows, rank, Shape.Taps);
        Balance(rows, columns, Components.Values.AsSpan(0, rank));
        return ([Whole(rows, rank), Pointwise(columns, outputs)], product);
    }
}
