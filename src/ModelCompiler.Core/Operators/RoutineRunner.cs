using System.Reflection;
using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.Core.Operators;

/// <summary>An operator that is computed by routines: one description of the calls serves the reference interpreter and the generated code.</summary>
public abstract record RoutineOperator : Operator
{
    /// <summary>The calls that compute the node, in order.</summary>
    private protected abstract IEnumerable<RoutineCall> Calls(INodeValues node);

    /// <inheritdoc/>
    public sealed override void Evaluate(EvaluationContext context) => RoutineRunner.Evaluate(context, Calls(context));

    /// <inheritdoc/>
    public sealed override void Lower(LoweringContext context) => RoutineRunner.Lower(context, Calls(context));
}

/// <summary>Runs the calls of routines, or adds them to the plan.</summary>
internal static unsafe class RoutineRunner
{
    // Memory of undefined content is filled with this, so that a routine that reads it before it writes is found out.
    private const byte Garbage = 0xA5;

    private static readonly ILookup<string, MethodInfo> Methods =
        typeof(Routine).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly).ToLookup(m => m.Name);

    /// <summary>Calls the routines on the node's tensors.</summary>
    public static void Evaluate(EvaluationContext context, IEnumerable<RoutineCall> calls)
    {
        var outputs = new Dictionary<int, TensorData>();
        var scratch = new Dictionary<RoutineArgument, TensorData>();
        foreach (RoutineCall call in calls) Invoke(call.Routine, [.. call.Arguments.Select(Bind)]);

        object? Bind(RoutineArgument argument) => argument switch
        {
            RoutineNumber number => number.Value,
            RoutineInput input => context.Input(input.Index),
            RoutineOutput output => outputs.TryGetValue(output.Index, out TensorData? known) ? known : outputs[output.Index] = Fill(context.Output(output.Index)),
            RoutineScratch s => scratch.TryGetValue(s, out TensorData? known) ? known : scratch[s] = Fill(new TensorData(s.Type, new Shape(s.Count))),
            RoutineTable table => table.ToTensor(),
            RoutineWeights weights => weights.Data,
            _ => null,
        };
    }

    /// <summary>Adds the calls to the plan.</summary>
    public static void Lower(LoweringContext context, IEnumerable<RoutineCall> calls)
    {
        var scratch = new Dictionary<RoutineArgument, TensorRef>();
        foreach (RoutineCall call in calls)
        {
            var kernel = new RoutineKernel(call.Routine, call.Arguments.Select(Bind).ToEquatableArray(), call.Macs);
            context.EmitInPlace(kernel, [.. call.InPlace]);
        }

        PlanArgument Bind(RoutineArgument argument) => argument switch
        {
            RoutineNumber number => PlanArgument.Of(number.Value),
            RoutineInput input => PlanArgument.Of(context.In(input.Index)),
            RoutineOutput output => PlanArgument.Of(context.Out(output.Index)),
            RoutineScratch s => PlanArgument.Of(scratch.TryGetValue(s, out TensorRef known) ? known : scratch[s] = context.Scratch(s.Type, s.Count)),
            RoutineTable table => PlanArgument.Of(context.Table(table.Kind, table.Type, table.Values)),
            RoutineWeights weights => PlanArgument.Of(context.Constant(weights.Data)),
            _ => PlanArgument.Null,
        };
    }

    private static TensorData Fill(TensorData data)
    {
        data.Bytes.AsSpan().Fill(Garbage);
        return data;
    }

    private static void Invoke(string name, object?[] arguments)
    {
        MethodInfo method = Methods[name].Select(m => Close(m, arguments)).OfType<MethodInfo>().First(m => Fits(m, arguments));
        ParameterInfo[] parameters = method.GetParameters();
        var handles = new List<GCHandle>();
        try
        {
            for (int i = 0; i < arguments.Length; i++)
            {
                if (!parameters[i].ParameterType.IsPointer) continue;
                void* address = null;
                if (arguments[i] is TensorData data)
                {
                    var handle = GCHandle.Alloc(data.Bytes, GCHandleType.Pinned);
                    handles.Add(handle);
                    address = (void*)handle.AddrOfPinnedObject();
                }

                arguments[i] = Pointer.Box(address, parameters[i].ParameterType);
            }

            method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        }
        finally
        {
            foreach (GCHandle handle in handles) handle.Free();
        }
    }

    // A generic routine, closed over the element types of the tensors whose parameters point to type parameters.
    private static MethodInfo? Close(MethodInfo method, object?[] arguments)
    {
        if (!method.IsGenericMethodDefinition) return method;
        ParameterInfo[] parameters = method.GetParameters();
        var types = new Type?[method.GetGenericArguments().Length];
        for (int i = 0; i < Math.Min(parameters.Length, arguments.Length); i++)
        {
            Type type = parameters[i].ParameterType;
            if (type.IsPointer && type.GetElementType() is { IsGenericParameter: true } element && arguments[i] is TensorData data) types[element.GenericParameterPosition] ??= ClrType(data.Type);
        }

        return types.Contains(null) ? null : method.MakeGenericMethod(types!);
    }

    private static bool Fits(MethodInfo method, object?[] arguments)
    {
        ParameterInfo[] parameters = method.GetParameters();
        return parameters.Length == arguments.Length && parameters.Zip(arguments).All(p =>
            p.Second is TensorData data ? p.First.ParameterType.IsPointer && p.First.ParameterType.GetElementType() == ClrType(data.Type)
            : p.Second is null ? p.First.ParameterType.IsPointer
            : p.First.ParameterType == p.Second.GetType());
    }

    private static Type ClrType(ElementType type) => type switch
    {
        ElementType.Float32 => typeof(float),
        ElementType.Float16 => typeof(Half),
        ElementType.Float64 => typeof(double),
        ElementType.Int8 => typeof(sbyte),
        ElementType.UInt8 => typeof(byte),
        ElementType.Int16 => typeof(short),
        ElementType.UInt16 => typeof(ushort),
        ElementType.Int32 => typeof(int),
        ElementType.UInt32 => typeof(uint),
        ElementType.Int64 => typeof(long),
        ElementType.UInt64 => typeof(ulong),
        _ => typeof(bool),
    };
}
