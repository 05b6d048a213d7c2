using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.CodeGen.Vocabulary;

/// <summary>What kernels with four products to a lane need beside, 256 bits wide, on x64 with AVX-VNNI.</summary>
internal static unsafe partial class Vnni256
{
    /// <summary>The sums plus products of uint8 and int8, each four neighbours added in int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAddQuads(Vector256<int> sum, Vector256<byte> a, Vector256<sbyte> b) => AvxVnni.MultiplyWideningAndAdd(sum, a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddQuads(Vector128<int> sum, Vector128<byte> a, Vector128<sbyte> b) => AvxVnni.MultiplyWideningAndAdd(sum, a, b);

    /// <summary>Puts the first halves of all 128-bit lanes before the second halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> GatherHalves(Vector256<byte> packed) => Avx2.Permute4x64(packed.AsInt64(), 0b11_01_10_00).AsByte();
}
