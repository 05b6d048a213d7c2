using ModelCompiler.CodeGen.Emit;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Passes;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core;

/// <summary>The order of everything between the importers and the plan.</summary>
internal static class Pipeline
{
    private delegate ModelGraph Pass(ModelGraph graph, Action<string> note);

    /// <summary>Graph to graph, same results.</summary>
    public static ModelGraph Optimise(ModelGraph graph, Action<string> note) => Apply(graph, note, [
        ("layout of quantised constants", MoveLayoutBeforeDequantize.Run),
        ("constant folding", FoldConstants.Run),
        ("shapes that stay", DropReshapes.Run),
        ("softmax written out", RecogniseSoftmax.Run),
        ("logarithms of softmax written out", RecogniseLogSoftmax.Run),
        ("normalisations written out", RecogniseNormalization.Run),
        ("functions written out", RecogniseFunctions.Run),
        ("channels-last layout", EliminateTransposes.Run),
        ("transpositions into weights", FoldTransposeIntoWeights.Run),
        ("batch normalisation folding", FoldBatchNormalization.Run),
        ("padding fusion", FusePadding.Run),
        ("activation fusion", FuseActivations.Run),
        ("layout of quantised values", MoveLayoutBeforeDequantize.Run),
        ("integer operators from conversions", FuseQuantization.Run),
        ("constant folding after fusion", FoldConstants.RunAll),
        ("transpositions into integer weights", FoldTransposeIntoWeights.Run),
        ("conversions at the edges", AbsorbEdgeConversions.Run),
    ]);

    /// <summary>Float graph to integer graph.</summary>
    public static ModelGraph Quantise(ModelGraph graph, Dictionary<int, ValueRange> ranges, int weightBits, Action<string> note) => Apply(graph, note, [
        ("post-training quantisation", (g, n) => PostTrainingQuantization.Run(g, ranges, weightBits, n)),
        ("conversions at the edges", AbsorbEdgeConversions.Run),
    ]);

    /// <summary>Integer graph to the form in which the target computes it best, same results.</summary>
    public static ModelGraph Specialise(ModelGraph graph, Isa isa, RequantizationMode mode, Action<string> note) => !isa.Has(Products.Bytes) ? graph : Apply(graph, note, [
        ("unsigned activations", (g, n) => UnsignedActivations.Run(g, mode, n)),
    ]);

    private static ModelGraph Apply(ModelGraph graph, Action<string> note, (string Name, Pass Run)[] passes)
    {
        GraphVerifier.Verify(graph, "import");
        foreach ((string name, Pass run) in passes)
        {
            graph = run(graph, note);
            GraphVerifier.Verify(graph, name);
        }

        return graph;
    }
}
