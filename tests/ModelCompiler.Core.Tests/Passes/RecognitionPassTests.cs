using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Passes;

namespace ModelCompiler.Core.Tests.Passes;

/// <summary>Operators that exporters write out as simpler ones.</summary>
public class RecognitionPassTests
{
    private static Value Number(CaseBuilder b, double value, params int[] shape) => b.Numbers(ElementType.Float32, null, _ => value, shape);

    private static Value Binary(CaseBuilder b, BinaryKind kind, Value x, Value y) => b.Apply(new Binary(kind, ActivationRange.None), x, y);

    private static Value Add(CaseBuilder b, Value x, Value y) => Binary(b, BinaryKind.Add, x, y);

    private static Value Times(CaseBuilder b, Value x, Value y) => Binary(b, BinaryKind.Multiply, x, y);

    private static Value Over(CaseBuilder b, Value x, Value y) => Binary(b, BinaryKind.Divide, x, y);

    private static Value Of(CaseBuilder b, UnaryKind kind, Value x) => b.Apply(new Unary(kind), x);

    private static Value Clamp(CaseBuilder b, Value x, float min, float max) => b.Apply(Unary.Clamp(new ActivationRange(min, max)), x);

    private static Value Library(CaseBuilder b, string function, params Value[] x) => b.Apply(new Elementwise(function, ElementKind.Float), x);

    private static Value Reduce(CaseBuilder b, string kind, Value x, int axis, bool keep = true) => b.Apply(new Reduce(kind, EquatableArray.Of(axis), keep), x);

    [Theory]
    [InlineData(2, true, true, false)]
    [InlineData(2, false, true, false)]
    [InlineData(1, true, true, false)]
    [InlineData(1, false, false, false)]
    [InlineData(2, true, false, true)]
    public void Softmax_is_found(int axis, bool hasMaximum, bool keep, bool byReciprocal)
    {
        var b = new CaseBuilder(1);
        Value x = b.Input(2, 5, 7);
        Value shifted = hasMaximum ? Binary(b, BinaryKind.Subtract, x, Reduce(b, "Largest", x, axis)) : x;
        Value exponential = Of(b, UnaryKind.Exp, shifted);
        Value sum = Reduce(b, "Sum", exponential, axis, keep);
        if (!keep) sum = b.Apply(new Reshape(x.Shape.With(axis, 1)), sum);
        Value y = byReciprocal ? Times(b, Of(b, UnaryKind.Reciprocal, sum), exponential) : Over(b, exponential, sum);
        ModelGraph after = PassCheck.Run(RecogniseSoftmax.Run, b.Build(y));
        Assert.Equal(new Softmax(axis), Assert.Single(after.Nodes).Operator);
    }

    [Fact]
    public void What_only_resembles_softmax_stays()
    {
        var b = new CaseBuilder(2);
        Value x = b.Input(3, 4, 4);
        Value exponential = Of(b, UnaryKind.Exp, x);
        Value other = Over(b, exponential, Reduce(b, "Sum", Of(b, UnaryKind.Exp, b.Input(3, 4, 4)), 2));
        Value crossed = Over(b, exponential, Reduce(b, "Sum", exponential, 2, keep: false) is var sum ? b.Apply(new Reshape(new Shape(3, 1, 4)), sum) : sum);
        Assert.Equal(0, PassCheck.Count<Softmax>(PassCheck.Run(RecogniseSoftmax.Run, b.Build(other, crossed))));
    }

    public static TheoryData<string> Functions => [.. Written.Keys];

    private static readonly Dictionary<string, (Operator Operator, Func<CaseBuilder, Value, Value> Write)> Written = new()
    {
        ["GELU with a division"] = (Gelu("Gelu"), (b, x) =>
            Times(b, Times(b, x, Number(b, 0.5)), Add(b, Library(b, "Erf", Over(b, x, Number(b, Math.Sqrt(2), 1))), Number(b, 1)))),
        ["GELU with a product"] = (Gelu("Gelu"), (b, x) =>
            Times(b, Number(b, 0.5, 1, 1), Times(b, Add(b, Number(b, 1), Library(b, "Erf", Times(b, Number(b, Math.Sqrt(0.5)), x))), x))),
        ["GELU with tanh and a power"] = (Gelu("GeluTanh"), (b, x) => Times(
            b, Times(b, Number(b, 0.5), x), Add(b, Number(b, 1),
                Of(b, UnaryKind.Tanh, Times(b, Number(b, Math.Sqrt(2 / Math.PI)),
                    Add(b, x, Times(b, Number(b, 0.044715), Library(b, "Power", x, Number(b, 3))))))))),
        ["GELU with tanh and products"] = (Gelu("GeluTanh"), (b, x) => Times(b, x, Times(
            b, Number(b, 0.5), Add(b, Of(b, UnaryKind.Tanh, Times(b, Times(b, x, Number(b, Math.Sqrt(2 / Math.PI))),
                Add(b, Times(b, Times(b, x, x), Number(b, 0.044715)), Number(b, 1)))), Number(b, 1))))),
        ["hard swish with a division"] = (new Unary(UnaryKind.HardSwish),
            (b, x) => Over(b, Times(b, x, Clamp(b, Add(b, x, Number(b, 3)), 0, 6)), Number(b, 6))),
        ["hard swish with a product inside"] = (new Unary(UnaryKind.HardSwish),
            (b, x) => Times(b, Times(b, Clamp(b, Add(b, Number(b, 3, 1), x), 0, 6), Number(b, 1 / 6f)), x)),
        ["hard swish with a hard sigmoid"] = (new Unary(UnaryKind.HardSwish),
            (b, x) => Times(b, x, b.Apply(new Unary(UnaryKind.HardSigmoid, 1 / 6f, 0.5f), x))),
        ["SiLU"] = (Gelu("Swish") with { Alpha = 1 }, (b, x) => Times(b, Of(b, UnaryKind.Sigmoid, x), x)),
        ["SiLU with an exponential"] = (Gelu("Swish") with { Alpha = 1 },
            (b, x) => Over(b, x, Add(b, Number(b, 1), Of(b, UnaryKind.Exp, Of(b, UnaryKind.Negate, x))))),
        ["Mish"] = (Gelu("Mish"), (b, x) => Times(b, x, Of(b, UnaryKind.Tanh, Of(b, UnaryKind.Softplus, x)))),
    };

    private static Elementwise Gelu(string function) => new(function, ElementKind.Float);

    [Theory]
    [MemberData(nameof(Functions))]
    public void Functions_are_found_whatever_the_order(string name)
    {
        (Operator op, Func<CaseBuilder, Value, Value> write) = Written[name];
        var b = new CaseBuilder(3);
        ModelGraph after = PassCheck.Run(RecogniseFunctions.Run, b.Build(write(b, b.Input(2, 3, 8))));
        Assert.Equal(op, Assert.Single(after.Nodes).Operator);
    }

    [Fact]
    public void Products_of_two_values_and_other_constants_stay()
    {
        var b = new CaseBuilder(4);
        Value x = b.Input(2, 8), y = b.Input(2, 8);
        Value gate = Times(b, x, Of(b, UnaryKind.Sigmoid, y));
        Value other = Times(b, x, Clamp(b, Add(b, x, Number(b, 3.1)), 0, 6));
        Value perChannel = Times(b, x, Of(b, UnaryKind.Sigmoid, Times(b, x, b.Constant(8))));
        ModelGraph before = b.Build(gate, other, perChannel);
        Assert.Equal(PassCheck.Operators(before), PassCheck.Operators(PassCheck.Run(RecogniseFunctions.Run, before)));
    }
}
