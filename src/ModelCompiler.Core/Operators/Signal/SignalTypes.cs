using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Core.Operators;

/// <summary>Checks of element types, which the operators of the signal library fix.</summary>
internal static class SignalTypes
{
    /// <summary>Stops with MC2003 unless the inputs are of these types.</summary>
    public static void Require(InferenceContext context, params ReadOnlySpan<ElementType> types)
    {
        for (int i = 0; i < types.Length; i++)
        {
            if (context[i].Type != types[i])
                throw new ModelCompilationException("MC2003", $"'{context[i].Name}' has elements of type {context[i].Type}, not {types[i]}.",
                    "Convert the model with the types that the signal library has.");
        }
    }
}
