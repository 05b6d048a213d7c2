using CsCheck;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Compression;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Tests.Compression;

public class FactorisationTests
{
    private const int Channels = 9, Outputs = 10;

    public static TheoryData<string, int> Cases()
    {
        var data = new TheoryData<string, int>();
        foreach ((string name, (Operator op, int[] weights)) in Layers)
        {
            foreach (FactorisationKind kind in Factorisation.Suitable(Shape(op, weights))) data.Add(name, (int)kind);
        }

        return data;
    }

    private static Dictionary<string, (Operator Operator, int[] Weights)> Layers { get; } = new()
    {
        ["3×3"] = (new Conv(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.Relu), [Outputs, 3, 3, Channels]),
        ["without padding"] = (new Conv(1, 1, 1, 1, 0, 0, 0, 0, 1, ActivationRange.None), [Outputs, 3, 3, Channels]),
        ["strides"] = (new Conv(2, 3, 1, 1, 0, 1, 1, 0, 1, ActivationRange.Relu6), [Outputs, 3, 3, Channels]),
        ["dilation and uneven pads"] = (new Conv(1, 2, 2, 3, 3, 0, 1, 2, 1, ActivationRange.None), [Outputs, 2, 3, Channels]),
        ["sequence"] = (new Conv(1, 2, 1, 1, 0, 2, 0, 2, 1, ActivationRange.None), [Outputs, 1, 5, Channels]),
        ["1×1 with strides"] = (new Conv(2, 2, 1, 1, 0, 0, 0, 0, 1, ActivationRange.Relu), [Outputs, 1, 1, Channels]),
        ["dense"] = (new FullyConnected(true, ActivationRange.Relu), [Outputs, Channels]),
        ["rows"] = (new FullyConnected(false, ActivationRange.None), [Outputs, Channels]),
    };

    // The factors of the full rank are the layer; those of any rank are what their product says, on all pixels, at the edges too.
    [Theory]
    [MemberData(nameof(Cases))]
    public void Chains_compute_their_product_and_full_ranks_the_layer(string name, int kind)
    {
        (Operator op, int[] weightShape) = Layers[name];
        ConvGeometry s = Shape(op, weightShape);
        LayerToFactor layer = Layer(op, s, 5);
        int window = s.WindowHeight * s.WindowWidth;
        (int full, int outer) = (FactorisationKind)kind switch
        {
            FactorisationKind.Output => (Math.Min(s.OutChannels, s.Taps), s.OutChannels),
            FactorisationKind.Spatial => (Math.Min(s.WindowHeight * s.Channels, s.WindowWidth * s.OutChannels), s.OutChannels),
            _ => (s.Channels, s.OutChannels),
        };
        TensorData x = CaseBuilder.Random(new Value(0, "x", ElementType.Float32, InputShape(op)), new Random(3));
        foreach ((int inner, int o) in new[] { (full, outer), (full - 1, outer), (full, outer - 1), (3, 4), (1, 1) })
        {
            if ((FactorisationKind)kind != FactorisationKind.Tucker && o != outer && inner == full) continue;
            var choice = new RankChoice((FactorisationKind)kind, inner, Math.Min(o, inner * window), 0, 0);
            (Factor[] chain, double[] product) = Factorisation.Of((FactorisationKind)kind, layer).At(choice);
            float[] expected = Run(x, [new(op, new Shape(weightShape), product)]), actual = Run(x, chain);
            Assert.All(expected.Zip(actual), p => Assert.Equal(p.First, p.Second, 1e-4));
            if (inner == full && o == outer) Assert.All(product.Zip(layer.Weights), p => Assert.Equal(p.Second, p.First, 1e-4));
        }
    }

