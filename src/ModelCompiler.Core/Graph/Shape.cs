using System.Collections;
using System.Collections.Immutable;
using System.Globalization;

namespace ModelCompiler.Core.Graph;

/// <summary>Dimensions of a tensor, outermost first, with value equality. A scalar has none.</summary>
internal readonly struct Shape : IEquatable<Shape>, IReadOnlyList<int>
{
    private readonly ImmutableArray<int> _dimensions;

    /// <summary>Makes a shape.</summary>
    public Shape(params ReadOnlySpan<int> dimensions) => _dimensions = [.. dimensions];

    /// <summary>Makes a shape.</summary>
    public Shape(IEnumerable<int> dimensions) => _dimensions = [.. dimensions];

    private ImmutableArray<int> Dimensions => _dimensions.IsDefault ? [] : _dimensions;

    /// <summary>Number of dimensions.</summary>
    public int Rank => Dimensions.Length;

    int IReadOnlyCollection<int>.Count => Rank;

    /// <summary>Number of elements.</summary>
    /// <exception cref="ModelCompilationException">MC1003: more than an int can count; MC1012: a dimension is negative.</exception>
    public int Elements
    {
        get
        {
            long count = 1;
            foreach (int dimension in Dimensions)
            {
                if (dimension < 0) throw new ModelCompilationException("MC1012", $"A tensor of shape {this} has a negative dimension.",
                    "Export the model again with consistent shapes.");
                count *= dimension;
                if (count > int.MaxValue)
                    throw new ModelCompilationException("MC1003", $"A tensor of shape {this} has more elements than fit in memory.", "Use smaller dimensions.");
            }

            return (int)count;
        }
    }

    /// <summary>A dimension; negative numbers count from the end.</summary>
    /// <exception cref="ModelCompilationException">MC1012: there is no such axis.</exception>
    public int this[int axis] => Dimensions[Within(axis)];

    /// <summary>Elements of the dimensions from <paramref name="from"/> up to, not including, <paramref name="to"/>.</summary>
    /// <exception cref="ModelCompilationException">MC1012: there are no such axes.</exception>
    public int ElementsBetween(int from, int to) => from >= 0 && from <= to && to <= Rank ? new Shape(Dimensions[from..to]).Elements
        : throw Missing(from < 0 ? from : to);

    /// <summary>The same shape with one dimension changed.</summary>
    public Shape With(int axis, int dimension) => new(Dimensions.SetItem(Within(axis), dimension));

    private int Within(int axis)
    {
        int index = axis < 0 ? axis + Rank : axis;
        return index >= 0 && index < Rank ? index : throw Missing(axis);
    }

    // A model that takes it for granted is damaged, whatever the operator.
    private ModelCompilationException Missing(int axis) =>
        new("MC1012", $"A tensor of shape {this} has no axis {axis}.", "Export the model again with consistent shapes.");

    /// <summary>The dimensions in another order.</summary>
    public Shape Permute(IReadOnlyList<int> order)
    {
        ImmutableArray<int> dimensions = Dimensions;
        return new(order.Select(i => dimensions[i]));
    }

    /// <summary>The shape both broadcast to (NumPy rules), or null when they do not.</summary>
    public static Shape? Broadcast(Shape a, Shape b)
    {
        int rank = Math.Max(a.Rank, b.Rank);
        var result = new int[rank];
        for (int i = 1; i <= rank; i++)
        {
            int x = i <= a.Rank ? a[-i] : 1;
            int y = i <= b.Rank ? b[-i] : 1;
            if (x != y && x != 1 && y != 1) return null;
            result[^i] = x == 1 ? y : x;
        }

        return new(result);
    }

    /// <inheritdoc/>
    public bool Equals(Shape other) => Dimensions.SequenceEqual(other.Dimensions);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int dimension in Dimensions) hash.Add(dimension);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => Rank == 0 ? "scalar" : string.Join("×", Dimensions.Select(d => d.ToString(CultureInfo.InvariantCulture)));

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)Dimensions).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Value equality.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Value inequality.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);
}
