using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators.Reference;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// A function of every element, or of every pair of elements of two tensors that broadcast. Elements are taken as they are, of any type;
/// <see cref="Unary"/> and <see cref="Binary"/> have kernels for the real numbers that they are or stand for. Where post-training quantisation says so,
/// a smooth function of real numbers is a table of 256 bytes: the float function, rounded to nearest even.
/// </summary>
/// <param name="Function">Name of the function in the library, without its suffix.</param>
/// <param name="Types">Elements it takes.</param>
/// <param name="Output">Type of the output, or null for that of the first input.</param>
/// <param name="Alpha">First constant of a function of one element.</param>
/// <param name="Beta">Second constant.</param>
internal sealed record Elementwise(string Function, ElementKind Types, ElementType? Output = null, double Alpha = 0, double Beta = 0) : Operator
{
    // Smooth or piecewise smooth, so that 256 points describe them.
    private static readonly string[] Tabulated = ["Gelu", "GeluTanh", "Swish", "Mish", "Softsign", "Selu", "Celu", "ThresholdedRelu", "Erf"];

    /// <summary>True when a table does for the function on 8-bit integers that stand for real numbers.</summary>
    public bool HasTable => Output is null && Tabulated.Contains(Function);

    /// <inheritdoc/>
    public override string Name => Function;

    /// <inheritdoc/>
    public override bool NeedsRelativePrecision(int input) => Function switch
    {
        "Power" or "Log" or "Sqrt" or "Reciprocal" or "ReciprocalSquareRoot" => input == 0,
        "Divide" => input == 1,
        _ => false,
    };

    /// <inheritdoc/>
    public override bool IsElementwise => true;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value a = context[0];
        if (!Types.Includes(a.Type) && !(a.IsQuantized && HasTable))
            throw new ModelCompilationException("MC2003", $"'{a.Name}' has elements of type {a.Type}, which {Function} does not compute with.",
                "Export the model with another element type.");
        ElementType type = Output ?? a.Type;
        if (context.Optional(1) is not { } b) return [new TensorType(type, a.Shape)];
        InferenceContext.Require(a.Type == b.Type || Function == "Power", $"The operands are of different types, {a.Type} and {b.Type}.");
        Shape? shape = Shape.Broadcast(a.Shape, b.Shape);
        InferenceContext.Require(shape is not null, $"Shapes {a.Shape} and {b.Shape} do not broadcast.");
        return [new TensorType(type, shape!.Value)];
    }

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context)
    {
        (Value a, Value output) = (context.Input(0), context.Output(0));
        if (a.IsQuantized && HasTable) return Implementation.Lookup(Table(a, output));
        if (!context.HasInput(1))
            return new LibraryCall("Elementwise.Unary", [UnaryFunction(a.Type), a.Type.Name(), output.Type.Name()]).In(0).Out(0).InPlace((0, 0))
                .Number(output.Shape.Elements, Alpha, Beta);
        Value b = context.Input(1);
        Broadcasting loops = Broadcasting.Of(a.Shape, b.Shape, output.Shape);
        string function = a.Type == ElementType.Bool ? Function == "Equal" ? "EqualBoolFunction" : $"{Function}Function" : Function switch
        {
            "Power" => $"PowerFunction<{a.Type.Name()},{b.Type.Name()}>",
            "Divide" or "Modulo" or "Remainder" when a.Type.IsInteger() => $"{Function}IntegerFunction<{a.Type.Name()}>",
            _ => $"{Function}Function<{a.Type.Name()}>",
        };
        return new LibraryCall("Elementwise.Binary", [function, a.Type.Name(), b.Type.Name(), output.Type.Name()])
            .In(0, 1).Out(0).InPlace((0, 0)).Table("Sizes", loops.Sizes).Table("Steps", loops.StepsA).Table("Steps", loops.StepsB)
            .Number(loops.Sizes.Length, output.Shape.Elements);
    }

    private byte[] Table(Value input, Value output)
    {
        (float scale, int zero, int first) = (input.Q.Scale, input.Q.ZeroPoint, input.Type.MinValue());
        float[] reals = [.. Enumerable.Range(first, 256).Select(i => (i - zero) * scale)];
        float[] results = ReferenceInterpreter.Apply(this, reals);
        (int min, int max, QuantizationParameters q) = (output.Type.MinValue(), output.Type.MaxValue(), output.Q);
        return ByteTensors.Table(input.Type, i => results[i - first] is var y && float.IsNaN(y) ? q.ZeroPoint
            : Requantization.Quantize(y, q.Scale, q.ZeroPoint, min, max));
    }

    private string UnaryFunction(ElementType type) => Function switch
    {
        "Not" => "NotFunction",
        "FromBool" => $"FromBoolFunction<{Output!.Value.Name()}>",
        "Convert" or "KeepBits" => $"{(Function == "Convert" ? "ConvertNumber" : Function)}Function<{type.Name()},{Output!.Value.Name()}>",
        _ when type == ElementType.Float16 && Types == ElementKind.Float && Output is null => $"InFloat<{Function}Function<float>>",
        _ => $"{Function}Function<{type.Name()}>",
    };
}

/// <summary>Kinds of elements.</summary>
[Flags]
internal enum ElementKind
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Floating-point numbers.</summary>
    Float = 1,

    /// <summary>Integers.</summary>
    Integer = 2,

    /// <summary>Numbers.</summary>
    Number = Float | Integer,

    /// <summary>Booleans.</summary>
    Bool = 4,

    /// <summary>Everything.</summary>
    Any = Number | Bool,
}

/// <summary>Facts about kinds of elements.</summary>
internal static class ElementKinds
{
    /// <summary>True when a type is of the kind.</summary>
    public static bool Includes(this ElementKind kind, ElementType type) =>
        (kind & (type == ElementType.Bool ? ElementKind.Bool : type.IsInteger() ? ElementKind.Integer : ElementKind.Float)) != 0;
}
