using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace ModelCompiler.Generator;

/// <summary>An error in a plan, without any Roslyn object that would keep a compilation alive or break value equality.</summary>
internal sealed record PlanError(string Code, int Line, string Message)
{
    public const string Malformed = "MC4001";
    public const string Collision = "MC4003";

    private static readonly DiagnosticDescriptor MalformedRule = Rule(Malformed, "Unreadable plan", "{0}");
    private static readonly DiagnosticDescriptor CollisionRule =
        Rule(Collision, "Two models compile to the same class", "{0}. Give it another ClassName or Namespace.");

    public Diagnostic ToDiagnostic(string planPath)
    {
        var start = new LinePosition(Math.Max(0, Line - 1), 0);
        DiagnosticDescriptor rule = Code == Collision ? CollisionRule : MalformedRule;
        return Diagnostic.Create(rule, Location.Create(planPath, default, new LinePositionSpan(start, start)), Message);
    }

    private static DiagnosticDescriptor Rule(string id, string title, string format) =>
        new(id, title, format, "ModelCompiler", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
