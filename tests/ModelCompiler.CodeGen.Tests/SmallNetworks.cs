using System.Text;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.CodeGen.Tests;

/// <summary>Plans of networks that are small enough to read.</summary>
internal static class SmallNetworks
{
    public static readonly string[] Names = ["integers", "fixed_point", "floats", "weights_assembly"];

    public static readonly string[] Targets = ["x64-v3", "portable", "scalar"];

    /// <summary>The plan of one of the networks.</summary>
    public static ModelPlan Plan(string name, string target) => Compile(name, target).Plan;

    /// <summary>The plan of one of the networks, and its weights.</summary>
    public static (ModelPlan Plan, byte[] Weights) Compile(string name, string target)
    {
        RequantizationMode mode = name == "fixed_point" ? RequantizationMode.FixedPoint : RequantizationMode.Float;
        ModelGraph graph = name switch
        {
            "floats" => Floats(new CaseBuilder(1)),
            "weights_assembly" => Large(new CaseBuilder(2)),
            _ => Integers(new CaseBuilder(3)),
        };
        var options = new CompilationOptions { ClassName = "Small", Namespace = "Networks", Target = target, Requantization = mode };
        (ModelPlan plan, byte[] weights) = Lowering.Run(graph, new CompilationInput("small.tflite", Encoding.UTF8.GetBytes(name), options), Target.Of(target),
            ["Fused 2 activations into the layers before them."]);
        return (name == "integers" ? plan with { SelfTestHash = 0x0123456789abcdef } : plan, weights);
    }

    // Convolution, depthwise convolution and fully connected layer on 8-bit integers.
    private static ModelGraph Integers(CaseBuilder b)
    {
        Value x = b.QuantizedInput(ElementType.Int8, 1, 6, 6, 2);
        Value conv = b.Apply(new Conv(2, 2, 1, 1, 1, 1, 1, 1, 1, ActivationRange.Relu), ElementType.Int8, b.Parameters(ElementType.Int8), x,
            b.QuantizedConstant(ElementType.Int8, true, 8, 3, 3, 2), b.Bias(8));
        Value depthwise = b.Apply(new Conv(1, 1, 1, 1, 1, 1, 1, 1, 8, ActivationRange.None), ElementType.Int8, b.Parameters(ElementType.Int8), conv,
            b.QuantizedConstant(ElementType.Int8, true, 8, 3, 3, 1), b.Bias(8));
        Value flat = b.Apply(new Reshape(new Shape(1, 72)), depthwise);
        return b.Build(b.Apply(new FullyConnected(false, ActivationRange.None), ElementType.Int8, b.Parameters(ElementType.Int8), flat,
            b.QuantizedConstant(ElementType.Int8, false, 3, 72), b.Bias(3)));
    }

    private static ModelGraph Floats(CaseBuilder b)
    {
        Value conv = b.Apply(new Conv(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.Relu), b.Input(1, 4, 4, 2), b.Constant(9, 3, 3, 2), b.Constant(9));
        Value pool = b.Apply(new Pool(PoolKind.Max, 2, 2, 2, 2, 0, 0, 0, 0, false, ActivationRange.None), conv);
        Value flat = b.Apply(new Reshape(new Shape(1, 36)), pool);
        Value layer = b.Apply(new FullyConnected(false, ActivationRange.None), flat, b.Constant(3, 36), b.Constant(3));
        return b.Build(b.Apply(new Softmax(1), layer));
    }

    private static ModelGraph Large(CaseBuilder b)
    {
        Value x = b.QuantizedInput(ElementType.UInt8, 1, 512);
        return b.Build(b.Apply(new FullyConnected(false, ActivationRange.None), ElementType.UInt8, b.Parameters(ElementType.UInt8), x,
            b.QuantizedConstant(ElementType.UInt8, false, 136, 512), b.Bias(136)));
    }
}
