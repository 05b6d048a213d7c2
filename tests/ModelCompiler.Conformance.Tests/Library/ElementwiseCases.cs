using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests.Library;

/// <summary>Functions of single elements and of pairs that broadcast.</summary>
internal static class ElementwiseCases
{
    private static readonly string[] Functions =
    [
        "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Tanh", "Asinh", "Acosh", "Atanh", "Exp", "Log", "Sqrt", "Reciprocal", "Floor", "Ceiling",
        "Round", "Sigmoid", "Softplus", "Softsign",
        "LeakyRelu", "Elu", "Selu", "Celu", "HardSigmoid", "HardSwish", "ThresholdedRelu", "Mish", "Swish", "Erf", "Gelu", "GeluTanh",
    ];

    private static readonly string[] Numbers = ["Abs", "Negate", "Sign", "Relu", "Shrink", "ClampNumber", "Binarize"];

    public static Dictionary<string, Func<CaseBuilder, ModelGraph>> All { get; } = new(
    [
        Case("functions of float32", b => LibraryCases.Each(b, Real(ElementKind.Float), b.Input(3, 7))),
        Case("functions of float64", b => LibraryCases.Each(b, Real(ElementKind.Float), LibraryCases.Input(b, ElementType.Float64, 19))),
        Case("functions of float16", b => LibraryCases.Each(b, Real(ElementKind.Float), LibraryCases.Input(b, ElementType.Float16, 17))),
        .. new[] { ElementType.Float32, ElementType.Float64, ElementType.Int8, ElementType.Int32,
            ElementType.Int64 }.Select(type => Case($"functions of numbers {type}", b => LibraryCases.Each(b, Numeric(), LibraryCases.Input(b, type, 3, 6)))),
        .. new[] { ElementType.Float32, ElementType.Float64 }.Select(type =>
            Case($"what is no number {type}", b => LibraryCases.Each(b, Checks(), Any(b, type, 16)))),
        .. new[] { ElementType.UInt8, ElementType.Int16, ElementType.UInt32, ElementType.Int64 }.Select(type => Case($"bits {type}", b => Bits(b, type))),
        .. new[] { ElementType.Float32, ElementType.Float64, ElementType.Int16, ElementType.Int32,
            ElementType.UInt64 }.Select(type => Case($"pairs {type}", b => Pairs(b, type))),
        .. new[] { ElementType.Float32, ElementType.Float64, ElementType.Int32,
            ElementType.Int64 }.Select(type => Case($"powers {type}", b => Powers(b, type))),
        .. new[] { ElementType.Float32, ElementType.Float64, ElementType.Int8, ElementType.UInt16,
            ElementType.Int64 }.Select(type => Case($"conversions of {type}", b => Conversions(b, type))),
        Case("logic", b => Logic(b)),
        .. new[] { ElementType.Bool, ElementType.Float16, ElementType.Int32,
            ElementType.Float64 }.Select(type => Case($"where {type}",
                b => LibraryCases.One(b, new Where(), LibraryCases.Input(b, ElementType.Bool, 2, 1, 5), LibraryCases.Input(b, type, 3, 5),
                    LibraryCases.Input(b, type, 3, 1)))),
        Case("the same bits as integers", b => LibraryCases.One(b, new Elementwise("BitwiseNot", ElementKind.Integer),
            b.Apply(new BitCast(ElementType.Int32), b.Apply(new Elementwise("Sin", ElementKind.Float), b.Input(3, 5))))),
        Case("where of single elements", b => LibraryCases.One(b, new Where(), LibraryCases.Input(b, ElementType.Bool), b.Input(), b.Input())),
        Case("rounding to narrow numbers", b => LibraryCases.Each(b, Narrow(), Any(b, ElementType.Float32, 64))),
    ]);

    private static KeyValuePair<string, Func<CaseBuilder, ModelGraph>> Case(string name, Func<CaseBuilder, ModelGraph> build) => new(name, build);

    private static IEnumerable<Operator> Real(ElementKind kind) => Functions.Select(f => new Elementwise(f, kind, null, 0.75, 0.5));

    private static IEnumerable<Operator> Numeric() => Numbers.Select(f => new Elementwise(f, ElementKind.Number, null, f == "ClampNumber" ? -2 : 1, 3));

    private static IEnumerable<Operator> Checks() =>
        [new Elementwise("IsNaN", ElementKind.Float, ElementType.Bool),
            .. new[] { (0, 1), (1, 0), (1, 1) }.Select(p => new Elementwise("IsInfinity", ElementKind.Float, ElementType.Bool, p.Item1, p.Item2))];

    private static double Remarkable(Random random) => random.Next(8) switch
    {
        0 => double.NaN,
        1 => double.PositiveInfinity,
        2 => double.NegativeInfinity,
        3 => -0.0,
        _ => (random.NextDouble() - 0.5) * Math.ScaleB(1, random.Next(-20, 20)),
    };

