using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>Runs routines of the library, which this assembly has compiled from the source that goes into generated files.</summary>
internal static unsafe class LibraryRuntime
{
    /// <summary>Where tests let routines find their tensors and tables: memory that stops the process when a routine leaves it.
    /// Else they lie in arrays.</summary>
    internal static AsyncLocal<IRoutineMemory?> Memory { get; } = new();

    private static readonly ConcurrentDictionary<string, MethodInfo> Methods = new(StringComparer.Ordinal);

    /// <summary>Runs a routine on a node's inputs and outputs, which are allocated.</summary>
    /// <exception cref="ModelCompilationException">MC1012: the elements do not fit the operator, such as an index that is too large.</exception>
    public static void Run(LibraryCall call, EvaluationContext context)
    {
        MethodInfo method = Bind(call, context.InputValue, context.OutputValue);
        ParameterInfo[] parameters = method.GetParameters();
        var arguments = new object?[parameters.Length];
        var pins = new List<GCHandle>();
        var blocks = new List<(nint Address, byte[] Bytes)>();
        int next = 0;
        try
        {
            foreach ((char kind, int index) in call.Tensors)
            {
                Pass(index < 0 ? null
                    : kind == 'i' ? context.Input(index).Bytes
                    : kind == 'o' ? context.Output(index).Bytes
                    : kind == 's' ? Garbage(call.ScratchMemory[index].Count * call.ScratchMemory[index].Type.Size())
                    : call.Constants[index].Bytes);
            }

            foreach ((_, ElementType type, double[] values) in call.Tables)
            {
                var table = new TensorData(type, new Shape(values.Length));
                for (int i = 0; i < values.Length; i++) table.Set(i, values[i]);
                Pass(table.Bytes);
            }

            foreach (object number in call.Numbers) arguments[next++] = number;
            method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null);
            foreach ((nint address, byte[] bytes) in blocks) new ReadOnlySpan<byte>((void*)address, bytes.Length).CopyTo(bytes);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new ModelCompilationException("MC1012", $"The values do not fit the operator: {e.Message.Split('\n')[0]}",
                "Export the model again with consistent values.");
        }
        finally
        {
            foreach (GCHandle pin in pins) pin.Free();
            foreach ((nint address, byte[] bytes) in blocks) Memory.Value!.Free(address, bytes.Length);
        }

