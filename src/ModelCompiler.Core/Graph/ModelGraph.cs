using System.Collections.Immutable;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Graph;

/// <summary>
/// How integers stand for real numbers: real = (integer − zero point) × scale, per tensor or per slice of one axis.
/// </summary>
/// <param name="Scales">One scale, or one per slice.</param>
/// <param name="ZeroPoints">One zero point, or one per slice.</param>
/// <param name="Axis">The axis of the slices; meaningless when there is one scale.</param>
internal sealed record QuantizationParameters(EquatableArray<float> Scales, EquatableArray<int> ZeroPoints, int Axis = 0)
{
    /// <summary>Per-tensor quantisation.</summary>
    public QuantizationParameters(float scale, int zeroPoint)
        : this(EquatableArray.Of(scale), EquatableArray.Of(zeroPoint))
    {
    }

    /// <summary>True when one scale serves the whole tensor.</summary>
    public bool IsPerTensor => Scales.Count == 1;

    /// <summary>The scale of the tensor, or of its first slice.</summary>
    public float Scale => Scales[0];

    /// <summary>The zero point of the tensor, or of its first slice.</summary>
    public int ZeroPoint => ZeroPoints[0];

    /// <summary>Scale of a slice.</summary>
    public float ScaleOf(int slice) => Scales[IsPerTensor ? 0 : slice];

    /// <summary>Zero point of a slice.</summary>
    public int ZeroPointOf(int slice) => ZeroPoints[IsPerTensor ? 0 : slice];
}

/// <summary>Type, shape and quantisation of a value.</summary>
internal sealed record TensorType(ElementType Type, Shape Shape, QuantizationParameters? Quantization = null)
{
    /// <summary>True when a value of this type can hold what an operator computes: which integers stand for real numbers is for quantisation to
    /// choose.</summary>
    internal bool Holds(ElementType computed) => Type == computed || (Quantization is not null && Type.IsInteger() && computed.IsInteger());
}

/// <summary>A tensor in the graph: an input, a constant or the output of one node.</summary>
/// <param name="Id">Number by which nodes refer to it.</param>
/// <param name="Name">Name in the model.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Quantization">How integers stand for real numbers, if they do.</param>
/// <param name="Constant">The elements, when they are known.</param>
internal sealed record Value(int Id, string Name, ElementType Type, Shape Shape, QuantizationParameters? Quantization = null, TensorData? Constant = null)
{
    /// <summary>True for 8-bit integers that stand for real numbers.</summary>
    public bool IsQuantized => Quantization is not null && Type.IsByte();

    /// <summary>True for 16-bit integers that stand for real numbers; they are computed as in the TFLite reference kernels.</summary>
    public bool IsQuantized16 => Quantization is not null && Type == ElementType.Int16;

    /// <summary>True for integers of any width that stand for real numbers with one scale.</summary>
    public bool IsAffine => Quantization is { IsPerTensor: true } && Type.IsInteger();

    /// <summary>Per-tensor scale and zero point of a quantised value.</summary>
    /// <exception cref="ModelCompilationException">MC2003: the value has none.</exception>
    public QuantizationParameters Q => Quantization ?? throw new ModelCompilationException("MC2003", $"'{Name}' has no scale, which this operator needs.",
        "Convert the model again, with scales for all quantised tensors.");

    /// <summary>Type, shape and quantisation.</summary>
    public TensorType TensorType => new(Type, Shape, Quantization);
}

/// <summary>An operator applied to values.</summary>
/// <param name="Name">Name in the model, for people.</param>
/// <param name="Origin">What it was in the model, such as <c>Conv, opset 13</c>.</param>
/// <param name="Operator">The operator with its attributes.</param>
/// <param name="Inputs">Values by number; −1 stands for an optional input that is absent.</param>
/// <param name="Outputs">Values by number.</param>
internal sealed record Node(string Name, string Origin, Operator Operator, ImmutableArray<int> Inputs, ImmutableArray<int> Outputs)
{
    /// <summary>Name and origin as messages give them.</summary>
    public string Label => $"'{Name}' ({Origin})";

    /// <summary>The name for lists; where a converter joined the names of all nodes it fused, the first tells enough.</summary>
    public string ShortName => Name.Split(';')[0];
}

/// <summary>A tensor that lives from run to run.</summary>
/// <param name="Name">Name in the model.</param>
/// <param name="Current">The value at the start of a run: computed by no node.</param>
/// <param name="Next">The value that it has at the end of the run, of the same type and shape.</param>
/// <param name="Initial">The content before the first run and after a reset.</param>
internal sealed record StateVariable(string Name, int Current, int Next, TensorData Initial);

/// <summary>
/// A network: nodes in an order in which every value is computed before it is used. Immutable; passes make new graphs with <see cref="GraphEditor"/>.
/// </summary>
/// <param name="Values">All values by number.</param>
/// <param name="Nodes">The nodes, in topological order.</param>
/// <param name="Inputs">Inputs of the model, in order.</param>
/// <param name="Outputs">Outputs of the model, in order.</param>
internal sealed record ModelGraph(ImmutableDictionary<int, Value> Values, ImmutableArray<Node> Nodes, ImmutableArray<int> Inputs, ImmutableArray<int> Outputs)
{
    /// <summary>Name of each input, as the user knows it.</summary>
    public IEnumerable<Value> InputValues => Inputs.Select(i => Values[i]);

    /// <summary>Name of each output, as the user knows it.</summary>
    public IEnumerable<Value> OutputValues => Outputs.Select(i => Values[i]);

    /// <summary>Names of the outputs, which survive passes that replace the value.</summary>
    public ImmutableArray<string> OutputNames { get; init; } = [];

    /// <summary>What the numbers or columns of outputs stand for, by name of the output, where the model says so in words.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> OutputLabels { get; init; } = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>What lives from run to run.</summary>
    public ImmutableArray<StateVariable> States { get; init; } = [];

    /// <summary>True when the value is needed after the last node: as an output of the model, or by the next run.</summary>
    public bool IsResult(int id) => Outputs.Contains(id) || States.Any(s => s.Next == id);

    /// <summary>The nodes that use each value; outputs of the model are not counted.</summary>
    public ILookup<int, Node> Consumers() => Nodes.SelectMany(n => n.Inputs.Where(i => i >= 0).Distinct().Select(i => (i, n))).ToLookup(p => p.i, p => p.n);

    /// <summary>The node that computes each value.</summary>
    public Dictionary<int, Node> Producers() => Nodes.SelectMany(n => n.Outputs.Select(o => (o, n))).ToDictionary(p => p.o, p => p.n);
}
