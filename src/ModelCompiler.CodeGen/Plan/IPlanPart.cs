namespace ModelCompiler.CodeGen.Plan;

/// <summary>A record that is a parameter of kernels and stands in their line of the plan, its own parameters in braces.</summary>
internal interface IPlanPart;
