using ModelCompiler.CodeGen.Emit;
using ModelCompiler.Core.Compression;
using ModelCompiler.Core.Evaluation;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Passes;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core;

/// <summary>The order of everything between the importers and the plan.</summary>
internal static class Pipeline
{
    /// <summary>The whole way.</summary>
    /// <returns>The optimised network before compression and quantisation, what accuracy is measured against, and the one to lower.</returns>
    public static (ModelGraph Original, ModelGraph Compiled) Run(ModelGraph imported, PipelineContext context)
    {
        ModelGraph original = Apply(Optimise(imported, context), context, [new("integers taken as real numbers", LiftToFloat.Run)]);
        bool isCompressed = CompressionChoice.Read(original, context);
        bool isQuantised = FormatChoice.IsToBeQuantised(original, context);
        foreach (Diagnostic notice in context.Samples?.Notices ?? []) context.Diagnostics.Add(notice);
        ModelGraph thin = isCompressed ? Apply(original, context, [
            new("channels", (g, c) => ChannelPruning.Run(g, c, isQuantised)),
            new("low rank", (g, c) => LowRank.Run(g, c, isQuantised)),
        ]) : original;
        ModelGraph compiled = isQuantised ? Quantise(original, thin, context) : isCompressed ? Compress(original, thin, context) : original;
        compiled = Apply(compiled, context, [new("weights in half precision", HalfWeights.Run)]);
        AccuracyCheck.Run(original, compiled, context);
        return (original, Specialise(compiled, context));
    }

    /// <summary>Graph to graph, same results.</summary>
    public static ModelGraph Optimise(ModelGraph graph, PipelineContext context) => Apply(graph, context, [
        new("layout of quantised constants", MoveLayoutBeforeDequantize.Run),
        new("constant folding", FoldConstants.Run),
        new("shapes that stay", DropReshapes.Run),
        new("softmax written out", RecogniseSoftmax.Run),
        new("logarithms of softmax written out", RecogniseLogSoftmax.Run),
        new("normalisations written out", RecogniseNormalization.Run),
        new("functions written out", RecogniseFunctions.Run),
        new("channels-last layout", EliminateTransposes.Run),
        new("transpositions into weights", FoldTransposeIntoWeights.Run),
        new("batch normalisation folding", FoldBatchNormalization.Run),
        new("padding fusion", FusePadding.Run),
        new("activation fusion", FuseActivations.Run),
        new("layout of quantised values", MoveLayoutBeforeDequantize.Run),
        new("integer operators from conversions", FuseQuantization.Run),
        new("constant folding after fusion", FoldConstants.RunAll),
        new("transpositions into integer weights", FoldTransposeIntoWeights.Run),
        new("conversions at the edges", AbsorbEdgeConversions.Run),
    ]);

    /// <summary>Float graph to float graph with zeros and shared weights, with the help of real samples.</summary>
    private static ModelGraph Compress(ModelGraph original, ModelGraph graph, PipelineContext context) => Apply(graph, context, [
        new("shares of pruning", PruningShares.Run),
        new("weights fitted to samples", Try),
        new("comparison with the float network", (g, c) => QuantizationCheck.Run(original, g, c)),
    ]);

    /// <summary>Float graph to integer graph, with the help of real samples.</summary>
    private static ModelGraph Quantise(ModelGraph original, ModelGraph graph, PipelineContext context) => Apply(graph, context, [
        new("calibration", RangeCalibrator.Run),
        new("bits of weights", WeightBitsChoice.Run),
        new("layers that stay in float", FloatFallback.Run),
        new("shares of pruning", PruningShares.Run),
        new("bits of weights layer by layer", WeightBitsSearch.Run),
        new("post-training quantisation", PostTrainingQuantization.Run),
        new("weights fitted to samples", (g, c) => FitWeights.Run(graph, g, c)),
        new("conversions at the edges", AbsorbEdgeConversions.Run),
        new("comparison with the float network", (g, c) => QuantizationCheck.Run(original, g, c)),
    ]);

    /// <summary>Graph to the form in which the target computes it best, same results.</summary>
    private static ModelGraph Specialise(ModelGraph graph, PipelineContext context) => Apply(graph, context, [
        new("unsigned activations", UnsignedActivations.Run) { IsFor = isa => isa.Has(Products.Bytes) },
    ]);

    /// <summary>The compressed network that the ranges, weight bits and shares of the context give, to try them.</summary>
    public static ModelGraph Try(ModelGraph graph, PipelineContext context)
    {
        if (context.IsQuantised) return AbsorbEdgeConversions.Run(FitWeights.Run(graph, PostTrainingQuantization.Run(graph, context), context), context.Note);
        context.Originals = graph.Nodes.SelectMany(n => n.Outputs).Concat(graph.Inputs).Distinct().ToDictionary(v => v, v => v);
        return FitWeights.Run(graph, graph, context);
    }

    /// <summary>Bytes that the weights of a float network would take, rounded to nearest, with the ranges and weight bits that the context has.</summary>
    public static long WeightBytes(ModelGraph graph, PipelineContext context)
    {
        ModelGraph quantised = Specialise(AbsorbEdgeConversions.Run(PostTrainingQuantization.Run(graph, context), context.Note), context);
        return Lowering.Run(quantised, context.Input, context.Target, []).Weights.Length;
    }

    private static ModelGraph Apply(ModelGraph graph, PipelineContext context, PipelineStep[] steps)
    {
        GraphVerifier.Verify(graph, "import");
        NetworkSize before = NetworkSize.Of(graph);
        foreach (PipelineStep step in steps.Where(s => s.IsFor(context.Isa)))
        {
            graph = step.Run(graph, context);
            GraphVerifier.Verify(graph, step.Name);
            NetworkSize after = NetworkSize.Of(graph);
            context.Report.Add(step.Name, before, after);
            before = after;
        }

        return graph;
    }
}

/// <summary>A step of the pipeline: graph to graph.</summary>
/// <param name="Name">What it does, for the report and for messages of the verifier.</param>
/// <param name="Run">The step itself.</param>
internal sealed record PipelineStep(string Name, Func<ModelGraph, PipelineContext, ModelGraph> Run)
{
    /// <summary>A step that needs nothing but the graph, and has something to say.</summary>
    public PipelineStep(string name, Func<ModelGraph, Action<string>, ModelGraph> run)
        : this(name, (graph, context) => run(graph, context.Note))
    {
    }

    /// <summary>The instruction sets that gain from it; by default all.</summary>
    public Func<Isa, bool> IsFor { get; init; } = _ => true;
}
