using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators.Library;

/// <summary>Runs routines of the library, which this assembly has compiled from the source that goes into generated files.</summary>
internal static unsafe class LibraryRuntime
{
    private static readonly ConcurrentDictionary<string, MethodInfo> Methods = new(StringComparer.Ordinal);

    /// <summary>Runs a routine on a node's inputs and outputs, which are allocated.</summary>
    /// <exception cref="ModelCompilationException">MC1012: the elements do not fit the operator, such as an index that is too large.</exception>
    public static void Run(LibraryCall call, EvaluationContext context)
    {
        MethodInfo method = Methods.GetOrAdd($"{call.Routine}<{string.Join(",", call.Types)}>", _ => Resolve(call));
        ParameterInfo[] parameters = method.GetParameters();
        var arguments = new object?[parameters.Length];
        var pins = new List<GCHandle>();
        int next = 0;
        try
        {
            foreach ((char kind, int index) in call.Tensors)
            {
                Pass(index < 0 ? null
                    : kind == 'i' ? context.Input(index).Bytes
                    : kind == 'o' ? context.ExistingOutput(index).Bytes
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
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new ModelCompilationException("MC1012", $"The values do not fit the operator: {e.Message.Split('\n')[0]}", "Export the model again with consistent values.");
        }
        finally
        {
            foreach (GCHandle pin in pins) pin.Free();
        }

        void Pass(byte[]? bytes)
        {
            Type type = parameters[next].ParameterType;
            if (bytes is null)
            {
                arguments[next++] = Pointer.Box(null, type);
                return;
            }

            pins.Add(GCHandle.Alloc(bytes, GCHandleType.Pinned));
            arguments[next++] = Pointer.Box((void*)pins[^1].AddrOfPinnedObject(), type);
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
