using System.Globalization;
using System.Text.Json.Serialization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.Engines;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary>An input or output.</summary>
/// <param name="Name">Name in the model.</param>
/// <param name="Type">Element type inside the network.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Scale">Real value of one integer step; null when the tensor is not quantised.</param>
/// <param name="ZeroPoint">Integer that stands for real zero; null when the tensor is not quantised.</param>
internal sealed record EdgeReport(string Name, string Type, int[] Shape, float? Scale, int? ZeroPoint)
{
    public static EdgeReport Of(EngineEdge edge) =>
        new(edge.Name, NameOf(edge.Type), [.. edge.Shape], edge.IsQuantized ? edge.Scale : null, edge.IsQuantized ? edge.ZeroPoint : null);

    public static string NameOf(ElementType type) => type.ToString().ToLowerInvariant();
}

/// <summary>An operator after optimisation.</summary>
internal sealed record OperatorReport(string Operator, string Name, string Origin, int[][] InputShapes, int[] OutputShape, string OutputType, long Macs,
    string[] Kernels);

/// <summary>What <c>inspect</c> found.</summary>
internal sealed record InspectReport(
    string Model,
    [property: JsonPropertyName("sha256")] string Sha256,
    string Target,
    string Options,
    IReadOnlyList<EdgeReport> Inputs,
    IReadOnlyList<EdgeReport> Outputs,
    IReadOnlyList<OperatorReport> Operators,
    long Macs,
    long WeightBytes,
    long ArenaBytes,
    long LeastArenaBytes,
    IReadOnlyList<string> Notes) : Report
{
    private const int NameLength = 60;

    /// <inheritdoc/>
    public override void WriteText(TextWriter output)
    {
        output.WriteLine($"{Model}  (SHA-256 {Sha256})");
        output.WriteLine();
        var edges = new TextTable("", "name", "type", "shape", "scale", "zero point") { RightAligned = new HashSet<string> { "zero point" } };
        foreach (EdgeReport e in Inputs) Add("input", e);
        foreach (EdgeReport e in Outputs) Add("output", e);
        edges.Write(output);
        output.WriteLine();
        var operators = new TextTable("#", "operator", "shapes", "type", "MACs", "name") { RightAligned = new HashSet<string> { "#", "MACs" } };
        for (int i = 0; i < Operators.Count; i++)
        {
            OperatorReport o = Operators[i];
            string inputs = string.Join(", ", o.InputShapes.Select(Text));
            operators.Add(Text(i), o.Operator, $"{inputs} → {Text(o.OutputShape)}", o.OutputType, o.Macs == 0 ? "" : Text(o.Macs), Brief(o.Name));
        }

        operators.Write(output);
        output.WriteLine();
        output.WriteLine($"{Text(Macs)} multiply-accumulates, {Text(WeightBytes)} bytes of weights, {Text(ArenaBytes)} bytes of working memory "
            + $"(at least {Text(LeastArenaBytes)} are in use at once), target {Target}");
        foreach (string note in Notes) output.WriteLine(note);

        void Add(string kind, EdgeReport e) => edges.Add(kind, e.Name, e.Type, Text(e.Shape), e.Scale?.ToString(CultureInfo.InvariantCulture) ?? "",
            e.ZeroPoint?.ToString(CultureInfo.InvariantCulture) ?? "");
    }

    // TFLite joins the names of everything that was fused into a node.
    private static string Brief(string name)
    {
        string first = name.Split(';')[0];
        return first.Length <= NameLength ? first : first[..(NameLength - 1)] + "…";
    }

    private static string Text(int[] shape) => new Shape(shape).ToString();

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
