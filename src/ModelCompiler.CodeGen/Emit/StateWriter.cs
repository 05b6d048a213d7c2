using System.Linq;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Writes <c>Reset()</c> for networks that keep state from run to run.</summary>
internal static class StateWriter
{
    /// <summary>The method of the user's class.</summary>
    public static void WriteMember(ModelPlan plan, NetworkClass network, SourceWriter code)
    {
        if (plan.States.Count == 0) return;
        code.Line();
        code.Line("/// <summary>Forgets all earlier runs: the state that the network keeps from run to run becomes that of a new instance.</summary>");
        code.Line("/// <exception cref=\"global::System.ObjectDisposedException\">The instance was disposed.</exception>");
        code.Block("public void Reset()", () =>
        {
            code.Line("global::System.ObjectDisposedException.ThrowIf(_arena is null, this);");
            code.Line($"{network.FullName}.Reset(_arena);");
        });
    }

    /// <summary>What it calls.</summary>
    public static void WriteReset(ModelPlan plan, SourceWriter code)
    {
        if (plan.States.Count == 0) return;
        long bytes = plan.States.Max(s => plan.Tensor(s.Tensor) is var t ? t.Offset + t.Bytes : 0);
        code.Line();
        code.Line("/// <summary>The state before the first run.</summary>");
        code.Block("public static void Reset(byte* arena)", () =>
        {
            code.Line($"NativeMemory.Clear(arena, {Literals.Int(bytes)});");
            foreach (StatePlan state in plan.States.Where(s => s.Initial.Length > 0))
            {
                TensorPlan t = plan.Tensor(state.Tensor);
                code.Line($"new ReadOnlySpan<byte>(Weights + {Literals.Int(state.Initial.Offset)}, {Literals.Int(state.Initial.Length)}).CopyTo(new "
                    + $"Span<byte>(arena + {Literals.Int(t.Offset)}, {Literals.Int(t.Bytes)})); // {ModelEmitter.OneLine(t.Name)}");
            }
        });
    }
}
