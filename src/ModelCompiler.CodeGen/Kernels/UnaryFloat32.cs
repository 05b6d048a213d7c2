using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>A function of every float32 element; transcendental functions one by one, others in vectors. May work in place.</summary>
/// <param name="In">Elements.</param>
/// <param name="Out">As many elements.</param>
/// <param name="Kind">The function.</param>
/// <param name="Alpha">Its first constant.</param>
/// <param name="Beta">Its second constant.</param>
/// <param name="Count">Number of elements.</param>
internal sealed record UnaryFloat32(TensorRef In, TensorRef Out, UnaryKind Kind, float Alpha, float Beta, int Count) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"float {Kind.ToString().ToLowerInvariant()} of {Literals.Int(Count)}";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        string? vector = writer.Isa.IsScalar ? null : VectorExpression(writer.Isa.Vector);
        string method = writer.Method($"{Kind}Float", $"{Kind} of every element.", "float* input, float* output, int count", code =>
        {
            code.Line("int i = 0;");
            if (vector is not null)
            {
                code.Block($"for (; i <= count - {writer.Isa.Lanes}; i += {writer.Isa.Lanes})", () =>
                    code.Line($"{writer.Isa.Vector}<float> x = {writer.Isa.Vector}.Load(input + i);\n({vector}).Store(output + i);"));
            }

            code.Block("for (; i < count; i++)", () => code.Line($"float x = input[i];\noutput[i] = {SingleExpression};"));
        });
        writer.Call($"{method}({writer.Address(In)}, {writer.Address(Out)}, {Literals.Int(Count)});");
    }

    private string SingleExpression => Kind switch
    {
        UnaryKind.Clamp => FloatClamp.Single("x", Alpha, Beta),
        UnaryKind.Sigmoid => "1 / (1 + MathF.Exp(-x))",
        UnaryKind.Tanh => "MathF.Tanh(x)",
        UnaryKind.Abs => "MathF.Abs(x)",
        UnaryKind.Negate => "-x",
        UnaryKind.Exp => "MathF.Exp(x)",
        UnaryKind.Log => "MathF.Log(x)",
        UnaryKind.Sqrt => "MathF.Sqrt(x)",
        UnaryKind.Reciprocal => "1 / x",
        UnaryKind.LeakyRelu => $"x > 0 ? x : x * {Literals.Float(Alpha)}",
        UnaryKind.Elu => $"x > 0 ? x : {Literals.Float(Alpha)} * (MathF.Exp(x) - 1)",
        UnaryKind.Softplus => "Math.Max(x, 0) + MathF.Log(1 + MathF.Exp(-MathF.Abs(x)))",
        UnaryKind.HardSigmoid => $"Math.Min(Math.Max(x * {Literals.Float(Alpha)} + {Literals.Float(Beta)}, 0), 1)",
        _ => "x * Math.Min(Math.Max(x + 3, 0), 6) / 6",
    };

    private string? VectorExpression(string vector)
    {
        return Kind switch
        {
            UnaryKind.Clamp => FloatClamp.Vector(vector, "x", Alpha, Beta),
            UnaryKind.Abs => $"{vector}.Abs(x)",
            UnaryKind.Negate => "-x",
            UnaryKind.Sqrt => $"{vector}.Sqrt(x)",
            UnaryKind.Reciprocal => $"{vector}<float>.One / x",
            UnaryKind.LeakyRelu => $"{vector}.ConditionalSelect({vector}.GreaterThan(x, {vector}<float>.Zero), x, x * {Literals.Float(Alpha)})",
            UnaryKind.HardSigmoid => Clamped($"x * {Literals.Float(Alpha)} + {Create(Beta)}", 1),
            UnaryKind.HardSwish => $"x * {Clamped($"x + {Create(3)}", 6)} / {Create(6)}",
            _ => null,
        };

        string Create(float value) => $"{vector}.Create({Literals.Float(value)})";

        string Clamped(string value, float max) => FloatClamp.Vector(vector, value, 0, max);
    }
}
