using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// A call of a method of <see cref="Routine"/>, from which the reference interpreter and the generated code make theirs. So an algorithm is
/// written once and both compute the same bits.
/// </summary>
/// <param name="Routine">Name of the method.</param>
/// <param name="Arguments">Its arguments, in order.</param>
internal sealed record RoutineCall(string Routine, params IReadOnlyList<RoutineArgument> Arguments)
{
    /// <summary>Outputs that may lie in the memory of an input: the routine must cope with both.</summary>
    public IReadOnlyList<(int Output, int Input)> InPlace { get; init; } = [];

    /// <summary>Multiply-accumulate operations.</summary>
    public long Macs { get; init; }
}

/// <summary>An argument of a routine.</summary>
internal abstract record RoutineArgument
{
    /// <summary>A null pointer, for a tensor that is not there.</summary>
    public static RoutineArgument None { get; } = new RoutineNull();

    public static implicit operator RoutineArgument(int value) => new RoutineNumber(value);

    public static implicit operator RoutineArgument(long value) => new RoutineNumber(value);

    public static implicit operator RoutineArgument(float value) => new RoutineNumber(value);

    public static implicit operator RoutineArgument(bool value) => new RoutineNumber(value);

    /// <summary>A pointer to an input.</summary>
    public static RoutineArgument In(int index) => new RoutineInput(index);

    /// <summary>A pointer to an input, or null when the optional input is absent.</summary>
    public static RoutineArgument In(INodeValues node, int index) => node.HasInput(index) ? new RoutineInput(index) : None;

    /// <summary>A pointer to an output.</summary>
    public static RoutineArgument Out(int index) => new RoutineOutput(index);

    /// <summary>A pointer to memory with undefined content. Arguments that are the same object are the same memory, within a call and among the calls of a node.</summary>
    public static RoutineArgument Scratch(ElementType type, int count) => new RoutineScratch(type, count);

    /// <summary>A pointer to a small table, which stands in the generated file in its natural type.</summary>
    public static RoutineArgument Table(string kind, IEnumerable<int> values) => new RoutineTable(kind, ElementType.Int32, [.. values.Select(v => (double)v)]);

    /// <summary>A pointer to a small table of another type.</summary>
    public static RoutineArgument Table(string kind, ElementType type, IEnumerable<double> values) => new RoutineTable(kind, type, [.. values]);

    /// <summary>A pointer to constants, which lie in the weights.</summary>
    public static RoutineArgument Weights(TensorData data) => new RoutineWeights(data);
}

/// <summary>A number or truth value.</summary>
internal sealed record RoutineNumber(object Value) : RoutineArgument;

/// <summary>A null pointer.</summary>
internal sealed record RoutineNull : RoutineArgument;

/// <summary>A pointer to an input.</summary>
internal sealed record RoutineInput(int Index) : RoutineArgument;

/// <summary>A pointer to an output.</summary>
internal sealed record RoutineOutput(int Index) : RoutineArgument;

/// <summary>A pointer to memory for one node, compared by identity.</summary>
internal sealed record RoutineScratch(ElementType Type, int Count) : RoutineArgument
{
    public bool Equals(RoutineScratch? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>A pointer to a table.</summary>
internal sealed record RoutineTable(string Kind, ElementType Type, double[] Values) : RoutineArgument
{
    /// <summary>The entries as a tensor.</summary>
    public TensorData ToTensor()
    {
        var data = new TensorData(Type, new Shape(Values.Length));
        for (int i = 0; i < Values.Length; i++) data.SetDouble(i, Values[i]);
        return data;
    }
}

/// <summary>A pointer to constants.</summary>
internal sealed record RoutineWeights(TensorData Data) : RoutineArgument;
