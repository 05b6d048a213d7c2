using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.Tool.Engines;

/// <summary>Computes a network by its generated code, on this machine, just-in-time compiled. One thread at a time.</summary>
internal sealed class GeneratedEngine : IEngine
{
    private readonly ModelPlan _plan;
    private readonly GeneratedAssembly _code;
    private readonly GeneratedAssembly? _assembly;
    private readonly IDisposable _model;
    private readonly Action<object, byte[][], byte[][]> _real;
    private readonly Action<object, byte[][], byte[][]> _raw;
    private readonly Action<object> _reset;

    /// <summary>Generates, compiles and loads the class.</summary>
    /// <param name="plan">The plan. It passes through its text form, as on its way to the generator.</param>
    /// <param name="weights">The weights blob.</param>
    /// <exception cref="ModelCompilationException">MC4001, MC4002: a defect of the compiler; MC5003: this machine cannot run code for the target.</exception>
    public GeneratedEngine(ModelPlan plan, ReadOnlyMemory<byte> weights)
        : this(plan, GeneratedAssembly.Load(Sources(plan),
            plan.Weights.IsAssembly ? (plan.Weights.Assembly,
                WeightsAssembly.Write(plan.Weights.Assembly, WeightStorage.TypeNamespace, plan.Weights.TypeName, weights.Span)) : null), ownsAssembly: true)
    {
    }

    // Looks the class up in an assembly, which may hold others too.
    private GeneratedEngine(ModelPlan plan, GeneratedAssembly assembly, bool ownsAssembly)
    {
        (_plan, _code) = (plan, assembly);
        Inputs = [.. plan.Inputs.Select(e => EngineEdge.Of(plan, e))];
        Outputs = [.. plan.Outputs.Select(e => EngineEdge.Of(plan, e))];
        IsStateful = plan.States.Count > 0;
        _assembly = ownsAssembly ? assembly : null;
        Type adapter = assembly.Assembly.GetType(AdapterSource.TypeName(plan), throwOnError: true)!;
        _real = adapter.GetMethod(AdapterSource.RealMethod)!.CreateDelegate<Action<object, byte[][], byte[][]>>();
        _raw = adapter.GetMethod(AdapterSource.RawMethod)!.CreateDelegate<Action<object, byte[][], byte[][]>>();
        _reset = adapter.GetMethod(AdapterSource.ResetMethod)!.CreateDelegate<Action<object>>();
        try
        {
            _model = adapter.GetMethod(AdapterSource.CreateMethod)!.CreateDelegate<Func<IDisposable>>()();
        }
        catch (PlatformNotSupportedException e)
        {
            _assembly?.Dispose();
            throw new ModelCompilationException("MC5003", $"The generated code cannot run here: {e.Message}",
                "Name another target, or use the reference engine.");
        }
    }

    /// <summary>Another instance of the same class, for another thread; it may be used as long as this one.</summary>
    public GeneratedEngine Another() => new(_plan, _code, ownsAssembly: false);

    /// <summary>
    /// Compiles many networks at once, which saves most of the C# compiler's time. Their classes have different full names and their weights are inline.
    /// </summary>
    /// <param name="plans">Plans of the networks.</param>
    /// <param name="change">Changes the C# files by name, before they are compiled; for tests.</param>
    /// <returns>The assembly, which outlives its engines, and how to make one.</returns>
    /// <exception cref="ModelCompilationException">MC4001, MC4002: something does not compile.</exception>
    internal static (IDisposable Assembly, Func<ModelPlan, GeneratedEngine> Create) Batch(IReadOnlyList<ModelPlan> plans, Func<Dictionary<string, string>,
        Dictionary<string, string>>? change = null)
    {
        Dictionary<string, string> sources = plans.SelectMany(Sources).ToDictionary();
        GeneratedAssembly assembly = GeneratedAssembly.Load(change is null ? sources : change(sources), null);
        return (assembly, plan => new GeneratedEngine(plan, assembly, ownsAssembly: false));
    }

    /// <summary>The same, but null when something does not compile.</summary>
    internal static (IDisposable Assembly, Func<ModelPlan, GeneratedEngine> Create)? TryBatch(IReadOnlyList<ModelPlan> plans)
    {
        try
        {
            return Batch(plans);
        }
        catch (Exception e) when (e is ModelCompilationException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Dictionary<string, string> Sources(ModelPlan plan)
    {
        string name = $"{plan.Namespace}.{plan.ClassName}";
        Dictionary<string, string> sources = ModelEmitter.EmitFiles(ReadBack(plan)).ToDictionary(f => name + f.Suffix, f => f.Text);
        sources.Add(name + ".Adapter.cs", AdapterSource.Write(plan, [.. plan.Inputs.Select(e => EngineEdge.Of(plan, e))],
            [.. plan.Outputs.Select(e => EngineEdge.Of(plan, e))]));
        return sources;
    }

    /// <inheritdoc/>
    public IReadOnlyList<EngineEdge> Inputs { get; }

    /// <inheritdoc/>
    public IReadOnlyList<EngineEdge> Outputs { get; }

    /// <inheritdoc/>
    public bool IsThreadSafe => false;

    /// <inheritdoc/>
    public bool IsStateful { get; }

    /// <inheritdoc/>
    public void Reset() => _reset(_model);

    /// <summary>The generated class.</summary>
    public Type ModelType => _model.GetType();

    /// <inheritdoc/>
    public IReadOnlyList<TensorData> RunReal(IReadOnlyList<TensorData> inputs) => Run(_real, inputs, e => e.RealType);

    /// <inheritdoc/>
    public IReadOnlyList<TensorData> RunRaw(IReadOnlyList<TensorData> inputs) => Run(_raw, inputs, e => e.Type);

    /// <summary>The fixed-point entry on buffers of the caller, without any allocation.</summary>
    /// <param name="inputs">Bytes of each input.</param>
    /// <param name="outputs">Receive the bytes of each output.</param>
    public void RunRaw(byte[][] inputs, byte[][] outputs) => _raw(_model, inputs, outputs);

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
        _assembly?.Dispose();
    }

    private TensorData[] Run(Action<object, byte[][], byte[][]> run, IReadOnlyList<TensorData> inputs, Func<EngineEdge, ElementType> type)
    {
        for (int i = 0; i < inputs.Count; i++)
        {
            if (inputs[i].Type != type(Inputs[i]))
                throw new ArgumentException($"Input '{Inputs[i].Name}' is {type(Inputs[i])}, not {inputs[i].Type}.", nameof(inputs));
        }

        TensorData[] outputs = [.. Outputs.Select(e => new TensorData(type(e), e.Shape))];
        run(_model, [.. inputs.Select(t => t.Bytes)], [.. outputs.Select(t => t.Bytes)]);
        return outputs;
    }

    private static ModelPlan ReadBack(ModelPlan plan)
    {
        try
        {
            return PlanText.ReadAndCheck(PlanText.Write(plan), read => read);
        }
        catch (PlanFormatException e)
        {
            throw new ModelCompilationException("MC4001", $"The plan cannot be read back: line {e.Line}: {e.Message}",
                "This is a defect of ModelCompiler; please report it with the model.");
        }
    }
}
