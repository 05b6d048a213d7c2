using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Writes a fused clamp of floats; bounds at infinity cost nothing.</summary>
internal static class FloatClamp
{
    public static string Vector(string vector, string value, float min, float max)
    {
        if (!float.IsInfinity(min)) value = $"{vector}.Max({value}, {vector}.Create({Literals.Float(min)}))";
        return float.IsInfinity(max) ? value : $"{vector}.Min({value}, {vector}.Create({Literals.Float(max)}))";
    }

    public static string Single(string value, float min, float max)
    {
        if (!float.IsInfinity(min)) value = $"Math.Max({value}, {Literals.Float(min)})";
        return float.IsInfinity(max) ? value : $"Math.Min({value}, {Literals.Float(max)})";
    }
}
