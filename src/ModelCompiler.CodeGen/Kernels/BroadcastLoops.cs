using System;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// The loops of an elementwise kernel with two inputs that broadcast: nested over the outer axes, vectors with a scalar rest along the innermost.
/// </summary>
/// <param name="sizes">Sizes of the axes, outermost first.</param>
/// <param name="stepsA">Elements of a from one index to the next, 0 where it is repeated.</param>
/// <param name="stepsB">The same for b.</param>
internal sealed class BroadcastLoops(EquatableArray<int> sizes, EquatableArray<int> stepsA, EquatableArray<int> stepsB)
{
    private readonly int _inner = sizes.Count - 1;

    /// <summary>Number of output elements.</summary>
    public int Count => sizes.Aggregate(1, (product, size) => product * size);

    /// <summary>Sizes for summaries.</summary>
    public string Describe => string.Join("×", sizes.Select(s => Literals.Int(s)))
        + (IsRepeated(stepsA) ? ", first repeated" : IsRepeated(stepsB) ? ", second repeated" : "");

    /// <summary>Part of method names: what tells one set of loops from others.</summary>
    public string Name => string.Join("x", sizes.Select(s => Literals.Int(s)));

    private static bool IsRepeated(EquatableArray<int> steps) => steps.Any(s => s == 0);

    /// <summary>How the innermost axis is cut into vectors.</summary>
    public VectorRun Run(Isa isa) => VectorRun.For(isa, sizes[_inner]);

    /// <summary>Writes the loops.</summary>
    /// <param name="code">Where to write.</param>
    /// <param name="types">C# element types of a, b and the output.</param>
    /// <param name="run">How the innermost axis is cut.</param>
    /// <param name="prepareA">From a pointer, whose elements it loads, to a vector of a; given the expression of an element where it is repeated.</param>
    /// <param name="prepareB">The same for b.</param>
    /// <param name="vector">Statement that computes vectors a and b and stores them at an address.</param>
    /// <param name="single">Statement that computes elements a and b and stores them in an element.</param>
    public void Write(
        SourceWriter code, (string A, string B, string Out) types, VectorRun run, Func<string, bool, string> prepareA, Func<string, bool, string> prepareB,
        Func<string, string, string, string> vector, Func<string, string, string, string> single)
    {
        WriteAxis(0, "a", "b", "output");

        void WriteAxis(int axis, string a, string b, string o)
        {
            if (axis < _inner)
            {
                string variable = "i" + Literals.Int(axis);
                int outStep = sizes.Skip(axis + 1).Aggregate(1, (product, size) => product * size);
                code.For(variable, sizes[axis], at => WriteAxis(axis + 1, Terms.Plus(a, Terms.Times(at, stepsA[axis])),
                    Terms.Plus(b, Terms.Times(at, stepsB[axis])), Terms.Plus(o, Terms.Times(at, outStep))));
                return;
            }

            code.Line($"{types.A}* x = {a};");
            code.Line($"{types.B}* y = {b};");
            code.Line($"{types.Out}* to = {o};");
            bool repeatsA = stepsA[_inner] == 0, repeatsB = stepsB[_inner] == 0;
            if (!run.IsScalar && repeatsA) code.Line($"var vectorX = {prepareA("*x", true)};");
            if (!run.IsScalar && repeatsB) code.Line($"var vectorY = {prepareB("*y", true)};");
            VectorRun.WriteWithRest(
                code,
                "i",
                sizes[_inner],
                run.Lanes,
                i => code.Line(vector(repeatsA ? "vectorX" : prepareA(Terms.Plus("x", i), false), repeatsB ? "vectorY" : prepareB(Terms.Plus("y", i), false),
                    Terms.Plus("to", i))),
                i => code.Line(single(repeatsA ? "*x" : $"x[{i}]", repeatsB ? "*y" : $"y[{i}]", $"to[{i}]")));
        }
    }
}
