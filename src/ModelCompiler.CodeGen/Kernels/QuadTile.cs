using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Register tiles of <see cref="ConvQuads"/> and <see cref="ConvSparseQuads"/>: some pixels by one block of output channels,
/// one tile after the other along rows.
/// </summary>
/// <param name="writer">Where methods go.</param>
/// <param name="requantizer">What happens to the sums.</param>
/// <param name="rows">The input.</param>
/// <param name="g">All sizes.</param>
/// <param name="parts">How often the window is gone through.</param>
/// <param name="outType">C# type of the output.</param>
/// <param name="outZero">Zero point of the output.</param>
/// <param name="isSparse">True when a schedule says which quads a block of channels takes: how many, and the offset of each.</param>
internal sealed class QuadTile(KernelWriter writer, Requantizer requantizer, InputRows rows, ConvGeometry g, int parts, string outType, int outZero,
    bool isSparse = false)
{
    // Steps that are written one after the other instead of in a loop.
    private const int MostUnrolled = 48;

    private readonly Isa _isa = writer.Isa.Wide;

    // Beside the sums, registers hold a block's weights and a pixel's input.
    private int MostSums => MostSumsOf(_isa);

    /// <summary>Sums of a tile at most.</summary>
    public static int MostSumsOf(Isa isa) => isa.Registers > 16 ? 16 : 10;

    /// <summary>Declares pointers that go from block to block, where blocks differ in length.</summary>
    public void WritePointers(SourceWriter code)
    {
        if (isSparse) code.Line("sbyte* w;\nushort* quads;");
    }

    /// <summary>Writes what comes before the first block of channels of a band.</summary>
    /// <param name="code">Where to write.</param>
    /// <param name="declares">True when the pointers have not been declared.</param>
    public void WriteFirstBlock(SourceWriter code, bool declares)
    {
        if (isSparse) code.Line(declares ? "sbyte* w = weights;\nushort* quads = schedule;" : "w = weights;\nquads = schedule;");
    }

    /// <summary>Writes what comes between two blocks.</summary>
    /// <param name="code">Where to write.</param>
    /// <param name="channels">Channels of the block before.</param>
    public void WriteNextBlock(SourceWriter code, int channels)
    {
        if (isSparse) code.Line($"w += quads[0] * {channels * 4};\nquads += 1 + quads[0];");
    }

    /// <summary>Writes the calls for a block of channels and some output rows.</summary>
    /// <param name="code">Where to write.</param>
    /// <param name="vectors">Vectors of the block.</param>
    /// <param name="channels">Its channels; fewer than lanes in the last one.</param>
    /// <param name="first">Its first channel, as an expression.</param>
    /// <param name="input">Pointer to the window of the first pixel.</param>
    /// <param name="pitch">Bytes from the input of one output row to that of the next.</param>
    /// <param name="output">Pointer to the first pixel's output.</param>
    /// <param name="height">Output rows.</param>
    public void WriteCalls(SourceWriter code, int vectors, int channels, string first, string input, int pitch, string output, int height)
    {
        int width = rows.OutWidth, most = Math.Max(1, MostSums / vectors);
        int columns = (width + most - 1) / most;
        int step = g.StrideRight * g.Channels;
        if (columns == 1)
        {
            int tall = Math.Min(height, Math.Max(1, most / width));
            Call(tall, width, height / tall, tall * pitch, tall * width * g.OutChannels, input, output);
            int done = height / tall * tall;
            if (done < height) Call(height - done, width, 1, 0, 0, Terms.Plus(input, done * pitch), Terms.Plus(output, done * width * g.OutChannels));
            return;
        }

        // Tiles of a row differ by one pixel at most: the wider ones first.
        (int narrow, int wide) = (width / columns, width % columns);
        if (height == 1) Row(input, output);
        else code.For("row", height, () => Row(Terms.Plus(input, Terms.Times("row", pitch)), Terms.Plus(output, Terms.Times("row", width * g.OutChannels))));

        void Row(string from, string to)
        {
            if (wide > 0) Call(1, narrow + 1, wide, (narrow + 1) * step, (narrow + 1) * g.OutChannels, from, to);
            int done = wide * (narrow + 1);
            Call(1, narrow, columns - wide, narrow * step, narrow * g.OutChannels, Terms.Plus(from, done * step), Terms.Plus(to, done * g.OutChannels));
        }

        void Call(int tileRows, int tileColumns, int count, int inputStep, int outputStep, string from, string to)
        {
            string method = Method(vectors, channels, tileRows, tileColumns, pitch, count == 1 ? 0 : inputStep, count == 1 ? 0 : outputStep);
            string weights = isSparse ? "w, quads" : Terms.Plus("weights", Terms.Times(first, Quads * 4));
            code.Line($"{method}({from}, {weights}, {Terms.Plus("bias", first)}, {requantizer.Forward(first)}, "
                + $"{Terms.Plus(to, first)}{(count == 1 ? "" : ", " + Literals.Int(count))});");
        }
    }

    private int Quads => rows.Groups().Count() * parts;

    private string Method(int vectors, int channels, int tileRows, int tileColumns, int pitch, int inputStep, int outputStep)
    {
        int pixels = tileRows * tileColumns;
        int[] from = [.. Enumerable.Range(0, pixels).Select(p => (p / tileColumns * pitch) + (p % tileColumns * g.StrideRight * g.Channels))];
        int[] to = [.. Enumerable.Range(0, pixels).Select(p => p * g.OutChannels)];
        bool repeats = outputStep > 0;
        return writer.Method(
            $"{(isSparse ? "Sparse" : "Conv")}Tile_{tileRows}x{tileColumns}x{channels}_{g.Name}",
            $"{Literals.Count(pixels, "pixel")} × {Literals.Count(channels, "channel")}: bias + Σ input · weight over "
            + $"{(isSparse ? "the quads of bytes that have weights" : Literals.Count(Quads, "quad") + " of bytes")}, "
            + $"requantised{(repeats ? "; then the next pixels" : "")}.",
            $"byte* input, sbyte* weights, {(isSparse ? "ushort* quads, " : "")}int* bias, {requantizer.Parameters}, {outType}* "
            + $"output{(repeats ? ", int count" : "")}",
            code =>
            {
                code.Line($"{_isa.Vector}<short> zero = {_isa.Vector}.Create((short){Literals.Int(outZero)});");
                if (!repeats)
                {
                    WriteTile(code, vectors, channels, from, to);
                    return;
                }

                code.Block("for (; count > 0; count--)", () =>
                {
                    WriteTile(code, vectors, channels, from, to);
                    code.Line($"input += {inputStep};\noutput += {outputStep};");
                });
            });
    }

    private void WriteTile(SourceWriter code, int vectors, int channels, int[] from, int[] to)
    {
        for (int v = 0; v < vectors; v++)
        {
            string bias = $"{_isa.Vector}.Load({Terms.Plus("bias", v * _isa.Lanes)})";
            code.Line($"{_isa.Vector}<int> {string.Join(", ", from.Select((_, p) => $"{Sum(p, v)} = {(p == 0 ? bias : Sum(0, v))}"))};");
        }

        WriteSums(code, vectors, from);
        for (int v = 0; v < vectors; v++)
        {
            foreach (string line in requantizer.Loads(Literals.Int(v * _isa.Lanes), v, _isa)) code.Line(line);
        }

        // Four vectors of sums become one of bytes: of as many pixels as that makes.
        int together = 4 / vectors;
        for (int p = 0; p < to.Length; p += together)
        {
            var sums = Enumerable.Range(0, 4).Select(i => (Sum(Math.Min(p + (i / vectors), to.Length - 1), i % vectors), i % vectors));
            code.Line(requantizer.PackedBytes($"packed{p}", outType, sums, _isa, inLanes: vectors > 1));
            if (vectors == 2) code.Line($"packed{p} = {_isa.Vnni}.GatherHalves(packed{p});");
            for (int i = p; i < Math.Min(p + together, to.Length); i++) WriteStore(code, vectors, channels, $"packed{p}", i - p, to[i]);
        }
    }

    private static string Sum(int pixel, int vector) => $"sum{pixel}_{vector}";

    private void WriteSums(SourceWriter code, int vectors, int[] from)
    {
        int stride = vectors * _isa.Lanes * 4;
        if (isSparse)
        {
            code.Line("sbyte* w = weights;");
            code.Block("for (int i = 1; i <= quads[0]; i++)", () =>
            {
                code.Line("byte* x = input + quads[i];");
                WriteStep(code, vectors, from, "x", 0, "w", 0, "");
                code.Line($"w += {stride};");
            });
            return;
        }

        List<(int Start, int Quads)> runs = [];
        foreach (int offset in Enumerable.Repeat(rows.Groups().Select(q => q.Offset), parts).SelectMany(o => o))
        {
            int last = runs.Count - 1;
            if (last >= 0 && runs[last].Start + (runs[last].Quads * 4) == offset) runs[last] = (runs[last].Start, runs[last].Quads + 1);
            else runs.Add((offset, 1));
        }

        if (Quads * vectors * from.Length <= MostUnrolled)
        {
            int quad = 0;
            foreach ((int start, int count) in runs)
            {
                for (int i = 0; i < count; i++) WriteStep(code, vectors, from, "input", start + (i * 4), "weights", stride * quad, $"{quad++}");
            }

            return;
        }

        code.Line("sbyte* w = weights;");
        int pitch = runs.Count > 1 ? runs[1].Start - runs[0].Start : 0;
        if (runs.Count > 2 && runs.Select((r, i) => r == (runs[0].Start + (i * pitch), runs[0].Quads)).All(r => r))
        {
            code.For("run", runs.Count, () =>
            {
                code.Line($"byte* x = {Terms.Plus("input", Terms.Times("run", pitch))};");
                Loop(runs[0].Quads);
            });
            return;
        }

        for (int i = 0; i < runs.Count; i++)
        {
            code.Line($"{(i == 0 ? "byte* " : "")}x = {Terms.Plus("input", runs[i].Start)};");
            Loop(runs[i].Quads);
        }

        void Loop(int count) => code.Block($"for (int i = 0; i < {count}; i++)", () =>
        {
            WriteStep(code, vectors, from, "x", 0, "w", 0, "");
            code.Line($"x += 4;\nw += {stride};");
        });
    }

    private void WriteStep(SourceWriter code, int vectors, int[] from, string x, int offset, string w, int weights, string step)
    {
        string suffix = step.Length == 0 ? "" : step + "_";
        IEnumerable<string> loads = Enumerable.Range(0, vectors)
            .Select(v => $"w{suffix}{v} = {_isa.Vector}.Load({Terms.Plus(w, weights + (v * _isa.Lanes * 4))})");
        code.Line($"{_isa.Vector}<sbyte> {string.Join(", ", loads)};");
        for (int p = 0; p < from.Length; p++)
        {
            string bytes = $"{_isa.Simd}.Broadcast4({Terms.Plus(x, from[p] + offset)})";
            if (vectors > 1)
            {
                code.Line($"{_isa.Vector}<byte> x{suffix}{p} = {bytes};");
                bytes = $"x{suffix}{p}";
            }

            for (int v = 0; v < vectors; v++) code.Line($"{Sum(p, v)} = {_isa.Vnni}.MultiplyAddQuads({Sum(p, v)}, {bytes}, w{suffix}{v});");
        }
    }

    private void WriteStore(SourceWriter code, int vectors, int channels, string packed, int part, int to)
    {
        string output = Terms.Plus("(byte*)output", to);
        if (vectors == 4) code.Line($"{packed}.Store({output});");
        else if (vectors == 2) code.Line($"{packed}.Get{(part == 0 ? "Lower" : "Upper")}().Store({output});");
        else if (channels == _isa.Lanes) code.Line($"{_isa.Simd}.StorePart({output}, {packed}, {part});");
        else
        {
            for (int done = 0; done < channels;)
            {
                (int size, string type, string lane) = (channels - done)
                    switch { >= 8 => (8, "long", "Int64"), >= 4 => (4, "int", "Int32"), >= 2 => (2, "short", "Int16"), _ => (1, "byte", "Byte") };
                code.Line($"*({type}*)({Terms.Plus("(byte*)output", to + done)}) = {packed}.As{lane}().GetElement({((part * _isa.Lanes) + done) / size});");
                done += size;
            }
        }
    }
}
