using System;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// How a run of neighbouring elements is cut into vectors: those of the instruction set, or of 128 bits where the run is shorter, or none.
/// </summary>
/// <param name="Vector">Name of the BCL vector type.</param>
/// <param name="Simd">Name of the helper class.</param>
/// <param name="Lanes">32-bit lanes of a vector; 0 for scalar code.</param>
internal sealed record VectorRun(string Vector, string Simd, int Lanes)
{
    /// <summary>True when the run is computed element by element.</summary>
    public bool IsScalar => Lanes == 0;

    /// <summary>The widest vectors of which one takes <paramref name="perLane"/> elements per 32-bit lane and no more than the run has.</summary>
    public static VectorRun For(Isa isa, int count, int perLane = 1)
    {
        if (!isa.IsScalar && count >= isa.Lanes * perLane) return new VectorRun(isa.Vector, isa.Simd, isa.Lanes);
        return !isa.IsScalar && count >= 4 * perLane ? new VectorRun("Vector128", "Simd128", 4) : new VectorRun("", "Scalar", 0);
    }

    /// <summary>
    /// Writes a loop over the run, <paramref name="chunk"/> elements at a time; what is left over is done by a last chunk that overlaps the one before,
    /// so that the body must not depend on what it has already written. The body gets the variable, or 0 where one chunk is all.
    /// </summary>
    public static void WriteOverlapping(SourceWriter code, string variable, int count, int chunk, Action<string> body) => code.For(
        variable,
        count,
        at =>
        {
            if (count % chunk != 0) code.Line($"if ({at} > {count - chunk}) {at} = {count - chunk};");
            body(at);
        },
        chunk);

    /// <summary>Writes a loop over the run with a scalar rest, which suits kernels that work in place; the bodies get the variable,
    /// or the place where they stand without a loop.</summary>
    public static void WriteWithRest(SourceWriter code, string variable, int count, int chunk, Action<string> body, Action<string> rest)
    {
        int left = chunk == 0 ? count : count % chunk;
        if (left == count) code.For(variable, count, rest);
        else if (left <= 1) code.For(variable, count - left, body, chunk);
        else if (left == count - chunk)
        {
            body("0");
            code.Block($"for (int {variable} = {chunk}; {variable} < {count}; {variable}++)", () => rest(variable));
        }
        else
        {
            code.Line($"int {variable} = 0;");
            code.Block($"for (; {variable} <= {count - chunk}; {variable} += {chunk})", () => body(variable));
            code.Block($"for (; {variable} < {count}; {variable}++)", () => rest(variable));
        }

        if (left == 1 && count > 1) rest(Literals.Int(count - 1));
    }
}
