using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Permutes the axes of a tensor with elements of any type: runs of elements are copied whole where the last axis stays, else tiles of the two axes that are
/// contiguous in the input and in the output.
/// </summary>
/// <param name="In">The tensor.</param>
/// <param name="Out">The permuted tensor.</param>
/// <param name="Shape">Shape of the input.</param>
/// <param name="Order">Axis of the input for every axis of the output.</param>
internal sealed record TransposeKernel(TensorRef In, TensorRef Out, EquatableArray<int> Shape, EquatableArray<int> Order) : Kernel
{
    private const int Tile = 16;

    /// <inheritdoc/>
    public override string Summary => $"transpose {string.Join("×", Shape.Select(d => Literals.Int(d)))} → "
        + $"{string.Join("×", Order.Select(a => Literals.Int(Shape[a])))}";

    /// <summary>The C# type that moves elements of a size.</summary>
    internal static string UnsignedType(int size) => size switch { 1 => "byte", 2 => "ushort", 4 => "uint", _ => "ulong" };

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        int size = writer.Tensor(In).Type.Size();
        (int[] shape, int[] order) = Simplify();
        while (order.Length > 1 && order[order.Length - 1] == order.Length - 1 && size * shape[order.Length - 1] is 2 or 4 or 8)
        {
            size *= shape[order.Length - 1];
            order = order.Take(order.Length - 1).ToArray();
        }

        string type = UnsignedType(size);
        int rank = order.Length;
        int[] inSteps = Steps(shape.Take(rank).ToArray());
        int[] outSteps = Steps(order.Select(a => shape[a]).ToArray());
        string method = writer.Method($"Transpose_{string.Join("x", shape.Take(rank))}_{string.Concat(order)}", $"{Summary}.",
            $"{type}* input, {type}* output", code =>
        {
            if (order[rank - 1] == rank - 1) WriteRuns(code, type, shape, order, inSteps, outSteps);
            else WriteTiles(code, type, shape, order, inSteps, outSteps);
        });
        writer.Call($"{method}(({type}*)({writer.Address(In)}), ({type}*)({writer.Address(Out)}));");
    }

    // Without axes of one element, and with axes joined that stay neighbours.
    private (int[] Shape, int[] Order) Simplify()
    {
        var groups = new List<List<int>>();
        foreach (int axis in Order.Where(a => Shape[a] != 1))
        {
            if (groups.Count > 0 && Enumerable.Range(groups.Last().Last() + 1, Math.Max(0, axis - groups.Last().Last() - 1)).All(a => Shape[a] == 1)
                && axis > groups.Last().Last()) groups.Last().Add(axis);
            else groups.Add([axis]);
        }

        if (groups.Count == 0) return ([1], [0]);
        List<List<int>> sorted = groups.OrderBy(g => g[0]).ToList();
        return (sorted.Select(g => g.Aggregate(1, (product, a) => product * Shape[a])).ToArray(), groups.Select(g => sorted.IndexOf(g)).ToArray());
    }

    private static int[] Steps(int[] shape)
    {
        var steps = new int[shape.Length];
        int step = 1;
        for (int i = shape.Length - 1; i >= 0; step *= shape[i--]) steps[i] = step;
        return steps;
    }

    private static void WriteRuns(SourceWriter code, string type, int[] shape, int[] order, int[] inSteps, int[] outSteps)
    {
        int rank = order.Length;
        int run = shape[rank - 1];
        Nest(code, shape, order, inSteps, outSteps, Enumerable.Range(0, rank - 1).ToArray(), (from, to) =>
            code.Line($"new ReadOnlySpan<{type}>({from}, {run}).CopyTo(new Span<{type}>({to}, {run}));"));
    }

    private static void WriteTiles(SourceWriter code, string type, int[] shape, int[] order, int[] inSteps, int[] outSteps)
    {
        int rank = order.Length;
        int read = Array.IndexOf(order, rank - 1); // output axis that is contiguous in the input
        int write = rank - 1;
        (int reads, int writes) = (shape[rank - 1], shape[order[write]]);
        (int inStep, int outStep) = (inSteps[order[write]], outSteps[read]);
        Nest(code, shape, order, inSteps, outSteps, Enumerable.Range(0, rank - 1).Where(axis => axis != read).ToArray(), (from, to) =>
        {
            code.Line($"{type}* from = {from};\n{type}* to = {to};");
            TileLoop(code, "row", reads, () => TileLoop(code, "column", writes, () =>
            {
                code.Block(Inner("r", "row", reads), () => code.Line($"{Inner("c", "column", writes)} to[{Terms.Plus(Terms.Times("r", outStep), "c")}] = "
                    + $"from[{Terms.Plus(Terms.Times("c", inStep), "r")}];"));
            }));
        });
    }

    private static void TileLoop(SourceWriter code, string variable, int count, Action body)
    {
        if (count <= Tile * 2) body();
        else code.Block($"for (int {variable} = 0; {variable} < {count}; {variable} += {Tile})", body);
    }

    private static string Inner(string variable, string tile, int count) =>
        count <= Tile * 2 ? $"for (int {variable} = 0; {variable} < {count}; {variable}++)" :
        count % Tile == 0 ? $"for (int {variable} = {tile}; {variable} < {tile} + {Tile}; {variable}++)" :
        $"for (int {variable} = {tile}; {variable} < Math.Min({tile} + {Tile}, {count}); {variable}++)";

    // Loops over some axes of the output; the body gets how far input and output move.
    private static void Nest(SourceWriter code, int[] shape, int[] order, int[] inSteps, int[] outSteps, int[] axes, Action<string, string> body)
    {
        Write(0, "input", "output");

        void Write(int i, string from, string to)
        {
            if (i == axes.Length)
            {
                body(from, to);
                return;
            }

            int axis = axes[i];
            string variable = "i" + Literals.Int(axis);
            code.For(variable, shape[order[axis]], at => Write(i + 1, Terms.Plus(from, Terms.Times(at, inSteps[order[axis]])),
                Terms.Plus(to, Terms.Times(at, outSteps[axis]))));
        }
    }
}
