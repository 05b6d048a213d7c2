using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Tool.Conformance;

/// <summary>The comparison of the ONNX backend tests: |actual − expected| ≤ 10⁻⁷ + 10⁻³ · |expected|;
/// half-precision results may be off by two of their last bits.</summary>
internal static class Tolerance
{
    private const double Relative = 1e-3;
    private const double Absolute = 1e-7;
    private const double HalfRelative = 2e-3;
    private const double HalfAbsolute = 1e-3;

    /// <summary>What is wrong, or null.</summary>
    public static string? Compare(string name, TensorData expected, TensorData actual)
    {
        if (expected.Type != actual.Type) return $"Output '{name}' is of {actual.Type} instead of {expected.Type}.";
        if (expected.Shape != actual.Shape) return $"Output '{name}' has shape {actual.Shape} instead of {expected.Shape}.";
        (double relative, double absolute) = expected.Type == ElementType.Float16 ? (HalfRelative, HalfAbsolute) : (Relative, Absolute);
        bool isReal = expected.Type is ElementType.Float32 or ElementType.Float16 or ElementType.Float64;
        for (int i = 0; i < expected.Count; i++)
        {
            (double wanted, double got) = (expected.ToDouble(i), actual.ToDouble(i));
            if (wanted.Equals(got) || wanted == got || (isReal && Math.Abs(wanted - got) <= absolute + (relative * Math.Abs(wanted)))) continue;
            return FormattableString.Invariant($"Element {i} of output '{name}' is {got} instead of {wanted}.");
        }

        return null;
    }
}
