using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Compression;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Tests.Compression;

public class WeightBitsSearchTests
{
    private static readonly Conv Conv = new(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.Relu);

    [Fact]
    public void Tighter_limits_are_kept_with_fewer_bits()
    {
        long most = Bytes(Search(0, Precision.Int8));
        double bits = 8;
        foreach (double share in new[] { 0.9, 0.75, 0.6 })
        {
            int limit = (int)(most * share);
            (ModelGraph graph, PipelineContext context) = Search(limit);
            Assert.InRange(Bytes((graph, context)), 1, limit);
            double average = context.WeightBits.Values.Average();
            Assert.True(average <= bits);
            bits = average;
        }
    }

    [Fact]
    public void A_layer_whose_rounding_costs_more_keeps_more_bits()
    {
        // The last layer scales what the second computes up, and the third, which is added to it, down to nothing.
        var b = new CaseBuilder(5);
        Value x = b.Apply(Conv, b.Input(1, 8, 8, 16), b.Constant(24, 3, 3, 16));
        Value loud = b.Apply(new Binary(BinaryKind.Multiply, ActivationRange.None), b.Apply(Conv, x, b.Constant(24, 3, 3, 24)), Factor(b, 10));
        Value quiet = b.Apply(new Binary(BinaryKind.Multiply, ActivationRange.None), b.Apply(Conv, x, b.Constant(24, 3, 3, 24)), Factor(b, 0.01f));
        ModelGraph graph = b.Build(b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), loud, quiet));
        PipelineContext context = Search(graph, (int)(0.7 * Bytes((graph, Search(graph, 0, Precision.Int8)))));
        int[] bits = [.. graph.Nodes.Where(n => n.Operator is Operators.Conv).Select(n => context.WeightBits[n.Outputs[0]])];
        Assert.True(bits[1] > bits[2], string.Join(" ", bits));
    }

    [Fact]
    public void What_no_bits_can_keep_is_an_error_with_the_nearest_figure()
    {
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(() => Search(500));
        Assert.Equal("MC5006", error.Code);
        Assert.Contains("with 3 bits each", error.Reason, StringComparison.Ordinal);
    }

    private static Value Factor(CaseBuilder b, float factor) => b.Numbers(ElementType.Float32, null, _ => factor, 24);

    private static (ModelGraph Graph, PipelineContext Context) Search(int limit, Precision precision = Precision.Auto)
    {
        var b = new CaseBuilder(4);
        Value x = b.Apply(Conv, b.Input(1, 8, 8, 16), b.Constant(32, 3, 3, 16), b.Constant(32));
        ModelGraph graph = b.Build(b.Apply(Conv, b.Apply(Conv, x, b.Constant(32, 3, 3, 32), b.Constant(32)), b.Constant(24, 3, 3, 32), b.Constant(24)));
        return (graph, Search(graph, limit, precision));
    }

    private static PipelineContext Search(ModelGraph graph, int limit, Precision precision = Precision.Auto)
    {
        PipelineContext context = SampledContext.Of(graph, new() { Precision = precision, MaxWeightBytes = limit });
        RangeCalibrator.Run(graph, context);
        WeightBitsSearch.Run(graph, context);
        return context;
    }

    private static long Bytes((ModelGraph Graph, PipelineContext Context) searched)
    {
        PipelineContext context = searched.Context.Silent(new CompilationOptions { Precision = searched.Context.Options.Precision });
        return Pipeline.WeightBytes(searched.Graph, context);
    }
}
