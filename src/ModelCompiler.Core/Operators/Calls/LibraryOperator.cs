using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators;

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
        if (!isEmpty) LibraryRuntime.Run(Call(CallContext.Of(context)), context);
    }

    /// <inheritdoc/>
    public sealed override long Work(CallContext context)
    {
        try
        {
            return Call(context).Work;
        }
        catch (ModelCompilationException)
        {
            return 0; // There is no such call, as will be said when it is made.
        }
    }

    /// <inheritdoc/>
    public sealed override void Lower(LoweringContext context)
    {
        if (Enumerable.Range(0, context.OutputCount).All(i => context.Output(i).Shape.Elements == 0)) return;
        Call(CallContext.Of(context)).Lower(context, WorksInPlace);
    }
}

/// <summary>Types of a node's inputs and outputs, for operators that choose a routine.</summary>
public sealed class CallContext(int inputCount, Func<int, bool> hasInput, Func<int, Value> input, Func<int, Value> output, RequantizationMode mode)
{
    /// <summary>How accumulators become activations.</summary>
    public RequantizationMode Mode { get; } = mode;

    /// <summary>The node that is evaluated.</summary>
    public static CallContext Of(EvaluationContext context) => new(context.InputCount, context.HasInput, context.InputValue, context.OutputValue, context.Mode);

    /// <summary>The node that is lowered.</summary>
    public static CallContext Of(LoweringContext context) => new(context.InputCount, context.HasInput, context.Input, context.Output, context.Mode);

    /// <summary>Number of inputs, absent ones included.</summary>
    public int InputCount => inputCount;

    /// <summary>True when the optional input is there.</summary>
    public bool HasInput(int index) => hasInput(index);

    /// <summary>An input.</summary>
    public Value Input(int index) => input(index);

    /// <summary>An output.</summary>
    public Value Output(int index) => output(index);

    /// <summary>An input that must be a constant.</summary>
    /// <exception cref="ModelCompilationException">MC2002: it is computed at run time.</exception>
    public TensorData Constant(int index, string what) => Input(index).Constant
        ?? throw new ModelCompilationException("MC2002", $"The {what} are computed at run time, which is not supported.", $"Make the {what} constant.");

    /// <summary>MC2002: the operator is known, but not for these types.</summary>
    public ModelCompilationException Unsupported(string what) =>
        new("MC2002", $"{what} on {string.Join(", ", Enumerable.Range(0, InputCount).Where(HasInput).Select(i => Input(i).Type))} is not supported.",
            "Convert the model with other element types.");
}
