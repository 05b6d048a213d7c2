using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Depthwise convolution of bytes by bytes (<c>maddubs</c>) with windows of 2…4 rows and up to 3 columns: the rows of one column are interleaved in registers,
/// so that each 32-bit lane holds one channel's column, and slide from pixel to pixel. With three rows, the middle weight is spread over two bytes; columns are
/// summed in int16 as far as the weights provably allow, and a column whose weights are too large takes part in two halves.
/// Interleaving and packing work within
/// 128-bit lanes and undo each other, so the tables are stored in the order between the two.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels, int8 or uint8.</param>
/// <param name="Out">Result, int8 or uint8.</param>
/// <param name="Rows">Scratch for padded input rows.</param>
/// <param name="Weights">Weights: [chunk][entry][4][chunk ÷ 4 channels][4 rows].</param>
/// <param name="Bias">Int32 bias per channel with the input's zero point folded in: [chunk][4][chunk ÷ 4].</param>
/// <param name="Rescaling">How sums become results; factors per channel, like the bias.</param>
/// <param name="Geometry">All sizes.</param>
/// <param name="Chunks">Channels computed together: 64, 32 or 16 each.</param>
/// <param name="Columns">For every chunk, the window column of every entry, then −1.</param>
/// <param name="Structure">For every chunk, the entries of each sum in int16, then 0.</param>
/// <param name="InZero">Zero point of the input.</param>
internal sealed record DepthwiseColumns(
    TensorRef In, TensorRef Out, TensorRef Rows, WeightsRef Weights, DataRef Bias, Rescaling Rescaling, ConvGeometry Geometry, EquatableArray<int> Chunks,
    EquatableArray<int> Columns, EquatableArray<int> Structure, int InZero) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => Geometry.Describe("depthwise conv");

    /// <inheritdoc/>
    public override long Macs => Geometry.Macs;

    /// <summary>What this kernel would do for a layer, or null when it does not apply.</summary>
    public static KernelOffer? Offer(LinearTask task)
    {
        ConvGeometry g = task.Geometry;
        if (!task.Geometry.IsDepthwise || !task.FitsByteProducts || !task.Isas[0].Has(Products.Bytes) || g.Channels % 16 != 0 || g.WindowHeight is < 2 or > 4
            || g.WindowWidth > 3 || g.DilationRight != 1) return null;
        int[] chunks = ChunksOf(g.Channels, task.Isas[0].Wide.Bits / 8).ToArray();
        int[][] orders = chunks.Select((c, i) => Order(chunks.Take(i).Sum(), c).ToArray()).ToArray();
        ColumnEntries[] entries = orders.Select(o => ColumnEntries.Of(task, o, task.Isas[0].Has(Products.Quads))).OfType<ColumnEntries>().ToArray();
        if (entries.Length < chunks.Length) return null;
        double columns = Math.Min(g.StrideRight, g.WindowWidth) * CostModel.ByColumn.Column;
        double cycles = (double)g.OutHeight * (g.OutWidth + CostModel.ByColumn.RowStart) * chunks.Zip(entries,
            (c, e) => (columns + (CostModel.ByColumn.Entry * (e.Columns.Length + (task.Isas[0].Has(Products.Quads) ? 0 : e.Structure.Length)))
                + CostModel.ByColumn.Finish) * Math.Max(c, CostModel.ByColumn.FewestChannels) / CostModel.ByColumn.Channels).Sum();
        (double products, double sums) = (entries.Average(e => e.Columns.Length), entries.Average(e => e.Structure.Length));
        return new KernelOffer(
            task.Geometry.Batch * cycles,
            FormattableString.Invariant($"bytes by column, {products:0.0} products in {sums:0.0} sums"),
            parts =>
            {
                int[] order = orders.SelectMany(o => o).ToArray();
                Rescaling rescaling = task.Rescaling(parts, Ordered(task.Factors, order));
                var kernel = new DepthwiseColumns(
                    parts.In, parts.Out, default, parts.Weights(entries.SelectMany(e => e.Bytes).ToArray()),
                    parts.Table("Bias", ElementType.Int32, Ordered(task.RaisedBias(new InputRows(g, task.SignedInput, task.InZero).Zero), order)), rescaling,
                    task.Geometry,
                    chunks.ToEquatableArray(), entries.SelectMany(e => e.Columns.Append(-1)).ToEquatableArray(),
                    entries.SelectMany(e => e.Structure.Append(0)).ToEquatableArray(), task.InZero);
                return kernel with { Rows = parts.Scratch(ElementType.UInt8, kernel.RowBytes(task.SignedInput)) };
            });
    }

    private static double[] Ordered(IEnumerable<double> table, int[] order)
    {
        double[] values = table.ToArray();
        return Array.ConvertAll(order, c => values[c]);
    }

    private static IEnumerable<int> ChunksOf(int channels, int largest)
    {
        for (int chunk = largest; channels > 0; chunk /= 2)
        {
            for (; channels >= chunk; channels -= chunk) yield return chunk;
        }
    }

    // Channels of a chunk in the order of the lanes after interleaving: vector j, 128-bit lane l holds channels 16·l + 4·j and the three after it.
    private static IEnumerable<int> Order(int first, int chunk) =>
        from j in Enumerable.Range(0, 4) from lane in Enumerable.Range(0, chunk / 16) from i in Enumerable.Range(0, 4) select first + (16 * lane) + (4 * j) + i;

    private PixelTiles TilesFor(InputRows rows) => new(Geometry.OutHeight, Geometry.OutWidth, Geometry.OutWidth, rows.BandRows);

    private int RowBytes(bool signed)
    {
        var rows = new InputRows(Geometry, signed, InZero);
        return rows.ScratchBytes(TilesFor(rows).BandHeight);
    }

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ConvGeometry g = Geometry;
        bool signed = writer.Tensor(In).Type == ElementType.Int8;
        var rows = new InputRows(g, signed, InZero);
        var requantizer = new Requantizer(writer, Rescaling);
        string outType = writer.Tensor(Out).Type.CSharpName();
        string method = writer.Method(
            $"Depthwise_{g.Name}",
            $"{Summary}: {Literals.Count(g.Pixels, "pixel")} × {Literals.Count(g.Taps, "tap")}.",
            $"{(signed ? "sbyte" : "byte")}* input, {outType}* output, sbyte* weights, int* bias, {requantizer.Parameters}, byte* rows",
            code => TilesFor(rows).Write(code, (y, height) => rows.Prepare(writer, code, y, height), (input, _, _) => input, (window, x, y, _, _) =>
            {
                (int first, int weights) = (0, 0);
                List<Run> runs = Runs();
                foreach (Run run in runs)
                {
                    string row = WriteRow(writer, run, requantizer, outType);
                    string output = Terms.Plus(Terms.Plus("output", Terms.Times(y, g.OutWidth * g.Channels)), first);
                    code.Line(
                        $"{row}({Terms.Plus(window, first)}, {g.DilationDown * rows.Pitch}, {Terms.Plus("weights", weights)}, {Terms.Plus("bias", first)}, "
                        + $"{requantizer.Forward(Literals.Int(first))}, {Rescaling.Zero}, " +
                        $"{output}, {g.OutWidth}, {run.Chunk * run.Count}, {g.Channels});");
                    first += run.Chunk * run.Count;
                    weights += run.Chunk * run.Count * 4 * run.Columns.Length;
                }
            }));
        g.WriteImageCalls(writer, (input, output) =>
            $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, {writer.Address(Weights)}, {writer.Address(Bias)}, "
            + $"{requantizer.Arguments()}, {writer.Address(Rows)});");
    }

    // Neighbouring chunks of one width and structure.
    private sealed record Run(int Chunk, int Count, int[] Columns, int[] Structure);

    private List<Run> Runs()
    {
        var runs = new List<Run>();
        (int column, int sum) = (0, 0);
        foreach (int chunk in Chunks)
        {
            int[] columns = Columns.Skip(column).TakeWhile(c => c >= 0).ToArray();
            int[] structure = Structure.Skip(sum).TakeWhile(c => c > 0).ToArray();
            (column, sum) = (column + columns.Length + 1, sum + structure.Length + 1);
            Run? last = runs.LastOrDefault();
            if (last is not null && last.Chunk == chunk && last.Columns.SequenceEqual(columns) && last.Structure.SequenceEqual(structure))
                runs[runs.Count - 1] = last with { Count = last.Count + 1 };
            else runs.Add(new Run(chunk, 1, columns, structure));
        }

        return runs;
    }

    // One output row of some chunks. The method knows the window, but neither width, channels nor pitches, so that all layers share it.
    private string WriteRow(KernelWriter writer, Run run, Requantizer requantizer, string outType)
    {
        int chunk = run.Chunk;
        ConvGeometry g = Geometry;
        Isa isa = writer.Isa.Narrowed(chunk * 8);
        int part = isa.Bits / 8;
        (string vector, string simd) = (isa.Vector, isa.Simd);
        int carried = Math.Max(0, g.WindowWidth - g.StrideRight);
        return writer.Method(
            $"DepthwiseRow_{chunk}_{g.WindowHeight}x{g.WindowWidth}{(g.StrideRight == 1 ? "" : $"_s{g.StrideRight}")}",
            $"A row of pixels, {chunk} channels at a time: bias + Σ column · weight, requantised. Bytes of a column lie side by side, as its weights do; "
            + (isa.Has(Products.Quads) ? "all its products are added at once."
                : "products of neighbours are summed in int16, which the compiler has checked not to saturate."),
            $"byte* input, nint rowPitch, sbyte* weights, int* bias, {requantizer.Parameters}, int zero, {outType}* output, int pixels, int channels, nint "
            + "pitch",
            code =>
            {
                code.Line($"{vector}<short> {(isa.Has(Products.Quads) ? "" : $"ones = {vector}.Create((short)1), ")}zeros = {vector}.Create((short)zero);");
                code.Block($"for (int channel = 0; channel < channels; channel += {chunk})", () =>
                {
                    if (chunk == part) WritePart(code, 0);
                    else for (int sub = 0; sub < chunk; sub += part) code.Block("", () => WritePart(code, sub));
                    code.Line($"weights += {chunk * 4 * run.Columns.Length};");
                });
            });

        void WritePart(SourceWriter code, int sub)
        {
            code.Line($"byte* column = {Terms.Plus("input + channel", sub)};\nbyte* to = (byte*)output + {Terms.Plus("channel", sub)};");
            for (int c = 0; c < carried; c++)
            {
                WriteColumn(code, $"c{c}", "column");
                code.Line("column += pitch;");
            }

            code.For("x", "pixels", () =>
            {
                for (int c = carried; c < g.WindowWidth; c++)
                    WriteColumn(code, $"c{c}", c == carried ? "column" : c == carried + 1 ? "column + pitch" : $"column + {c - carried} * pitch");
                for (int j = 0; j < 4; j++) WriteSum(code, j, sub);
                for (int j = 0; j < 4; j++)
                    foreach (string line in requantizer.Loads(Terms.Plus("channel", (j * chunk / 4) + (sub / 4)), j, isa)) code.Line(line);
                code.Line(requantizer.PackedBytes("packed", outType, Enumerable.Range(0, 4).Select(j => ($"sum{j}", j)), isa, inLanes: true, "zeros"));
                code.Line("packed.Store(to);");
                for (int c = 0; c < carried; c++) code.Line(string.Join(" ", Enumerable.Range(0, 4).Select(j => $"c{c}_{j} = c{c + g.StrideRight}_{j};")));
                code.Line($"column += {(g.StrideRight == 1 ? "pitch" : $"{g.StrideRight} * pitch")};\nto += pitch;");
            });
        }

        void WriteColumn(SourceWriter code, string name, string column)
        {
            IEnumerable<string> rows = Enumerable.Range(0, g.WindowHeight)
                .Select(row => $"{name}r{row} = {vector}.Load({column}{(row == 0 ? "" : row == 1 ? " + rowPitch" : $" + {row} * rowPitch")})");
            code.Line($"{vector}<byte> {string.Join(", ", rows)};");
            string third = g.WindowHeight > 2 ? $"{name}r2" : $"{vector}<byte>.Zero";
            string fourth = g.WindowHeight == 4 ? $"{name}r3" : g.WindowHeight == 3 ? $"{name}r1" : $"{vector}<byte>.Zero";
            code.Line($"{vector}<short> {name}a = {simd}.ZipLowerBytes({name}r0, {name}r1), {name}b = {simd}.ZipLowerBytes({third}, {fourth});");
            code.Line($"{vector}<short> {name}c = {simd}.ZipUpperBytes({name}r0, {name}r1), {name}d = {simd}.ZipUpperBytes({third}, {fourth});");
            code.Line($"{vector}<byte> {name}_0 = {simd}.ZipLowerWords({name}a, {name}b), {name}_1 = {simd}.ZipUpperWords({name}a, {name}b);");
            code.Line($"{vector}<byte> {name}_2 = {simd}.ZipLowerWords({name}c, {name}d), {name}_3 = {simd}.ZipUpperWords({name}c, {name}d);");
        }

        void WriteSum(SourceWriter code, int j, int sub)
        {
            code.Line($"{vector}<int> sum{j} = {vector}.Load({Terms.Plus("bias + channel", (j * chunk / 4) + (sub / 4))});");
            if (isa.Has(Products.Quads))
            {
                for (int e = 0; e < run.Columns.Length; e++) code.Line($"sum{j} = {isa.Vnni}.MultiplyAddQuads(sum{j}, c{run.Columns[e]}_{j}, {Weights(e)});");
                return;
            }

            int entry = 0;
            foreach (int count in run.Structure)
            {
                string product = string.Join(" + ", Enumerable.Range(entry, count)
                    .Select(e => $"{simd}.MultiplyAddBytes(c{run.Columns[e]}_{j}, {Weights(e)})"));
                code.Line($"sum{j} += {simd}.MultiplyAddPairs({product}, ones);");
                entry += count;
            }

            string Weights(int e) => $"{vector}.Load({Terms.Plus("weights", (((e * 4) + j) * chunk) + sub)})";
        }
    }
}
