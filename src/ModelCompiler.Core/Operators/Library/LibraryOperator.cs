using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.Core.Operators.Library;

/// <summary>
/// An operator that is one call of a routine of the library. The reference interpreter runs the routine itself and generated code holds its source,
/// so that both compute the same bits.
/// </summary>
public abstract record LibraryOperator : Operator
{
    /// <summary>True when the routine reads each element of the first input before it writes the element at the same place.</summary>
    public virtual bool WorksInPlace => false;

    /// <summary>The call.</summary>
    /// <exception cref="ModelCompilationException">MC2002, MC2003: there is no routine for these types.</exception>
    public abstract LibraryCall Call(CallContext context);

    /// <inheritdoc/>
    public sealed override void Evaluate(EvaluationContext context)
    {
        // Nothing to compute: outputs without elements.
        bool isEmpty = true;
        for (int i = 0; i < context.OutputCount; i++) isEmpty &= context.Output(i).Count == 0;
        if (!isEmpty) LibraryRuntime.Run(Call(new CallContext(context.InputCount, context.HasInput, context.InputValue, context.OutputValue)), context);
    }

    /// <inheritdoc/>
    public sealed override void Lower(LoweringContext context)
    {
        if (Enumerable.Range(0, context.OutputCount).All(i => context.Output(i).Shape.Elements == 0)) return;
        Call(new CallContext(context.InputCount, context.HasInput, context.Input, context.Output)).Lower(context, WorksInPlace);
    }
}

/// <summary>Types of a node's inputs and outputs, for operators that choose a routine.</summary>
public sealed class CallContext(int inputCount, Func<int, bool> hasInput, Func<int, Value> input, Func<int, Value> output)
{
    /// <summary>Number of inputs, absent ones included.</summary>
    public int InputCount => inputCount;

    /// <summary>True when the optional input is there.</summary>
    public bool HasInput(int index) => hasInput(index);

    /// <summary>An input.</summary>
    public Value Input(int index) => input(index);

    /// <summary>An output.</summary>
    public Value Output(int index) => output(index);
}