        void Pass(byte[]? bytes)
        {
            Type type = parameters[next].ParameterType;
            if (bytes is null)
            {
                arguments[next++] = Pointer.Box(null, type);
                return;
            }

            if (Memory.Value is { } memory)
            {
                blocks.Add((memory.Allocate(bytes), bytes));
                arguments[next++] = Pointer.Box((void*)blocks[^1].Address, type);
                return;
            }

            pins.Add(GCHandle.Alloc(bytes, GCHandleType.Pinned));
            arguments[next++] = Pointer.Box((void*)pins[^1].AddrOfPinnedObject(), type);
        }
    }

    /// <summary>The routine of a call, after a check that it exists for these types and takes these tensors:
    /// what the C# compiler would say of the generated call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="input">Inputs of the node.</param>
    /// <param name="output">Outputs of the node.</param>
    /// <exception cref="ModelCompilationException">MC2003: there is no such routine, mostly because an input is missing or of another type than the operator
    /// takes.</exception>
    public static MethodInfo Bind(LibraryCall call, Func<int, Value> input, Func<int, Value> output)
    {
        MethodInfo method;
        try
        {
            method = Methods.GetOrAdd($"{call.Routine}<{string.Join(",", call.Types)}>", _ => Resolve(call));
        }
        catch (Exception e) when (e is ArgumentException or TypeLoadException)
        {
            throw Refused();
        }

        ParameterInfo[] parameters = method.GetParameters();
        int count = call.Tensors.Count + call.Tables.Count + call.Numbers.Count;
        if (parameters.Length != count) throw new InvalidOperationException($"{call.Routine} takes {parameters.Length} arguments, not {count}.");
        for (int i = 0; i < call.Tensors.Count; i++)
        {
            (char kind, int index) = call.Tensors[i];
            if (index < 0) continue;
            ElementType type = kind == 'i' ? input(index).Type : kind == 'o' ? output(index).Type : kind == 's' ? call.ScratchMemory[index].Type
                : call.Constants[index].Type;
            // Routines that only move elements take pointers to anything.
            if (parameters[i].ParameterType.GetElementType() is var element && element != typeof(void) && element != Parse(type.Name())) throw Refused();
        }

        for (int i = 0; i < call.Tables.Count; i++)
        {
            Type taken = parameters[call.Tensors.Count + i].ParameterType;
            if (taken.GetElementType() != Parse(call.Tables[i].Type.Name()))
                throw new InvalidOperationException($"{call.Routine} takes {taken}, not a table of {call.Tables[i].Type}.");
        }

        for (int i = 0; i < call.Numbers.Count; i++)
        {
            Type taken = parameters[call.Tensors.Count + call.Tables.Count + i].ParameterType, given = call.Numbers[i].GetType();
            if (taken != given && !(taken == typeof(long) && given == typeof(int)))
                throw new InvalidOperationException($"{call.Routine} takes {taken} as number {i}, not {given}.");
        }

        return method;

        ModelCompilationException Refused()
        {
            IEnumerable<string> given = call.Tensors.Where(t => t.Kind == 'i' && t.Index >= 0).Select(t => t.Index).Distinct().Order()
                .Select(i => $"'{input(i).Name}' ({input(i).Type})");
            return new("MC2003", $"The operator does not compute with {string.Join(", ", given)}: an input is missing, or of another type than it takes.",
                "Export the model again with all inputs of this operator, of the types that its definition names.");
        }
    }

    // Scratch memory holds anything; a routine that reads it before it writes is found out.
    private static byte[] Garbage(int bytes)
    {
        var memory = new byte[bytes];
        memory.AsSpan().Fill(0xA5);
        return memory;
    }

    private static MethodInfo Resolve(LibraryCall call)
    {
        string[] name = call.Routine.Split('.');
        MethodInfo method = Find(name[0]).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Single(m => m.Name == name[1]);
        return call.Types.Count == 0 ? method : method.MakeGenericMethod([.. call.Types.Select(Parse)]);
    }

    private static Type Find(string name) => typeof(LibraryRuntime).Assembly.GetType("ModelCompiler.CodeGen.Library." + name, throwOnError: true)!;

    // A C# type: a keyword, or a structure of the library with type arguments of that kind.
    private static Type Parse(string text)
    {
        int open = text.IndexOf('<', StringComparison.Ordinal);
        if (open >= 0)
        {
            List<string> arguments = Split(text[(open + 1)..^1]);
            return Find($"{text[..open]}`{arguments.Count}").MakeGenericType([.. arguments.Select(Parse)]);
        }

        return text switch
        {
            "float" => typeof(float),
            "Half" => typeof(Half),
            "double" => typeof(double),
            "sbyte" => typeof(sbyte),
            "byte" => typeof(byte),
            "short" => typeof(short),
            "ushort" => typeof(ushort),
            "int" => typeof(int),
            "uint" => typeof(uint),
            "long" => typeof(long),
            "ulong" => typeof(ulong),
            "bool" => typeof(bool),
            _ => Find(text),
        };
    }

    private static List<string> Split(string arguments)
    {
        var result = new List<string>();
        (int depth, int start) = (0, 0);
        for (int i = 0; i <= arguments.Length; i++)
        {
            if (i == arguments.Length || (arguments[i] == ',' && depth == 0))
            {
                result.Add(arguments[start..i].Trim());
                start = i + 1;
            }
            else
            {
                depth += arguments[i] == '<' ? 1 : arguments[i] == '>' ? -1 : 0;
            }
        }

        return result;
    }
}

/// <summary>Memory for the tensors and tables of one call.</summary>
internal interface IRoutineMemory
{
    /// <summary>A block with this content, from its first to its last byte.</summary>
    nint Allocate(ReadOnlySpan<byte> content);

    /// <summary>Gives a block back.</summary>
    void Free(nint address, int length);
}
