using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.CodeGen.Vocabulary;

/// <summary>What kernels with four products to a lane need beside, 512 bits wide, on x64 with AVX-512 and VNNI, which .NET 11 reaches.</summary>
internal static unsafe partial class Vnni512
{
    /// <summary>The sums plus products of uint8 and int8, each four neighbours added in int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAddQuads(Vector512<int> sum, Vector512<byte> a, Vector512<sbyte> b) => AvxVnni.V512.MultiplyWideningAndAdd(sum, a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAddQuads(Vector256<int> sum, Vector256<byte> a, Vector256<sbyte> b) =>
        MultiplyAddQuads(sum.ToVector512Unsafe(), a.ToVector512Unsafe(), b.ToVector512Unsafe()).GetLower();
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddQuads(Vector128<int> sum, Vector128<byte> a, Vector128<sbyte> b) =>
        MultiplyAddQuads(sum.ToVector256Unsafe(), a.ToVector256Unsafe(), b.ToVector256Unsafe()).GetLower();

    /// <summary>Puts the first halves of all 128-bit lanes before the second halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> GatherHalves(Vector512<byte> packed) =>
        Avx512F.PermuteVar8x64(packed.AsInt64(), Vector512.Create(0L, 2, 4, 6, 1, 3, 5, 7)).AsByte();
}
