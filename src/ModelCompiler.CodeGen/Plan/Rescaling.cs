namespace ModelCompiler.CodeGen.Plan;

/// <summary>How int32 sums become 8-bit results: times a factor per channel, plus the zero point, clamped.</summary>
/// <param name="Scale">Factors: float32, or Q31 multipliers when there are shifts.</param>
/// <param name="Shift">Shifts, or none.</param>
/// <param name="Zero">Zero point of the results.</param>
/// <param name="Min">Smallest result, activation function included.</param>
/// <param name="Max">Largest result.</param>
internal sealed record Rescaling(DataRef Scale, DataRef Shift, int Zero, int Min, int Max) : IPlanPart;
