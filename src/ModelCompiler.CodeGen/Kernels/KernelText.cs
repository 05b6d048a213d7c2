using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Text;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Maps kernel records to and from plan lines by their constructor parameters, so that no kernel has serialisation code of its own.</summary>
internal static class KernelText
{
    private static readonly Dictionary<string, ConstructorInfo> Constructors = typeof(Kernel).Assembly.GetTypes()
        .Where(t => !t.IsAbstract && typeof(Kernel).IsAssignableFrom(t))
        .ToDictionary(t => t.Name, t => t.GetConstructors().OrderByDescending(c => c.GetParameters().Length).First());

    public static string Write(Kernel kernel)
    {
        Type type = kernel.GetType();
        var text = new StringBuilder(type.Name);
        foreach (ParameterInfo parameter in Constructors[type.Name].GetParameters())
        {
            object value = type.GetProperty(parameter.Name!)!.GetValue(kernel)!;
            text.Append(' ').Append(CamelCase(parameter.Name!)).Append('=').Append(PlanValue.Write(value));
        }

        return text.ToString();
    }

    public static Kernel Read(PlanLine line)
    {
        string name = line.Word(0);
        if (!Constructors.TryGetValue(name, out ConstructorInfo? constructor)) throw new FormatException($"There is no kernel '{name}'.");
        object[] arguments = constructor.GetParameters().Select(p => PlanValue.Read(p.ParameterType, line.Named(CamelCase(p.Name!)))).ToArray();
        return (Kernel)constructor.Invoke(arguments);
    }

    /// <summary>Names of a kernel's parameters, which are its properties.</summary>
    public static IEnumerable<string> Parameters(Type type) => Constructors[type.Name].GetParameters().Select(p => p.Name!);

    private static string CamelCase(string name) => name.Substring(0, 1).ToLower(CultureInfo.InvariantCulture) + name.Substring(1);
}
