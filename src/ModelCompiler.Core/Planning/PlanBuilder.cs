using System.Reflection;
using System.Security.Cryptography;
using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Planning;

/// <summary>Collects tensors, constants and kernels while a graph is lowered, then gives every tensor its place.</summary>
public sealed class PlanBuilder
{
    /// <summary>Weights start at multiples of this, in bytes.</summary>
    public const int WeightAlignment = 64;

    private readonly List<TensorPlan> _tensors = [];
    private readonly List<int> _buffers = [];
    private readonly Dictionary<int, TensorRef> _ofValue = [];
    private readonly List<byte> _weights = [];
    private readonly Dictionary<string, WeightsRef> _weightsByHash = [];
    private readonly List<DataTable> _tables = [];
    private readonly Dictionary<(ElementType, EquatableArray<double>), DataRef> _tablesByContent = [];
    private readonly List<StepPlan> _steps = [];
    private readonly List<(int Step, TensorRef From, TensorRef To)> _inPlace = [];

    /// <summary>The kernels so far.</summary>
    public IReadOnlyList<StepPlan> Steps => _steps;

    /// <summary>The tensor that holds a value; constants go to the weights.</summary>
    public TensorRef Tensor(Value value)
    {
        if (_ofValue.TryGetValue(value.Id, out TensorRef known)) return known;
        TensorRef tensor = value.Constant is { } constant
            ? AddTensor(value, Weights(constant.Bytes).Offset, isConstant: true)
            : AddTensor(value, 0, isConstant: false);
        _ofValue.Add(value.Id, tensor);
        return tensor;
    }

    /// <summary>The tensor of an output of the model, which lies in the arena: constants are copied there.</summary>
    public TensorRef Output(Value value)
    {
        TensorRef tensor = Tensor(value);
        if (!_tensors[tensor.Id].IsConstant) return tensor;
        TensorRef copy = AddTensor(value with { Constant = null }, 0, isConstant: false);
        Step(value.Name, new LibraryKernel("Movement.Copy", default, EquatableArray.Of(tensor, copy), default, EquatableArray.Of(_tensors[copy.Id].Bytes.ToString(System.Globalization.CultureInfo.InvariantCulture))));
        return copy;
    }

    /// <summary>A buffer that lives for one step.</summary>
    public TensorRef Scratch(ElementType type, int count) => AddTensor(new Value(-1, "scratch", type, new Shape(Math.Max(1, count))), 0, isConstant: false);

    /// <summary>Lets one value be the other's bytes under another type or shape.</summary>
    public void Alias(Value value, Value source)
    {
        TensorRef tensor = Tensor(value);
        TensorRef from = Tensor(source);
        if (_tensors[from.Id].IsConstant) _tensors[tensor.Id] = _tensors[tensor.Id] with { Offset = _tensors[from.Id].Offset, IsConstant = true };
        _buffers[tensor.Id] = _buffers[from.Id];
    }

    /// <summary>Adds constants to the weights blob; equal bytes are stored once.</summary>
    public WeightsRef Weights(byte[] bytes)
    {
        string hash = Convert.ToHexString(SHA256.HashData(bytes));
        if (_weightsByHash.TryGetValue(hash, out WeightsRef known)) return known;
        while (_weights.Count % WeightAlignment != 0) _weights.Add(0);
        var reference = new WeightsRef(_weights.Count, bytes.Length);
        _weights.AddRange(bytes);
        _weightsByHash.Add(hash, reference);
        return reference;
    }

    /// <summary>Adds a small table; equal tables are stored once.</summary>
    /// <param name="kind">Start of its name, such as <c>Bias</c>.</param>
    /// <param name="type">Float32 or an integer type of at most 32 bits.</param>
    /// <param name="values">The entries.</param>
    public DataRef Table(string kind, ElementType type, IEnumerable<double> values)
    {
        EquatableArray<double> items = values.ToEquatableArray();
        if (_tablesByContent.TryGetValue((type, items), out DataRef known)) return known;
        var reference = new DataRef($"{kind}{_tables.Count}");
        _tables.Add(new DataTable(reference.Name, type, items));
        _tablesByContent.Add((type, items), reference);
        return reference;
    }

    /// <summary>Adds a kernel.</summary>
    /// <param name="name">Name of the node it comes from.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="inPlace">Output and input that may share memory when the input is not needed afterwards.</param>
    /// <param name="choice">Why this kernel, where there was a choice.</param>
    public void Step(string name, Kernel kernel, (TensorRef Output, TensorRef Input)? inPlace = null, string choice = "")
    {
        if (inPlace is { } pair) _inPlace.Add((_steps.Count, pair.Input, pair.Output));
        _steps.Add(new StepPlan(name, kernel, choice));
    }

