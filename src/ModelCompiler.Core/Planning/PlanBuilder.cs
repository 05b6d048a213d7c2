using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Planning;

/// <summary>Collects tensors, constants and kernels while a graph is lowered, then gives every tensor its place.</summary>
internal sealed class PlanBuilder
{
    /// <summary>Weights start at multiples of this, in bytes.</summary>
    public const int WeightAlignment = 64;

    // Bytes of a table that people may want to read in the generated file.
    private const int LargestInlineTable = 16 * 1024;

    // Tables of so few entries stay where people see them; those of bytes too, of which kernels write code.
    private const int ReadableEntries = 16;

    private readonly List<TensorPlan> _tensors = [];
    private readonly List<int> _buffers = [];
    private readonly Dictionary<int, TensorRef> _ofValue = [];
    private readonly List<byte> _weights = [];
    private readonly Dictionary<string, WeightsRef> _weightsByHash = [];
    private readonly List<DataTable> _tables = [];
    private readonly Dictionary<(ElementType, EquatableArray<double>), DataRef> _tablesByContent = [];
    private readonly List<StepPlan> _steps = [];
    private readonly List<int> _units = []; // of a step: the number of the node it belongs to
    private readonly List<(int Step, TensorRef From, TensorRef To)> _inPlace = [];
    private readonly List<(TensorRef Current, TensorRef Next, WeightsRef Initial)> _states = [];
    private int _node;
    private int _nextConstant = -2; // numbers of values that no graph has

    /// <summary>The kernels so far.</summary>
    public IReadOnlyList<StepPlan> Steps => _steps;

    /// <summary>Begins the steps of another node, which may run earlier or later than those of others.</summary>
    public void BeginNode() => _node++;

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
        BeginNode();
        Copy(tensor, copy);
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

    /// <summary>Adds a table; equal tables are stored once, and large ones in the weights.</summary>
    /// <param name="kind">Start of its name, such as <c>Bias</c>.</param>
    /// <param name="type">Float32 or an integer type of at most 32 bits.</param>
    /// <param name="values">The entries.</param>
    public DataRef Table(string kind, ElementType type, IEnumerable<double> values)
    {
        EquatableArray<double> items = values.ToEquatableArray();
        if (_tablesByContent.TryGetValue((type, items), out DataRef known)) return known;
        var reference = new DataRef($"{kind}{_tables.Count}");
        _tables.Add(items.Count * type.Size() <= LargestInlineTable ? new DataTable(reference.Name, type, items)
            : new DataTable(reference.Name, type, default, Weights(Bytes(type, items))));
        _tablesByContent.Add((type, items), reference);
        return reference;
    }

    private static byte[] Bytes(ElementType type, EquatableArray<double> items)
    {
        var data = new TensorData(type, new Shape(items.Count));
        for (int i = 0; i < items.Count; i++) data.Set(i, items[i]);
        return data.Bytes;
    }

    /// <summary>Adds a kernel.</summary>
    /// <param name="name">Name of the node it comes from.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="choice">Why this kernel, where there was a choice.</param>
    /// <param name="inPlace">Outputs and inputs that may share memory when the input is not needed afterwards.</param>
    public void Step(string name, Kernel kernel, string choice = "", params ReadOnlySpan<(TensorRef Output, TensorRef Input)> inPlace)
    {
        foreach ((TensorRef output, TensorRef input) in inPlace) _inPlace.Add((_steps.Count, input, output));
        _steps.Add(new StepPlan(name, kernel, choice));
        _units.Add(_node);
    }

    /// <summary>Adds a constant to the weights, as a tensor.</summary>
    public TensorRef Constant(string name, TensorData data) => Tensor(new Value(_nextConstant--, name, data.Type, data.Shape, null, data));

    /// <summary>Adds a tensor that lives from run to run.</summary>
    /// <param name="current">Its value at the start of a run.</param>
    /// <param name="next">Its value at the end of a run.</param>
    /// <param name="initial">Its content before the first run.</param>
    public void State(Value current, Value next, TensorData initial) =>
        _states.Add((Tensor(current), Tensor(next), initial.Bytes.All(b => b == 0) ? default : Weights(initial.Bytes)));