    [Fact]
    public void Errors_are_those_of_the_products_and_fall_with_the_rank() => Gen.Select(Gen.Int[0, 2], Gen.Int[1, 50]).Sample((kind, seed) =>
    {
        (Operator op, int[] weightShape) = Layers["3×3"];
        ConvGeometry s = Shape(op, weightShape);
        LayerToFactor layer = Layer(op, s, seed);
        var factorisation = Factorisation.Of((FactorisationKind)kind, layer);
        RankChoice[] choices = [.. factorisation.Choices().Where(c => kind != (int)FactorisationKind.Tucker || c.Outer == s.OutChannels)];
        Assert.NotEmpty(choices);
        Assert.All(choices, c => Assert.InRange(c.Macs, 1, s.Macs));
        double last = 1.0001;
        foreach (RankChoice choice in choices.OrderBy(c => c.Inner))
        {
            Assert.Equal(Error(layer, factorisation.At(choice).Product), choice.Error, 1e-4);
            Assert.True(choice.Error <= last);
            last = choice.Error + 1e-4;
        }
    }, iter: 20);

    [Fact]
    public void Work_is_that_of_the_chain()
    {
        (Operator op, int[] weightShape) = Layers["strides"];
        ConvGeometry s = Shape(op, weightShape);
        foreach (FactorisationKind kind in Factorisation.Suitable(s))
        {
            var factorisation = Factorisation.Of(kind, Layer(op, s, 2));
            foreach (RankChoice choice in factorisation.Choices())
            {
                Shape x = InputShape(op);
                double macs = 0;
                foreach (Factor factor in factorisation.At(choice).Chain)
                {
                    Shape y = Output(factor.Operator, x, factor.Shape);
                    macs += ((ILinearLayer)factor.Operator).Geometry(x, factor.Shape, y).Macs;
                    x = y;
                }

                Assert.Equal(macs, choice.Macs);
            }
        }
    }

    private static double Error(LayerToFactor layer, double[] product)
    {
        double[] d = [.. product.Zip(layer.Weights, (a, b) => a - b)];
        int n = layer.Shape.Taps;
        return LinearAlgebra.Product(d, layer.Shape.OutChannels, layer.H, n, n).Zip(d, (a, b) => a * b).Sum() / layer.Power;
    }

    private static LayerToFactor Layer(Operator op, ConvGeometry s, int seed)
    {
        var random = new Random(seed);
        double[] weights = [.. LinearAlgebraTests.Floats(random, s.OutChannels * s.Taps).Select(w => (double)w)];
        return new(op, s, LinearAlgebraTests.PositiveDefinite(random, s.Taps), weights);
    }

    private static Shape InputShape(Operator op) => op is FullyConnected ? new Shape(6, Channels) : new Shape(2, 11, 12, Channels);

    private static ConvGeometry Shape(Operator op, int[] weights) =>
        ((ILinearLayer)op).Geometry(InputShape(op), new Shape(weights), Output(op, InputShape(op), new Shape(weights)));

    private static Shape Output(Operator op, Shape input, Shape weights) =>
        op.Infer(new InferenceContext([new Value(0, "x", ElementType.Float32, input), new Value(1, "w", ElementType.Float32, weights)]))[0].Shape;

    private static float[] Run(TensorData x, Factor[] chain)
    {
        foreach (Factor factor in chain)
        {
            var editor = new GraphEditor();
            Value input = editor.AddValue("x", new TensorType(ElementType.Float32, x.Shape));
            editor.Inputs.Add(input.Id);
            Value weights = editor.AddConstant("w", TensorData.Of(factor.Shape, Array.ConvertAll(factor.Weights, w => (float)w)));
            Operator op = ((IFusesActivation)factor.Operator).WithActivation(ActivationRange.None);
            editor.Outputs.Add(editor.Add("y", "y", op, [input.Id, weights.Id]).Id);
            editor.OutputNames.Add("y");
            x = new ReferenceInterpreter(editor.ToGraph(), RequantizationMode.Float).Run([x])[0];
        }

        return x.ToFloats();
    }
}