    /// <summary>Places all tensors and gives the plan's parts.</summary>
    public (EquatableArray<TensorPlan> Tensors, long ArenaBytes, byte[] Weights, EquatableArray<DataTable> Tables, EquatableArray<StepPlan> Steps) Build(
        IReadOnlyList<TensorRef> inputs, IReadOnlyList<TensorRef> outputs)
    {
        ShareInPlace(inputs, outputs);
        Dictionary<int, (int First, int Last)> lifetimes = Lifetimes(inputs, outputs);
        List<ArenaPlanner.Buffer> buffers = [.. lifetimes.OrderBy(l => l.Key).Select(l => new ArenaPlanner.Buffer(l.Key, _tensors.Where(t => _buffers[t.Id] == l.Key).Max(t => t.Bytes), l.Value.First, l.Value.Last))];
        (Dictionary<int, long> offsets, long total) = ArenaPlanner.Place(buffers);
        IEnumerable<TensorPlan> placed = _tensors
            .Where(t => t.IsConstant || offsets.ContainsKey(_buffers[t.Id]))
            .Select(t => t.IsConstant ? t : t with { Offset = offsets[_buffers[t.Id]] });
        return (placed.ToEquatableArray(), total, [.. _weights], _tables.ToEquatableArray(), _steps.ToEquatableArray());
    }

    private TensorRef AddTensor(Value value, long offset, bool isConstant)
    {
        int id = _tensors.Count;
        QuantizationParameters? q = value.Quantization is { IsPerTensor: true } perTensor && value.Type.IsInteger() ? perTensor : null;
        _tensors.Add(new TensorPlan(id, value.Name, value.Type, value.Shape.ToEquatableArray(), q?.Scale ?? 0, q?.ZeroPoint ?? 0, offset, isConstant));
        _buffers.Add(id);
        return new TensorRef(id);
    }

    private void ShareInPlace(IReadOnlyList<TensorRef> inputs, IReadOnlyList<TensorRef> outputs)
    {
        foreach ((int step, TensorRef from, TensorRef to) in _inPlace)
        {
            if (_tensors[from.Id].IsConstant || _tensors[from.Id].Bytes != _tensors[to.Id].Bytes) continue;
            Dictionary<int, (int First, int Last)> lifetimes = Lifetimes(inputs, outputs);
            (int a, int b) = (_buffers[from.Id], _buffers[to.Id]);
            if (a == b || lifetimes[a].Last != step || lifetimes[b].First != step) continue;
            for (int i = 0; i < _buffers.Count; i++)
            {
                if (_buffers[i] == b) _buffers[i] = a;
            }
        }
    }

    // From the first step that touches a buffer to the last; inputs from the start, outputs to the end.
    private Dictionary<int, (int First, int Last)> Lifetimes(IReadOnlyList<TensorRef> inputs, IReadOnlyList<TensorRef> outputs)
    {
        var lifetimes = new Dictionary<int, (int First, int Last)>();
        foreach (TensorRef input in inputs) Touch(input, -1);
        for (int i = 0; i < _steps.Count; i++)
        {
            foreach (TensorRef tensor in TensorsOf(_steps[i].Kernel)) Touch(tensor, i);
        }

        foreach (TensorRef output in outputs) Touch(output, _steps.Count);
        return lifetimes;

        void Touch(TensorRef tensor, int step)
        {
            if (!tensor.Exists || _tensors[tensor.Id].IsConstant) return;
            int buffer = _buffers[tensor.Id];
            lifetimes[buffer] = lifetimes.TryGetValue(buffer, out (int First, int Last) l) ? (Math.Min(l.First, step), Math.Max(l.Last, step)) : (step, step);
        }
    }

    private static IEnumerable<TensorRef> TensorsOf(Kernel kernel)
    {
        foreach (PropertyInfo property in kernel.GetType().GetProperties())
        {
            if (property.PropertyType == typeof(TensorRef)) yield return (TensorRef)property.GetValue(kernel)!;
            if (property.PropertyType != typeof(EquatableArray<TensorRef>)) continue;
            foreach (TensorRef tensor in (EquatableArray<TensorRef>)property.GetValue(kernel)!) yield return tensor;
        }
    }
}
