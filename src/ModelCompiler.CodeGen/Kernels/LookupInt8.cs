using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>A function of single bytes as a table of 256: activations and changes of quantisation. May work in place.</summary>
/// <param name="In">Bytes.</param>
/// <param name="Out">As many bytes.</param>
/// <param name="Table">256 bytes, by the input's byte.</param>
/// <param name="Count">Number of bytes.</param>
internal sealed record LookupInt8(TensorRef In, TensorRef Out, DataRef Table, int Count) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"table lookup of {Literals.Count(Count, "byte")}";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        string arguments = $"((byte*)({writer.Address(In)}), (byte*)({writer.Address(Out)}), {writer.Address(Table)}, {Literals.Int(Count)})";
        writer.Call((IsSignFlip(writer) ? FlipMethod(writer) : LookupMethod(writer)) + arguments + ";");
    }

    // Between int8 and uint8 of the same scale: the sign bit.
    private bool IsSignFlip(KernelWriter writer)
    {
        EquatableArray<double> values = writer.Plan.Table(Table).Values;
        for (int i = 0; i < 256; i++)
        {
            if ((int)values[i] != (i ^ 0x80)) return false;
        }

        return true;
    }

    private static string LookupMethod(KernelWriter writer) => writer.Method(
        "Lookup",
        "Every byte through the table.",
        "byte* input, byte* output, byte* table, int count",
        code => code.Line("""
            int i = 0;
            for (; i <= count - 4; i += 4)
            {
                uint four = *(uint*)(input + i);
                output[i] = table[(byte)four];
                output[i + 1] = table[(byte)(four >> 8)];
                output[i + 2] = table[(byte)(four >> 16)];
                output[i + 3] = table[four >> 24];
            }

            for (; i < count; i++) output[i] = table[input[i]];
            """));

    private static string FlipMethod(KernelWriter writer) => writer.Method(
        "FlipSigns",
        "Every byte with its highest bit flipped.",
        "byte* input, byte* output, byte* table, int count",
        code =>
        {
            code.Line("int i = 0;");
            if (!writer.Isa.IsScalar)
                code.Line($"for (; i <= count - {writer.Isa.Bits / 8}; i += {writer.Isa.Bits / 8}) ({writer.Isa.Vector}.Load(input + i) ^ "
                    + $"{writer.Isa.Vector}.Create((byte)0x80)).Store(output + i);");
            code.Line("for (; i < count; i++) output[i] = (byte)(input[i] ^ 0x80);");
        });
}
