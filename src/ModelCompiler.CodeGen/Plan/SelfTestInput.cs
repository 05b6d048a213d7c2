namespace ModelCompiler.CodeGen.Plan;

/// <summary>
/// The pseudo-random input of the self-test and the hash of its outputs, defined once for compiler and generated code:
/// xorshift64* (Marsaglia, "Xorshift RNGs", 2003; Vigna, 2016) and FNV-1a.
/// </summary>
public static class SelfTestInput
{
    /// <summary>First state of the generator.</summary>
    public const ulong Seed = 0x9E3779B97F4A7C15;

    /// <summary>First state of the hash.</summary>
    public const ulong HashSeed = 0xCBF29CE484222325;

    /// <summary>The next 64 random bits.</summary>
    public static ulong Next(ref ulong state)
    {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return unchecked(state * 0x2545F4914F6CDD1D);
    }

    /// <summary>True for integers whose bytes are random; others, such as indices, are zero.</summary>
    public static bool IsRandom(ElementType type) => type.IsByte() || type == ElementType.Int16;

    /// <summary>A byte from random bits.</summary>
    public static byte ToByte(ulong bits) => (byte)(bits >> 56);

    /// <summary>A real number in [−1, 1) from random bits.</summary>
    public static float ToFloat(ulong bits) => ((bits >> 40) / 8388608f) - 1;
}
