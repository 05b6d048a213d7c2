using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// One way to compute a node, which an operator chooses for the types at hand: a <see cref="LibraryCall"/>, kernels beside the reference computation that they
/// follow bit for bit, a table of bytes, or nothing but another name for the input.
/// </summary>
internal abstract class Implementation
{
    /// <summary>The first output is the first input's bytes under another type, shape or quantisation; costs nothing at run time.</summary>
    public static Implementation Alias { get; } = Kernels(
        e => e.SetOutput(0, new TensorData(e.OutputValue(0).Type, e.OutputValue(0).Shape, e.Input(0).Bytes)), l => l.AliasOutput());

    /// <summary>Multiply-accumulate or other elementary operations, where they are more than a few for every element:
    /// what is computed at build time is bounded by them.</summary>
    public virtual long Work => 0;

    /// <summary>Kernels, and what they compute.</summary>
    /// <param name="evaluate">Computes the outputs: the definition of what every engine must give.</param>
    /// <param name="lower">Adds the kernels to the plan.</param>
    /// <param name="work">Elementary operations, where they are more than a few for every element.</param>
    public static Implementation Kernels(Action<EvaluationContext> evaluate, Action<LoweringContext> lower, long work = 0) =>
        new KernelImplementation(evaluate, lower, work);

    /// <summary>What is computed at build time only, of constants.</summary>
    /// <param name="evaluate">Computes the outputs.</param>
    /// <param name="what">What there is no kernel for.</param>
    /// <param name="remedy">What would help.</param>
    public static Implementation AtBuildTime(Action<EvaluationContext> evaluate, string what, string remedy) =>
        Kernels(evaluate, l => throw l.Unsupported(what, remedy));

    /// <summary>A byte for every byte of the first input.</summary>
    /// <param name="table">256 bytes.</param>
    public static Implementation Lookup(byte[] table) => Kernels(
        e => e.SetOutput(0, new TensorData(e.OutputValue(0).Type, e.OutputValue(0).Shape, Array.ConvertAll(e.Input(0).Bytes, b => table[b]))),
        l => l.EmitInPlace(new LookupInt8(l.In(0), l.Out(0), l.LookupTable(table), l.Input(0).Shape.Elements)));

    /// <summary>Computes the outputs.</summary>
    internal abstract void Evaluate(EvaluationContext context);

    /// <summary>Adds kernels to the plan.</summary>
    internal abstract void Lower(LoweringContext context);

    private sealed class KernelImplementation(Action<EvaluationContext> evaluate, Action<LoweringContext> lower, long work) : Implementation
    {
        public override long Work => work;

        internal override void Evaluate(EvaluationContext context) => evaluate(context);

        internal override void Lower(LoweringContext context) => lower(context);
    }
}

/// <summary>Types, shapes and constants of a node's inputs and outputs: what the choice of an implementation depends on.</summary>
/// <param name="node">The node.</param>
/// <param name="values">Values by number.</param>
/// <param name="mode">How accumulators become activations.</param>
internal sealed class ChoiceContext(Node node, Func<int, Value> values, RequantizationMode mode)
{
    /// <summary>How accumulators become activations.</summary>
    public RequantizationMode Mode { get; } = mode;

    /// <summary>Number of inputs, absent ones included.</summary>
    public int InputCount => node.Inputs.Length;

    /// <summary>True when the optional input is there.</summary>
    public bool HasInput(int index) => index < node.Inputs.Length && node.Inputs[index] >= 0;

    /// <summary>An input.</summary>
    public Value Input(int index) => values(node.Inputs[index]);

    /// <summary>An output.</summary>
    public Value Output(int index) => values(node.Outputs[index]);

    /// <summary>True when no output has an element, so that there is nothing to compute.</summary>
    public bool IsEmpty => node.Outputs.All(o => values(o).Shape.Elements == 0);

    /// <summary>An input that must be a constant.</summary>
    /// <exception cref="ModelCompilationException">MC2002: it is computed at run time.</exception>
    public TensorData Constant(int index, string what) => Input(index).Constant
        ?? throw new ModelCompilationException("MC2002", $"The {what} are computed at run time, which is not supported.", $"Make the {what} constant.");

    /// <summary>MC2002: the operator is known, but not for these types.</summary>
    public ModelCompilationException Unsupported(string what) =>
        Unsupported($"{what} on {string.Join(", ", Enumerable.Range(0, InputCount).Where(HasInput).Select(i => Input(i).Type))}",
            "Convert the model with other element types.");

    /// <summary>MC2002: the operator is known, but not for these types.</summary>
    public ModelCompilationException Unsupported(string what, string remedy) => new("MC2002", $"{what} is not supported.", remedy, node.Label);
}
