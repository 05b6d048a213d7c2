using System.Globalization;
using System.Security.Cryptography;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Planning;

/// <summary>Graph to plan: every operator adds its kernels, then everything gets its place in memory.</summary>
internal static class Lowering
{
    /// <summary>Makes the plan and the weights blob.</summary>
    public static Lowered Run(ModelGraph graph, CompilationInput input, Target target, IReadOnlyList<string> notes)
    {
        CompilationOptions options = input.Options;
        var builder = new PlanBuilder();
        IReadOnlyList<Isa> isas = target.InstructionSets;
        foreach (Node node in graph.Nodes)
        {
            try
            {
                builder.BeginNode();
                node.Operator.Lower(new LoweringContext(node, graph, builder, options.Requantization, isas,
                    options.WantsSmallWeights));
            }
            catch (ModelCompilationException e)
            {
                throw e.At(node.Label);
            }
        }

        TensorRef[] inputs = [.. graph.InputValues.Select(builder.Tensor)];
        TensorRef[] outputs = [.. graph.OutputValues.Select(builder.Output)];
        foreach (StateVariable state in graph.States) builder.State(graph.Values[state.Current], graph.Values[state.Next], state.Initial);
        PlanParts parts = builder.Build(inputs, outputs);
        // Generated code counts bytes in ints.
        if (parts.ArenaBytes > int.MaxValue)
            throw new ModelCompilationException("MC1003", $"The network needs {parts.ArenaBytes} bytes of working memory, more than 2 GiB.",
                "Use smaller inputs.");
        RequireWithin(nameof(CompilationOptions.MaxWeightBytes), "MC5006", "weights take", options.MaxWeightBytes, parts.Weights.Length,
            "Allow more, give fewer WeightBits or Precision Auto with calibration data, or use a smaller network.");
        RequireWithin(nameof(CompilationOptions.MaxArenaBytes), "MC5007", "working memory takes", options.MaxArenaBytes, parts.ArenaBytes,
            "Allow more, or use smaller inputs or a smaller network.");
        string file = Path.GetFileName(input.FileName);
        string className = options.ClassName ?? Names.Pascal(Path.GetFileNameWithoutExtension(file));
        string @namespace = options.Namespace ?? "ModelCompiler.Generated";
        ulong contentId = WeightsAssembly.ContentId(parts.Weights);
        bool isInline = parts.Weights.Length <= WeightStorage.InlineLimit;
        var plan = new ModelPlan
        {
            ModelFile = file,
            ModelSha256 = Convert.ToHexStringLower(SHA256.HashData(input.Model.Span)),
            ClassName = className,
            Namespace = @namespace,
            Accessibility = options.Accessibility,
            Target = target.Name,
            Options = options.ToCanonicalText(),
            Notes = notes.ToEquatableArray(),
            ArenaBytes = parts.ArenaBytes,
            Weights = new WeightStorage
            {
                Bytes = parts.Weights.Length,
                Inline = isInline ? parts.Weights.ToEquatableArray() : default,
                Assembly = isInline ? "" : WeightStorage.AssemblyName(@namespace, className, contentId),
                ContentId = isInline ? 0 : contentId,
            },
            Tensors = parts.Tensors,
            Inputs = graph.InputValues.Select((v, i) => new EdgePlan(v.Name, inputs[i])).ToEquatableArray(),
            Outputs = graph.OutputNames.Select((name, i) => new EdgePlan(name, parts.Outputs[i],
                graph.OutputLabels.GetValueOrDefault(name, []).ToEquatableArray())).ToEquatableArray(),
            States = parts.States,
            Data = parts.Tables,
            Steps = parts.Steps,
        };
        return new Lowered(plan, parts.Weights) { LiveBytes = parts.LiveBytes };
    }

    private static void RequireWithin(string option, string code, string what, long most, long bytes, string remedy)
    {
        if (most > 0 && bytes > most)
            throw new ModelCompilationException(code, string.Create(CultureInfo.InvariantCulture,
                $"The {what} {bytes} bytes, more than the {most} that {OptionText.Of(option)} allows."), remedy);
    }
}

/// <summary>What lowering makes.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Weights">The weights blob it points into.</param>
internal sealed record Lowered(ModelPlan Plan, byte[] Weights)
{
    /// <summary>Bytes of working memory in use at each kernel.</summary>
    public required IReadOnlyList<long> LiveBytes { get; init; }
}
