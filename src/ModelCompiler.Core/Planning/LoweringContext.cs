using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Planning;

/// <summary>What an operator needs to add its kernels to the plan.</summary>
/// <param name="node">The node to lower.</param>
/// <param name="graph">The graph.</param>
/// <param name="plan">The plan under construction.</param>
/// <param name="mode">How accumulators become activations.</param>
/// <param name="isas">The instruction sets that kernels must be written for, best first.</param>
/// <param name="wantsSmall">True to pack weights of few bits also where unpacking them takes as long as what they are used for.</param>
internal sealed class LoweringContext(Node node, ModelGraph graph, PlanBuilder plan, RequantizationMode mode, IReadOnlyList<Isa> isas, bool wantsSmall = false)
    : IKernelParts
{
    // Weights of more bits stay bytes: little is gained. So do few weights, and those that are used fewer times than unpacking them costs.
    private const int MostPackedBits = 6, FewestPacked = 512, FewestUses = 16;

    /// <summary>The instruction sets that kernels must be written for, best first.</summary>
    public IReadOnlyList<Isa> Isas { get; } = isas;

    /// <summary>How accumulators become activations.</summary>
    public RequantizationMode Mode { get; } = mode;

    /// <summary>What the choice of an implementation depends on.</summary>
    public ChoiceContext Choice { get; } = new(node, id => graph.Values[id], mode);

    /// <summary>The node being lowered.</summary>
    public Node Node { get; } = node;

    /// <summary>Number of inputs, absent ones included.</summary>
    public int InputCount => Node.Inputs.Length;

    /// <summary>An input.</summary>
    public Value Input(int index) => graph.Values[Node.Inputs[index]];

    /// <summary>True when the optional input is there.</summary>
    public bool HasInput(int index) => index < Node.Inputs.Length && Node.Inputs[index] >= 0;

    /// <summary>An output.</summary>
    public Value Output(int index) => graph.Values[Node.Outputs[index]];

    /// <summary>Number of outputs.</summary>
    public int OutputCount => Node.Outputs.Length;

    /// <summary>The tensor of an input; constants live in the weights.</summary>
    public TensorRef In(int index) => plan.Tensor(Input(index));

    /// <summary>The tensor of an output.</summary>
    public TensorRef Out(int index) => plan.Tensor(Output(index));

    /// <summary>A buffer that lives for one step.</summary>
    public TensorRef Scratch(ElementType type, int count) => plan.Scratch(type, count);

    /// <summary>Adds a constant to the weights, as a tensor.</summary>
    public TensorRef Constant(TensorData data) => plan.Constant(Node.Name, data);

    /// <summary>Adds constants to the weights blob.</summary>
    public WeightsRef Weights(byte[] bytes) => plan.Weights(bytes);

    /// <summary>
    /// Adds float weights in a kernel's order: those that half precision holds exactly as such, where that is wanted or widening them costs little beside
    /// what they are used for.
    /// </summary>
    /// <param name="bytes">The weights, float32.</param>
    /// <param name="takesHalves">True when the kernel can read half precision itself, which is better where weights are used few times.</param>
    /// <returns>The weights, and whether the kernel gets them in half precision.</returns>
    public (WeightsRef Weights, bool AreHalves) FloatWeights(byte[] bytes, bool takesHalves)
    {
        int count = bytes.Length / sizeof(float);
        if (count < FewestPacked || (Uses < FewestUses && !wantsSmall) || HalfPrecision.Exactly(MemoryMarshal.Cast<byte, float>(bytes)) is not { } halves)
            return (plan.Weights(bytes), false);
        if (takesHalves && Uses < FewestUses) return (plan.Weights(halves), true);
        TensorRef wide = Scratch(ElementType.Float32, count);
        plan.Step(Node.Name, new WidenHalves(plan.Weights(halves), wide, count));
        return (new WeightsRef(wide), false);
    }

    /// <summary>Adds a small table, emitted in its natural type.</summary>
    public DataRef Table(string kind, ElementType type, IEnumerable<double> values) => plan.Table(kind, type, values);

    /// <summary>Adds a table of bytes that <see cref="LookupInt8"/> reads.</summary>
    public DataRef LookupTable(byte[] table) => Table("Lookup", ElementType.UInt8, table.Select(b => (double)b));

    /// <summary>Adds a kernel.</summary>
    public void Emit(Kernel kernel) => plan.Step(Node.Name, kernel);

    /// <summary>Adds the kernel of an offer, with the reason for it.</summary>
    public void Emit(KernelOffer offer) => plan.Step(Node.Name, offer.Make(this), choice: offer.Reason);

    /// <summary>Adds a kernel that reads each element before it writes the element at the same place, so that both may share memory.</summary>
    public void EmitInPlace(Kernel kernel, int input = 0) => EmitInPlace(kernel, (0, input));

    /// <summary>Adds a kernel some of whose outputs may share memory with an input.</summary>
    public void EmitInPlace(Kernel kernel, params ReadOnlySpan<(int Output, int Input)> pairs)
    {
        var tensors = new (TensorRef, TensorRef)[pairs.Length];
        for (int i = 0; i < pairs.Length; i++) tensors[i] = (Out(pairs[i].Output), In(pairs[i].Input));
        plan.Step(Node.Name, kernel, "", tensors);
    }

    /// <summary>Lets the output be the input's bytes under another shape.</summary>
    public void AliasOutput() => plan.Alias(Output(0), Input(0));

    // How often a weight of the layer is multiplied.
    private int Uses => Output(0).Shape.Elements / Math.Max(1, Output(0).Shape[-1]);

    /// <summary>Requantisation factors as tables: float factors, or Q31 multipliers and shifts.</summary>
    /// <param name="factors">Real factor per channel; padding entries are 0.</param>
    public (DataRef Scale, DataRef Shift) RequantizationTables(IReadOnlyList<double> factors)
    {
        if (Mode == RequantizationMode.Float) return (Table("Scale", ElementType.Float32, factors.Select(f => (double)(float)f)), DataRef.None);
        List<(int Multiplier, int Shift)> fixedPoint = [.. factors.Select(Requantization.QuantizeMultiplier)];
        return (Table("Multiplier", ElementType.Int32, fixedPoint.Select(f => (double)f.Multiplier)),
            Table("Shift", ElementType.Int32, fixedPoint.Select(f => (double)f.Shift)));
    }

    WeightsRef IKernelParts.Weights(byte[] bytes, ElementType type)
    {
        int[] weights = new TensorData(type, new Shape(bytes.Length / type.Size()), bytes).ToInt32s();
        if (weights.Length < FewestPacked || (Uses < FewestUses && !wantsSmall)) return plan.Weights(bytes);
        int bits = NarrowWeights.BitsOf(weights), indexBits = WeightCodebook.BitsOf(weights);
        int plainBytes = bits <= MostPackedBits ? NarrowWeights.PackedBytes(weights.Length, bits) : bytes.Length;
        bool hasCodebook = indexBits <= WeightCodebook.MostBits && WeightCodebook.PackedBytes(weights.Length, indexBits, type) < plainBytes;
        if (bits > MostPackedBits && !hasCodebook) return plan.Weights(bytes);
        if (hasCodebook) bits = indexBits;
        TensorRef unpacked = Scratch(type, NarrowWeights.PaddedCount(weights.Length));
        WeightsRef packed = plan.Weights(hasCodebook ? WeightCodebook.Pack(weights, bits, type) : NarrowWeights.Pack(weights, bits));
        plan.Step(Node.Name, new UnpackWeights(packed, unpacked, bits, NarrowWeights.PaddedCount(weights.Length) / NarrowWeights.Group, hasCodebook));
        return new WeightsRef(unpacked);
    }

    WeightsRef IKernelParts.Constants(byte[] bytes) => plan.Weights(bytes);

    TensorRef IKernelParts.In => In(0);

    TensorRef IKernelParts.Out => Out(0);

    (DataRef Scale, DataRef Shift) IKernelParts.Requantization(IReadOnlyList<double> factors) => RequantizationTables(factors);

    /// <summary>Stops with MC2002: the operator is known, but not for these types.</summary>
    public ModelCompilationException Unsupported(string what, string remedy) => new("MC2002", $"{what} is not supported.", remedy, Node.Label);
}