    /// <summary>Places all tensors and gives the plan's parts.</summary>
    public PlanParts Build(IReadOnlyList<TensorRef> inputs, IReadOnlyList<TensorRef> outputs)
    {
        OrderSteps(inputs, outputs);
        ShareInPlace(inputs, outputs);
        outputs = KeepState(outputs);
        Dictionary<int, (int First, int Last)> lifetimes = Lifetimes(inputs, outputs);
        var offsets = new Dictionary<int, long>();
        long stateBytes = 0;
        foreach ((TensorRef current, _, _) in _states)
        {
            int buffer = _buffers[current.Id];
            offsets.Add(buffer, stateBytes);
            lifetimes.Remove(buffer);
            stateBytes += ArenaPlanner.Align(BytesOf(buffer));
        }

        List<ArenaPlanner.Buffer> buffers = [.. lifetimes.OrderBy(l => l.Key)
            .Select(l => new ArenaPlanner.Buffer(l.Key, BytesOf(l.Key), l.Value.First, l.Value.Last))];
        (Dictionary<int, long> reused, long total) = ArenaPlanner.Place(buffers);
        foreach ((int buffer, long offset) in reused) offsets.Add(buffer, stateBytes + offset);
        IEnumerable<TensorPlan> placed = _tensors
            .Where(t => t.IsConstant || offsets.ContainsKey(_buffers[t.Id]))
            .Select(t => t.IsConstant ? t : t with { Offset = offsets[_buffers[t.Id]] });

        // Where there is an assembly of weights, tables lie there too: nobody reads thousands of numbers, and the C# compiler need not.
        EquatableArray<DataTable> tables = _weights.Count <= WeightStorage.InlineLimit ? _tables.ToEquatableArray()
            : _tables.Select(t => t.Values.Count <= ReadableEntries || t.Type.Size() == 1 ? t
                : new DataTable(t.Name, t.Type, default, Weights(Bytes(t.Type, t.Values)))).ToEquatableArray();
        return new PlanParts(
            placed.ToEquatableArray(), stateBytes + total, [.. _weights], tables, _steps.ToEquatableArray(), outputs,
            _states.Select(s => new StatePlan(s.Current, s.Initial)).ToEquatableArray(),
            [.. _steps.Select((_, step) => stateBytes + ArenaPlanner.LiveBytes(buffers, step))]);
    }

    private long BytesOf(int buffer) => _tensors.Where(t => _buffers[t.Id] == buffer).Max(t => t.Bytes);

    // What a state becomes goes to the state's own memory: by itself where the last kernel writes there, else with a copy after the last kernel.
    private List<TensorRef> KeepState(IReadOnlyList<TensorRef> outputs)
    {
        List<TensorRef> results = [.. outputs];
        var moved = _states.Where(s => IsMoved(s.Current, s.Next)).ToList();
        HashSet<int> overwritten = [.. moved.Select(s => _buffers[s.Current.Id])];

        // First out of the way of the copies, then the copies.
        for (int i = 0; i < results.Count; i++)
        {
            if (overwritten.Contains(_buffers[results[i].Id])) results[i] = Copy(results[i], Like(results[i]));
        }

        var next = moved.ConvertAll(s => overwritten.Contains(_buffers[s.Next.Id]) ? Copy(s.Next, Like(s.Next)) : s.Next);
        for (int i = 0; i < moved.Count; i++) Copy(next[i], moved[i].Current);
        return results;

        TensorRef Like(TensorRef tensor)
        {
            int id = _tensors.Count;
            _tensors.Add(_tensors[tensor.Id] with { Id = id, IsConstant = false });
            _buffers.Add(id);
            return new TensorRef(id);
        }
    }

    private TensorRef Copy(TensorRef from, TensorRef to)
    {
        Step(_tensors[from.Id].Name, new LibraryKernel("Movement.Copy", default, EquatableArray.Of(from, to), default,
            EquatableArray.Of(_tensors[from.Id].Bytes.ToString(CultureInfo.InvariantCulture))));
        return to;
    }

    private bool IsMoved(TensorRef current, TensorRef next) => _tensors[next.Id].IsConstant || _buffers[current.Id] != _buffers[next.Id];

    private TensorRef AddTensor(Value value, long offset, bool isConstant)
    {
        int id = _tensors.Count;
        QuantizationParameters? q = value.Quantization is { IsPerTensor: true } perTensor && value.Type.IsInteger() ? perTensor : null;
        _tensors.Add(new TensorPlan(id, value.Name, value.Type, value.Shape.ToEquatableArray(), q?.Scale ?? 0, q?.ZeroPoint ?? 0, offset, isConstant));
        _buffers.Add(id);
        return new TensorRef(id);
    }

