using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>The divisor of a normalisation: a root of the mean or sum of squares along axes, kept from zero in one of the usual ways.</summary>
/// <param name="Of">What is squared.</param>
/// <param name="Axes">Along which axes.</param>
/// <param name="Mean">True for the mean of squares, false for their sum.</param>
/// <param name="Floor">What keeps it from zero.</param>
/// <param name="Epsilon">The number that does; zero for none.</param>
internal sealed record WrittenDivisor(int Of, EquatableArray<int> Axes, bool Mean, DivisorFloor Floor = DivisorFloor.AddedToSquares, float Epsilon = 0)
{
    /// <summary>Reads a divisor.</summary>
    public static WrittenDivisor? Find(WrittenOut written, int id)
    {
        id = written.Bare(written.Unexpanded(id));
        if (Root(written, id) is { } root) return root;
        if (written.AtLeast(id) is { } bounded && Root(written, bounded.Value) is { Epsilon: 0 } under)
            return under.With(DivisorFloor.LeastRoot, bounded.Number);
        if (written.WithNumber(written.Pair(id, BinaryKind.Add)) is { } raised && Root(written, raised.Value) is { Epsilon: 0 } low)
            return low.With(DivisorFloor.AddedToRoot, raised.Number);
        return NotZero(written, id) is { } other ? Root(written, other) is { Epsilon: 0 } any ? any : null : null;
    }

    /// <summary>Reads what is one divided by a divisor.</summary>
    public static WrittenDivisor? FindInverse(WrittenOut written, int id)
    {
        id = written.Bare(written.Unexpanded(id));
        if (written.Reciprocal(id) is { } divisor) return Find(written, divisor);
        if (written.Power(id, -0.5f) is { } squares) return UnderRoot(written, squares);
        return written.Of(id, UnaryKind.Sqrt) is { } rooted && written.Reciprocal(written.Bare(rooted)) is { } square ? UnderRoot(written, square) : null;
    }

    private WrittenDivisor? With(DivisorFloor floor, float epsilon) =>
        epsilon >= 0 && float.IsFinite(epsilon) ? this with { Floor = floor, Epsilon = epsilon } : null;

    private static WrittenDivisor? Root(WrittenOut written, int id)
    {
        id = written.Bare(id);
        if (written.Reduced(id, "L2") is { } length) return new(length.Of, length.Axes, false);
        return (written.Of(id, UnaryKind.Sqrt) ?? written.Power(id, 0.5f)) is { } squares ? UnderRoot(written, squares) : null;
    }

    private static WrittenDivisor? UnderRoot(WrittenOut written, int id)
    {
        id = written.Bare(id);
        if (Squares(written, id) is { } plain) return plain;
        if (written.AtLeast(id) is { } bounded) return Squares(written, bounded.Value)?.With(DivisorFloor.LeastSquares, bounded.Number);
        return written.WithNumber(written.Pair(id, BinaryKind.Add)) is { } raised
            ? Squares(written, raised.Value)?.With(DivisorFloor.AddedToSquares, raised.Number) : null;
    }

    private static WrittenDivisor? Squares(WrittenOut written, int id)
    {
        if (written.Reduced(id, "SumSquare") is { } squares) return new(squares.Of, squares.Axes, false);
        if (written.Mean(id) is { } mean) return written.Square(mean.Of) is { } x ? new(Signed(x), mean.Axes, true) : null;
        return written.Reduced(id, "Sum") is { } sum && written.Square(sum.Of) is { } y ? new(Signed(y), sum.Axes, false) : null;

        // The sign of what is squared does not matter.
        int Signed(int id) => written.Of(id, UnaryKind.Abs) ?? id;
    }

    // Where it is zero, one instead.
    private static int? NotZero(WrittenOut written, int id) =>
        written.Producer(id) is { Operator: Where } choice && written.Number(choice.Inputs[1]) == 1
        && written.Producer(choice.Inputs[0]) is { Operator: Elementwise { Function: "Equal" } } equal
        && written.WithNumber((equal.Inputs[0], equal.Inputs[1])) is { Number: 0 } compared && written.IsSame(compared.Value, choice.Inputs[2])
        ? choice.Inputs[2] : null;
}