    // One of two remarkable numbers, chosen when the network runs.
    private static Value Any(CaseBuilder b, ElementType type, int count) =>
        b.Apply(new Where(), LibraryCases.Input(b, ElementType.Bool, count), b.Numbers(type, null, Remarkable, count),
            b.Numbers(type, null, Remarkable, count));

    private static IEnumerable<Operator> Narrow() =>
        from format in new NarrowFloat[]
        {
            new(8, 7, 127, NarrowKind.Ieee), new(4, 3, 7, NarrowKind.Finite), new(4, 3, 8, NarrowKind.FiniteUnsignedZero), new(5, 2, 15, NarrowKind.Ieee),
                new(2, 1, 1, NarrowKind.FiniteWithoutNaN), new(8, 0, 127, NarrowKind.Powers),
        }
        from saturate in new[] { false, true }
        select Round.To(format, saturate, format.Kind == NarrowKind.Powers && saturate ? 1 : 0);

    private static ModelGraph Bits(CaseBuilder b, ElementType type)
    {
        Value x = LibraryCases.Input(b, type, 2, 3, 5), y = LibraryCases.Input(b, type, 3, 1),
            shift = b.Numbers(type, null, r => r.Next(0, 8 * type.Size()), 5);
        return b.Build(
        [
            b.Apply(new Elementwise("BitwiseNot", ElementKind.Integer), x),
            .. new[] { "BitwiseAnd", "BitwiseOr", "BitwiseXor" }.Select(f => b.Apply(new Elementwise(f, ElementKind.Integer), x, y)),
            .. new[] { "ShiftLeft", "ShiftRight" }.Select(f => b.Apply(new Elementwise(f, ElementKind.Integer), x, shift)),
        ]);
    }

    private static ModelGraph Pairs(CaseBuilder b, ElementType type)
    {
        Value x = LibraryCases.Input(b, type, 2, 3, 5), y = LibraryCases.Input(b, type, 3, 1), divisor = b.Numbers(type, null, r => r.Next(1, 7), 5);
        return b.Build(
        [
            .. new[] { "Add", "Subtract", "Multiply", "Minimum", "Maximum", "Prelu" }.Select(f => b.Apply(new Elementwise(f, ElementKind.Number), x, y)),
            .. new[] { "Divide", "Remainder", "Modulo" }.Select(f => b.Apply(new Elementwise(f, ElementKind.Number), x, divisor)),
            .. new[] { "Equal", "Less", "LessOrEqual", "Greater",
                "GreaterOrEqual" }.Select(f => b.Apply(new Elementwise(f, ElementKind.Any, ElementType.Bool), x, y)),
        ]);
    }

    private static ModelGraph Powers(CaseBuilder b, ElementType type)
    {
        Value x = LibraryCases.Small(b, type, 1, 5, 3, 4);
        return b.Build([.. new[] { ElementType.Float32, ElementType.Int32,
            ElementType.Int64 }.Select(t => b.Apply(new Elementwise("Power", ElementKind.Number), x, b.Numbers(t, null, r => r.Next(0, 4), 4)))]);
    }

    private static ModelGraph Conversions(CaseBuilder b, ElementType type)
    {
        ElementType[] to = [ElementType.Float32, ElementType.Float64, ElementType.Float16, ElementType.Int8, ElementType.UInt8, ElementType.Int16,
            ElementType.Int32, ElementType.UInt32, ElementType.Int64, ElementType.UInt64];
        Value x = type.IsFloat() ? Any(b, type, 31) : LibraryCases.Input(b, type, 31);
        return b.Build(
        [
            .. to.Select(t => b.Apply(new Elementwise("Convert", ElementKind.Number, t), t, null, x)),
            b.Apply(new Elementwise("ToBool", ElementKind.Number, ElementType.Bool), x),
            b.Apply(new Elementwise("KeepBits", ElementKind.Number, ElementType.Int8, 4, 1), x),
            b.Apply(new Elementwise("KeepBits", ElementKind.Number, ElementType.UInt8, 2), x),
        ]);
    }

    private static ModelGraph Logic(CaseBuilder b)
    {
        Value x = LibraryCases.Input(b, ElementType.Bool, 4, 1, 3), y = LibraryCases.Input(b, ElementType.Bool, 2, 3);
        return b.Build(
        [
            b.Apply(new Elementwise("Not", ElementKind.Bool), x),
            .. new[] { "And", "Or", "Xor" }.Select(f => b.Apply(new Elementwise(f, ElementKind.Bool), x, y)),
            b.Apply(new Elementwise("Equal", ElementKind.Any, ElementType.Bool), x, y),
            b.Apply(new Elementwise("FromBool", ElementKind.Bool, ElementType.Float32), x),
            b.Apply(new Elementwise("FromBool", ElementKind.Bool, ElementType.Int64), x),
        ]);
    }
}
