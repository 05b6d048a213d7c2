using System.Collections.Immutable;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// An operator with its attributes: shape inference, reference semantics, lowering. How it reads from ONNX and TFLite stands in the
/// same file, in static methods marked with <see cref="Import.Onnx.OnnxOperatorAttribute"/> and <see cref="Import.TfLite.TfLiteOperatorAttribute"/>.
/// Images are batch × height × width × channels.
/// </summary>
internal abstract record Operator
{
    /// <summary>Name for messages and reports.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>Types of the outputs.</summary>
    /// <exception cref="ModelCompilationException">The inputs do not fit the operator.</exception>
    public abstract IReadOnlyList<TensorType> Infer(InferenceContext context);

    /// <summary>How the outputs are computed for these types: the only place where an operator tells real numbers from integers of 8 and of 16 bits.
    /// Reference results, kernels and the amount of work all follow from it. Quantised values are computed in integers.</summary>
    /// <exception cref="ModelCompilationException">MC2002, MC2003: there is no way for these types.</exception>
    public abstract Implementation Choose(ChoiceContext context);

    /// <summary>Computes the outputs: the definition of what every engine must give.</summary>
    public void Evaluate(EvaluationContext context)
    {
        if (!context.Choice.IsEmpty) Choose(context.Choice).Evaluate(context);
    }

    /// <summary>Adds the kernels that compute the outputs to the plan.</summary>
    public void Lower(LoweringContext context)
    {
        if (!context.Choice.IsEmpty) Choose(context.Choice).Lower(context);
    }

    /// <summary>Elementary operations beyond a few for every element; 0 where there is no way for these types, as will be said when it is computed.</summary>
    public long Work(ChoiceContext context)
    {
        try
        {
            return context.IsEmpty ? 0 : Choose(context).Work;
        }
        catch (ModelCompilationException)
        {
            return 0;
        }
    }

    /// <summary>
    /// How post-training quantisation treats the operator; the default keeps it in float.
    /// </summary>
    public virtual QuantizationRule QuantizationRule => QuantizationRule.Float;

    /// <summary>Scale and zero point of the output of an operator with <see cref="QuantizationRule.Fixed"/>.</summary>
    public virtual QuantizationParameters? FixedQuantization => null;

    /// <summary>
    /// True when the result depends on the ratio of an input's elements to their error rather than on the error alone, as that of a division on its divisor:
    /// a small element must not become zero. Post-training quantisation keeps such inputs in float.
    /// </summary>
    public virtual bool NeedsRelativePrecision(int input) => false;

    /// <summary>
    /// True when constant integers at an input may have a scale for every slice, and scales below zero.
    /// All other integers that stand for real numbers have one positive scale.
    /// </summary>
    public virtual bool TakesAnyScales(int input) => false;

    /// <summary>
    /// How the operator takes part when int8 values become uint8 ones of the same real numbers, with a zero point 128 higher;
    /// the default keeps its inputs and outputs as they are.
    /// </summary>
    public virtual SignRule Signs(SignContext context) => SignRule.Keep;

    /// <summary>
    /// The operator that gives the same on an input in another layout: with T the transposition by <paramref name="order"/>, op(T(x)) = T(op'(x)).
    /// Null when there is none. The output has the rank of the input.
    /// </summary>
    public virtual Operator? InLayout(IReadOnlyList<int> order) => IsElementwise ? this : null;

    /// <summary>True when every output element depends on the elements at the same place only, so that layout changes may pass through.</summary>
    public virtual bool IsElementwise => false;

    /// <summary>
    /// True when what comes out at a place of the last axis depends on what comes in at the same place of that axis only (inputs may broadcast), and the
    /// operator does not say how long the axis is: places of it can be left out.
    /// </summary>
    /// <param name="rank">Dimensions of the first input.</param>
    public virtual bool IsChannelwise(int rank) => IsElementwise;
}

/// <summary>How an operator takes part in post-training quantisation.</summary>
internal enum QuantizationRule
{
    /// <summary>Stays in float, with conversions around it.</summary>
    Float,

    /// <summary>Has integer kernels; the output gets a range of its own.</summary>
    Integer,

    /// <summary>Has integer kernels that hand values on; the output has the input's scale and zero point.</summary>
    SameAsInput,

    /// <summary>Has integer kernels; the output's scale and zero point are fixed by the operator.</summary>
    Fixed,
}

