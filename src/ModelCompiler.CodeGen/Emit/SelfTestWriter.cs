using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Writes <c>SelfTest()</c>: does this device compute the same bits as the compiler's reference interpreter?</summary>
internal static class SelfTestWriter
{
    /// <summary>The method of the user's class.</summary>
    public static void WriteMember(ModelPlan plan, NetworkClass network, SourceWriter code)
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
            code.Line($"return {network.FullName}.SelfTest(model._arena);");
        });
    }

    /// <summary>What it calls.</summary>
    public static void Write(ModelPlan plan, SourceWriter code)
    {
        if (plan.SelfTestHash == 0) return;
        code.Line();
        code.Line("/// <summary>Fills the inputs, computes, and compares the hash of the outputs.</summary>");
        code.Block("public static bool SelfTest(byte* arena)", () =>
        {
            code.Line($"ulong state = 0x{SelfTestInput.Seed:x16}, hash = 0x{SelfTestInput.HashSeed:x16};");
            foreach (EdgePlan input in plan.Inputs)
            {
                TensorPlan t = plan.Tensor(input.Tensor);
                string bytes = $"new Span<byte>({Terms.Plus("arena", Literals.Int(t.Offset))}, {Literals.Int(t.Bytes)})";
                code.Line(t.Type == ElementType.Float32 ? $"Edge.FillRandom(MemoryMarshal.Cast<byte, float>({bytes}), ref state);"
                    : SelfTestInput.IsRandom(t.Type) ? $"Edge.FillRandom({bytes}, ref state);" : $"{bytes}.Clear();");
            }

            code.Line("Infer(arena);");
            foreach (EdgePlan output in plan.Outputs)
            {
                TensorPlan t = plan.Tensor(output.Tensor);
                bool isReal = t.Type is ElementType.Float32 or ElementType.Float16 or ElementType.Float64;
                code.Line(isReal
                    ? $"Edge.HashNumbers(new ReadOnlySpan<{t.Type.CSharpName()}>({Terms.Plus("arena", Literals.Int(t.Offset))}, "
                    + $"{Literals.Int(t.Bytes / t.Type.Size())}), ref hash);"
                    : $"Edge.Hash(new ReadOnlySpan<byte>({Terms.Plus("arena", Literals.Int(t.Offset))}, {Literals.Int(t.Bytes)}), ref hash);");
            }

            code.Line($"return hash == 0x{plan.SelfTestHash:x16};");
        });
    }
}
