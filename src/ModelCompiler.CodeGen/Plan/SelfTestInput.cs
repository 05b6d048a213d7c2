namespace ModelCompiler.CodeGen.Plan;

/// <summary>
/// Where the pseudo-random input of the self-test and the hash of its outputs begin;
/// the generator and the hash are the <c>Edge</c> class of the vocabulary, which compiler and generated code share.
/// </summary>
internal static class SelfTestInput
{
    /// <summary>First state of the generator.</summary>
    public const ulong Seed = 0x9E3779B97F4A7C15;

    /// <summary>First state of the hash.</summary>
    public const ulong HashSeed = 0xCBF29CE484222325;

    /// <summary>True for integers whose bytes are random; others, such as indices, are zero.</summary>
    public static bool IsRandom(ElementType type) => type.IsByte() || type == ElementType.Int16;
}
