using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.CodeGen.Vocabulary;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Planning;

/// <summary>Computes what the self-test of the generated class must find.</summary>
internal static class SelfTestVector
{
    // The reference interpreter takes seconds for as much.
    private const long MostMacs = 1_000_000_000;
    private const long MostArenaBytes = 1L << 26;

    /// <summary>False for networks whose computation would make builds wait; their class has no self-test.</summary>
    public static bool IsWorthwhile(ModelPlan plan) => plan.ArenaBytes <= MostArenaBytes && plan.Steps.Sum(s => s.Kernel.Macs) <= MostMacs;

    /// <summary>The hash, or 0 for none when the operators refuse the pseudo-random input, such as indices that must lie within another input.</summary>
    public static ulong TryHash(ModelGraph graph, RequantizationMode mode)
    {
        try
        {
            return Hash(graph, mode);
        }
        catch (ModelCompilationException)
        {
            return 0;
        }
    }

    /// <summary>Hash of the reference interpreter's outputs for the pseudo-random input.</summary>
    private static ulong Hash(ModelGraph graph, RequantizationMode mode)
    {
        ulong state = SelfTestInput.Seed;
        var inputs = new List<TensorData>();
        foreach (Value input in graph.InputValues)
        {
            var data = new TensorData(input.Type, input.Shape);
            if (input.Type == ElementType.Float32) Edge.FillRandom(data.Floats, ref state);
            else if (SelfTestInput.IsRandom(input.Type)) Edge.FillRandom(data.Bytes, ref state);
            inputs.Add(data);
        }

        ulong hash = SelfTestInput.HashSeed;
        foreach (TensorData output in new ReferenceInterpreter(graph, mode).Run(inputs))
        {
            switch (output.Type)
            {
                case ElementType.Float16: Edge.HashNumbers(MemoryMarshal.Cast<byte, Half>(output.Bytes), ref hash); break;
                case ElementType.Float32: Edge.HashNumbers(MemoryMarshal.Cast<byte, float>(output.Bytes), ref hash); break;
                case ElementType.Float64: Edge.HashNumbers(MemoryMarshal.Cast<byte, double>(output.Bytes), ref hash); break;
                default: Edge.Hash(output.Bytes, ref hash); break;
            }
        }

        return hash;
    }
}
