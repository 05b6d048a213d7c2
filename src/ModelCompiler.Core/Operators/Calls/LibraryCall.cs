using System.Globalization;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// A call of a routine of the library, the implementation that most operators choose. The reference interpreter runs the routine itself and generated code
/// holds its source, so that both compute the same bits. Arguments are pointers to inputs and outputs, then scratch memory, then tables, then numbers.
/// </summary>
/// <param name="routine">Class and method.</param>
/// <param name="types">Type arguments as C#.</param>
internal sealed class LibraryCall(string routine, params IEnumerable<string> types) : Implementation
{
    private readonly List<(string Kind, ElementType Type, double[] Values)> _tables = [];
    private readonly List<object> _numbers = [];
    private readonly List<(char Kind, int Index)> _tensors = [];
    private readonly List<(ElementType Type, int Count)> _scratch = [];

    private readonly List<TensorData> _weights = [];
    private readonly List<(int Output, int Input)> _inPlace = [];
    private long _work;

    /// <summary>Class and method.</summary>
    public string Routine { get; } = routine;

    /// <summary>Type arguments as C#.</summary>
    public IReadOnlyList<string> Types { get; } = [.. types];

    /// <inheritdoc/>
    public override long Work => _work;

    /// <summary>Inputs ('i'), outputs ('o'), scratch memory ('s') and constants ('w') by number; −1 for none.</summary>
    internal IReadOnlyList<(char Kind, int Index)> Tensors => _tensors;

    /// <summary>Types and sizes of the scratch memory.</summary>
    internal IReadOnlyList<(ElementType Type, int Count)> ScratchMemory => _scratch;

    /// <summary>The constants.</summary>
    internal IReadOnlyList<TensorData> Constants => _weights;

    /// <summary>The tables.</summary>
    internal IReadOnlyList<(string Kind, ElementType Type, double[] Values)> Tables => _tables;

    /// <summary>The numbers.</summary>
    internal IReadOnlyList<object> Numbers => _numbers;

    /// <summary>Passes inputs.</summary>
    public LibraryCall In(params ReadOnlySpan<int> indices) => Add('i', indices);

    /// <summary>Passes an input, or null when the optional input is absent.</summary>
    public LibraryCall InOrNull(ChoiceContext context, int index) => Add('i', [context.HasInput(index) ? index : -1]);

    /// <summary>Passes outputs.</summary>
    public LibraryCall Out(params ReadOnlySpan<int> indices) => Add('o', indices);

    /// <summary>Passes null.</summary>
    public LibraryCall Null() => Add('i', [-1]);

    /// <summary>Passes memory that lives for this call.</summary>
    public LibraryCall Scratch(ElementType type, int count)
    {
        _scratch.Add((type, Math.Max(count, 1)));
        return Add('s', [_scratch.Count - 1]);
    }

    /// <summary>Passes constants, which lie in the weights.</summary>
    public LibraryCall Weights(TensorData data)
    {
        _weights.Add(data);
        return Add('w', [_weights.Count - 1]);
    }

    /// <summary>Says that outputs may lie in the memory of inputs that are not needed afterwards: the routine copes with both.</summary>
    public LibraryCall InPlace(params ReadOnlySpan<(int Output, int Input)> pairs)
    {
        _inPlace.AddRange(pairs);
        return this;
    }

    /// <summary>Passes a table of 16-bit integers.</summary>
    public LibraryCall ShortTable(string kind, IEnumerable<double> values)
    {
        _tables.Add((kind, ElementType.Int16, [.. values]));
        return this;
    }

    /// <summary>Passes a table of integers.</summary>
    public LibraryCall Table(string kind, params IEnumerable<int> values)
    {
        double[] items = [.. values.Select(v => (double)v)];
        _tables.Add((kind, ElementType.Int32, items.Length == 0 ? [0] : items));
        return this;
    }

    /// <summary>Passes a table of float32.</summary>
    public LibraryCall FloatTable(string kind, IEnumerable<float> values)
    {
        double[] items = [.. values.Select(v => (double)v)];
        _tables.Add((kind, ElementType.Float32, items.Length == 0 ? [0] : items));
        return this;
    }

    /// <summary>Says how many multiply-accumulate operations there are, or others where their number is not that of the elements.</summary>
    public LibraryCall Costs(long macs)
    {
        _work = macs;
        return this;
    }

    /// <summary>Passes numbers: int, long, float, double or bool.</summary>
    public LibraryCall Number(params ReadOnlySpan<object> values)
    {
        _numbers.AddRange(values);
        return this;
    }

    /// <inheritdoc/>
    internal override void Evaluate(EvaluationContext context) => LibraryRuntime.Run(this, context);

    /// <inheritdoc/>
    internal override void Lower(LoweringContext context)
    {
        LibraryRuntime.Bind(this, context.Input, context.Output);
        TensorRef[] scratch = [.. _scratch.Select(s => context.Scratch(s.Type, s.Count))];
        var kernel = new LibraryKernel(
            Routine,
            Types.ToEquatableArray(),
            _tensors.Select(t => t.Index < 0 ? TensorRef.None : t.Kind == 'i' ? context.In(t.Index) : t.Kind == 'o' ? context.Out(t.Index) : t.Kind == 's'
                ? scratch[t.Index] : context.Constant(_weights[t.Index])).ToEquatableArray(),
            _tables.Select(t => context.Table(t.Kind, t.Type, t.Values)).ToEquatableArray(),
            _numbers.Select(Literal).ToEquatableArray(),
            Work);
        context.EmitInPlace(kernel, [.. _inPlace]);
    }

    private static string Literal(object number) => number switch
    {
        bool b => b ? "true" : "false",
        int i => i.ToString(CultureInfo.InvariantCulture),
        long.MinValue => "long.MinValue",
        long l => l.ToString(CultureInfo.InvariantCulture) + "L",
        float f => Literals.Float(f),
        double.PositiveInfinity => "double.PositiveInfinity",
        double.NegativeInfinity => "double.NegativeInfinity",
        double d => double.IsNaN(d) ? "double.NaN" : d.ToString("R", CultureInfo.InvariantCulture) + "d",
        _ => throw new ArgumentException($"A routine cannot take a {number.GetType()}."),
    };

    private LibraryCall Add(char kind, ReadOnlySpan<int> indices)
    {
        foreach (int index in indices) _tensors.Add((kind, index));
        return this;
    }
}
