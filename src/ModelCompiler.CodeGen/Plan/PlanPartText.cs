using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

namespace ModelCompiler.CodeGen.Plan;

/// <summary>Maps records that are parameters of kernels to and from text, by their constructor parameters: their values in braces.</summary>
internal static class PlanPartText
{
    /// <summary>The values of a record, in the order of its constructor.</summary>
    public static IEnumerable<object> Values(IPlanPart part) => Parameters(part.GetType()).Select(p => part.GetType().GetProperty(p.Name!)!.GetValue(part)!);

    /// <summary>Reads a record.</summary>
    /// <exception cref="FormatException">The text is none of this type.</exception>
    public static object Read(Type type, string text)
    {
        ParameterInfo[] parameters = Parameters(type);
        if (text.Length < 2 || text[0] != '{' || text[text.Length - 1] != '}') throw new FormatException($"'{text}' is not a list in braces.");
        string[] values = text.Substring(1, text.Length - 2).Split(',');
        if (values.Length != parameters.Length) throw new FormatException($"'{text}' should have {parameters.Length} values.");
        return Constructor(type).Invoke(parameters.Select((p, i) => PlanValue.Read(p.ParameterType, values[i])).ToArray());
    }

    private static ParameterInfo[] Parameters(Type type) => Constructor(type).GetParameters();

    private static ConstructorInfo Constructor(Type type) => type.GetConstructors().OrderByDescending(c => c.GetParameters().Length).First();
}
