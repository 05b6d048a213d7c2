using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Writes <c>SelfTest()</c>: does this device compute the same bits as the compiler's reference interpreter?</summary>
internal static class SelfTestWriter
{
    public static void Write(ModelPlan plan, SourceWriter code)
    {
        if (plan.SelfTestHash == 0) return;
        code.Line();
        code.Line("/// <summary>");
        code.Line("/// Runs the network on a fixed pseudo-random input and compares with what the compiler's reference interpreter computed at build time.");
        code.Line("/// </summary>");
        code.Line("/// <returns>True when this device gives the same bits.</returns>");
        code.Block("public static bool SelfTest()", () =>
        {
            code.Line($"using var model = new {plan.ClassName}();");
            code.Line($"ulong state = 0x{SelfTestInput.Seed:x16}, hash = 0x{SelfTestInput.HashSeed:x16};");
            foreach (EdgePlan input in plan.Inputs)
            {
                TensorPlan t = plan.Tensor(input.Tensor);
                string bytes = $"new Span<byte>(model._arena + {Literals.Int(t.Offset)}, {Literals.Int(t.Bytes)})";
                code.Line(t.Type == ElementType.Float32 ? $"Edge.FillRandom(MemoryMarshal.Cast<byte, float>({bytes}), ref state);" : SelfTestInput.IsRandom(t.Type) ? $"Edge.FillRandom({bytes}, ref state);" : $"{bytes}.Clear();");
            }

            code.Line("model.Infer();");
            foreach (EdgePlan output in plan.Outputs)
            {
                TensorPlan t = plan.Tensor(output.Tensor);
                code.Line($"Edge.Hash(new ReadOnlySpan<byte>(model._arena + {Literals.Int(t.Offset)}, {Literals.Int(t.Bytes)}), ref hash);");
            }

            code.Line($"return hash == 0x{plan.SelfTestHash:x16};");
        });
    }
}