/// <summary>What an operator asks of its 8-bit inputs and outputs when some change from int8 to uint8.</summary>
internal enum SignRule
{
    /// <summary>All stay as they are.</summary>
    Keep,

    /// <summary>Each may change, because the operator computes with differences to the zero point.</summary>
    Free,

    /// <summary>The inputs change together or not at all; the outputs may change.</summary>
    InputsTogether,

    /// <summary>Inputs and outputs change together or not at all.</summary>
    AllTogether,
}

/// <summary>What <see cref="Operator.Signs"/> depends on.</summary>
/// <param name="Input">The first input.</param>
/// <param name="Output">The first output.</param>
/// <param name="Mode">How accumulators become activations.</param>
internal sealed record SignContext(Value Input, Value Output, RequantizationMode Mode);

/// <summary>The inputs of a node, for shape inference.</summary>
internal sealed class InferenceContext(ImmutableArray<Value?> inputs)
{
    /// <summary>Number of inputs, absent ones included.</summary>
    public int Count => inputs.Length;

    /// <summary>A required input.</summary>
    public Value this[int index] => Optional(index) ?? throw new ModelCompilationException("MC1011", $"Input {index} is missing.",
        "Export the model again with all inputs of this operator.");

    /// <summary>An optional input.</summary>
    public Value? Optional(int index) => index < inputs.Length ? inputs[index] : null;

    /// <summary>Stops with MC2003 unless the value is float32, or integers of 8 or 16 bits that stand for real numbers.</summary>
    public static void RequireReal(Value value)
    {
        if (value.Type != ElementType.Float32 && !value.IsQuantized && !value.IsQuantized16)
            throw new ModelCompilationException("MC2003", $"'{value.Name}' has elements of type {value.Type}, which this operator does not compute with.",
                "Export the model with float32 tensors, or tensors quantised to 8 or 16 bits.");
    }

    /// <summary>Stops with MC1012 when indices that are known now lie outside an axis; negative ones count from its end.</summary>
    public static void RequireWithin(Value indices, int size)
    {
        for (int i = 0; indices.Constant is { } known && i < known.Count; i++)
        {
            double index = known.ToDouble(i);
            Require(index >= -size && index < size, $"Index {index} is not within {size} elements.", "Export the model again with consistent indices.");
        }
    }

    /// <summary>Stops with MC1012 unless the condition holds.</summary>
    public static void Require(bool condition, string reason, string remedy = "Export the model again with consistent shapes.")
    {
        if (!condition) throw new ModelCompilationException("MC1012", reason, remedy);
    }
}

/// <summary>The inputs of a node with their elements, and where it puts its outputs.</summary>
internal sealed class EvaluationContext(Node node, Func<int, Value> values, Func<int, TensorData> data, RequantizationMode mode)
{
    private readonly TensorData?[] _outputs = new TensorData?[node.Outputs.Length];

    /// <summary>How accumulators become activations.</summary>
    public RequantizationMode Mode { get; } = mode;

    /// <summary>What the choice of an implementation depends on.</summary>
    public ChoiceContext Choice { get; } = new(node, values, mode);

    /// <summary>Number of inputs, absent ones included.</summary>
    public int InputCount => node.Inputs.Length;

    /// <summary>Type, shape and quantisation of an input.</summary>
    public Value InputValue(int index) => values(node.Inputs[index]);

    /// <summary>True when the optional input is there.</summary>
    public bool HasInput(int index) => index < node.Inputs.Length && node.Inputs[index] >= 0;

    /// <summary>Elements of an input.</summary>
    public TensorData Input(int index) => data(node.Inputs[index]);

    /// <summary>Type, shape and quantisation of an output.</summary>
    public Value OutputValue(int index) => values(node.Outputs[index]);

    /// <summary>An output, allocated with zeros when it is first asked for.</summary>
    public TensorData Output(int index) => _outputs[index] ??= new TensorData(OutputValue(index).Type, OutputValue(index).Shape);

    /// <summary>Number of outputs.</summary>
    public int OutputCount => _outputs.Length;

    /// <summary>Gives an output.</summary>
    public void SetOutput(int index, TensorData output) => _outputs[index] = output;

    /// <summary>All outputs.</summary>
    public TensorData[] Outputs => [.. Enumerable.Range(0, OutputCount).Select(Output)];
}
