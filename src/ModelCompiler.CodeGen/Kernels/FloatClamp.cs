using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Writes a fused clamp of floats; bounds at infinity cost nothing.</summary>
internal static class FloatClamp
{
    public static string Vector(string vector, string value, float min, float max)
    {
        // Of two zeros, and of two numbers of which one is none, .NET 8 takes the second: bounds come first, and minus zero becomes zero before.
        if (min == 0) value = $"{vector}.Max({vector}<float>.Zero, {value} + {vector}<float>.Zero)";
        else if (!float.IsInfinity(min)) value = $"{vector}.Max({vector}.Create({Literals.Float(min)}), {value})";
        return float.IsInfinity(max) ? value : $"{vector}.Min({vector}.Create({Literals.Float(max)}), {value})";
    }

    public static string Single(string value, float min, float max)
    {
        if (!float.IsInfinity(min)) value = $"Math.Max({value}, {Literals.Float(min)})";
        return float.IsInfinity(max) ? value : $"Math.Min({value}, {Literals.Float(max)})";
    }
}