    // Nodes in the order in which less is alive at once, where there is one; the steps of a node stay together.
    private void OrderSteps(IReadOnlyList<TensorRef> inputs, IReadOnlyList<TensorRef> outputs)
    {
        int[] nodes = [.. _units.Distinct()];
        ILookup<int, int> stepsOf = _units.Select((node, step) => (node, step)).ToLookup(u => u.node, u => u.step);
        ILookup<int, (int From, int To)> inPlaceOf = _inPlace.Where(p => !_tensors[p.From.Id].IsConstant)
            .ToLookup(p => _units[p.Step], p => (_buffers[p.From.Id], _buffers[p.To.Id]));
        HashSet<int> states = [.. _states.Select(s => _buffers[s.Current.Id])];
        StepOrder.Unit[] units = [.. nodes.Select(n => new StepOrder.Unit(
            [.. stepsOf[n].SelectMany(s => BuffersOf(_steps[s].Kernel)).Distinct()], [.. inPlaceOf[n].Where(p => p.From != p.To)]))];
        Dictionary<int, long> bytes = units.SelectMany(u => u.Buffers).Concat(Buffers(inputs)).Concat(states).Distinct().ToDictionary(b => b, BytesOf);
        int[]? order = StepOrder.Find(units, b => bytes[b], Buffers(inputs).Concat(states).ToHashSet(),
            Buffers(outputs).Concat(states).Concat(_states.Select(s => _buffers[s.Next.Id])).ToHashSet());
        if (order is null) return;

        int[] steps = [.. order.SelectMany(u => stepsOf[nodes[u]])];
        int[] placeOf = new int[steps.Length];
        for (int i = 0; i < steps.Length; i++) placeOf[steps[i]] = i;
        StepPlan[] before = [.. _steps];
        for (int i = 0; i < steps.Length; i++) _steps[i] = before[steps[i]];
        var pairs = _inPlace.Select(p => p with { Step = placeOf[p.Step] }).OrderBy(p => p.Step).ToList();
        _inPlace.Clear();
        _inPlace.AddRange(pairs);
    }

    private IEnumerable<int> BuffersOf(Kernel kernel) => Buffers(TensorsOf(kernel));

    private IEnumerable<int> Buffers(IEnumerable<TensorRef> tensors) =>
        tensors.Where(t => t.Exists && !_tensors[t.Id].IsConstant).Select(t => _buffers[t.Id]);

    private void ShareInPlace(IReadOnlyList<TensorRef> inputs, IReadOnlyList<TensorRef> outputs)
    {
        foreach ((int step, TensorRef from, TensorRef to) in _inPlace)
        {
            if (_tensors[from.Id].IsConstant || _tensors[from.Id].Bytes != _tensors[to.Id].Bytes) continue;
            Dictionary<int, (int First, int Last)> lifetimes = Lifetimes(inputs, outputs);
            (int a, int b) = (_buffers[from.Id], _buffers[to.Id]);
            if (a == b || lifetimes[a].Last != step || lifetimes[b].First != step) continue;

            // The memory of a state is for what the state becomes.
            if (_states.Any(s => _buffers[s.Current.Id] == b || (_buffers[s.Current.Id] == a && _buffers[s.Next.Id] != b))) continue;
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
        foreach ((TensorRef current, TensorRef next, _) in _states)
        {
            Touch(current, -1);
            Touch(next, _steps.Count);
        }

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
            IEnumerable<TensorRef> list = property.GetValue(kernel) switch
            {
                WeightsRef weights => [weights.Tensor],
                EquatableArray<TensorRef> tensors => tensors,
                _ => [],
            };
            foreach (TensorRef tensor in list) yield return tensor;
        }
    }
}

/// <summary>The parts of a plan that planning makes.</summary>
/// <param name="Tensors">All tensors, placed.</param>
/// <param name="ArenaBytes">Bytes of working memory, state included.</param>
/// <param name="Weights">The weights blob.</param>
/// <param name="Tables">Small tables.</param>
/// <param name="Steps">The kernels.</param>
/// <param name="Outputs">Where the outputs are.</param>
/// <param name="States">What lives from run to run.</param>
/// <param name="LiveBytes">Bytes of working memory in use at each kernel: none can do with less than the most of them.</param>
internal sealed record PlanParts(
    EquatableArray<TensorPlan> Tensors, long ArenaBytes, byte[] Weights, EquatableArray<DataTable> Tables, EquatableArray<StepPlan> Steps,
    IReadOnlyList<TensorRef> Outputs, EquatableArray<StatePlan> States, IReadOnlyList<long> LiveBytes);
