using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Max or average pool of 8-bit integers. Means without factors divide the sum by the count in integers, rounding half away from zero; with factors they
/// requantise the sum less the zero points, with the factor of their count.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels, int8 or uint8.</param>
/// <param name="Out">Result, of the same type.</param>
/// <param name="Rescaling">How sums become results; a factor per count, for means in other units than the input.</param>
/// <param name="Kind">Maximum or mean.</param>
/// <param name="Geometry">All sizes but those of the padding below and on the right.</param>
/// <param name="PadBottom">Rows of padding below.</param>
/// <param name="PadRight">Columns of padding on the right.</param>
/// <param name="CountIncludePad">True when padding counts as zeros in a mean.</param>
/// <param name="InZero">Zero point of the input.</param>
internal sealed record PoolInt8(
    TensorRef In, TensorRef Out, Rescaling Rescaling, PoolKind Kind, ConvGeometry Geometry, int PadBottom, int PadRight, bool CountIncludePad, int InZero)
        : Kernel
{
    // Sums of so many bytes fit 16 bits, and so many can be divided exactly in float.
    private const int ShortSums = 128, FloatSums = 65536;

    private PoolWindows Windows => new(Geometry, PadBottom, PadRight, CountIncludePad);

    /// <inheritdoc/>
    public override string Summary => Geometry.Describe(Kind == PoolKind.Max ? "max pool" : "average pool");

    /// <summary>The counts that means are divided by, ascending.</summary>
    public static int[] Counts(ConvGeometry geometry, int padBottom, int padRight, bool countIncludePad) =>
        new PoolWindows(geometry, padBottom, padRight, countIncludePad).Counts();

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        PoolWindows g = Windows;
        string type = writer.Tensor(In).Type.CSharpName();
        string tables = Rescaling.Shift.Exists ? ", int* multiplier, int* shift" : Rescaling.Scale.Exists ? ", float* scale" : "";
        string method = writer.Method(
            $"{Kind}Pool_{g.Name}",
            $"{Summary}.",
            $"{type}* input, {type}* output{tables}",
            code => g.WriteWindows(code, type, type, NeedsCount(g), (first, to) =>
            {
                if (Kind == PoolKind.Max) WriteMaxima(writer, code, g, type, first, to);
                else WriteMeans(writer, code, g, type, first, to);
            }));
        string arguments = Rescaling.Shift.Exists ? $", {writer.Address(Rescaling.Scale)}, {writer.Address(Rescaling.Shift)}" : Rescaling.Scale.Exists
            ? $", {writer.Address(Rescaling.Scale)}" : "";
        g.WriteCalls(writer, (input, output) => $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}{arguments});");
    }

    private void WriteMaxima(KernelWriter writer, SourceWriter code, PoolWindows g, string type, string first, string to)
    {
        ElementType element = writer.Tensor(In).Type;
        bool clamps = Rescaling.Min > element.MinValue() || Rescaling.Max < element.MaxValue();
        int bytes = writer.Isa.IsScalar ? 0 : writer.Isa.Bits == 256 && g.Channels >= 32 ? 32 : g.Channels >= 16 ? 16 : g.Channels >= 8 ? 8 : g.Channels >= 4
            ? 4 : 0;
        if (bytes == 0)
        {
            code.For("channel", g.Channels, channel =>
            {
                code.Line($"int max = {Literals.Int(element.MinValue())};");
                g.WriteTaps(code, type, Terms.Plus(first, channel), "max = Math.Max(max, *p);");
                code.Line($"{to}[{channel}] = "
                    + $"({type}){(clamps ? $"Math.Min(Math.Max(max, {Literals.Int(Rescaling.Min)}), {Literals.Int(Rescaling.Max)})" : "max")};");
            });
            return;
        }

        string vector = bytes == 32 ? "Vector256" : "Vector128";
        string part = bytes == 8 ? "long" : "int";
        string load = bytes >= 16 ? $"{vector}.Load(p)" : $"Vector128.CreateScalarUnsafe(*({part}*)p).As{(element == ElementType.Int8 ? "SByte" : "Byte")}()";
        VectorRun.WriteOverlapping(code, "channel", g.Channels, bytes, channel =>
        {
            code.Line($"{vector}<{type}> max = {vector}.Create(({type}){Literals.Int(element.MinValue())});");
            g.WriteTaps(code, type, Terms.Plus(first, channel), $"max = {vector}.Max(max, {load});");
            if (clamps) code.Line($"max = {vector}.Min({vector}.Max(max, {vector}.Create(({type}){Literals.Int(Rescaling.Min)})), "
                + $"{vector}.Create(({type}){Literals.Int(Rescaling.Max)}));");
            code.Line(bytes >= 16 ? $"max.Store({Terms.Plus(to, channel)});"
                : $"*({part}*)({Terms.Plus(to, channel)}) = max.As{(bytes == 8 ? "Int64" : "Int32")}().ToScalar();");
        });
    }

    private void WriteMeans(KernelWriter writer, SourceWriter code, PoolWindows g, string type, string first, string to)
    {
        bool signed = writer.Tensor(In).Type == ElementType.Int8;
        bool divides = !Rescaling.Scale.Exists;
        bool exact = !divides || g.WindowElements <= FloatSums;
        bool shorts = g.WindowElements <= ShortSums && !VectorRun.For(writer.Isa, g.Channels, 2).IsScalar;
        VectorRun run = exact ? VectorRun.For(writer.Isa, g.Channels, shorts ? 2 : 1) : new VectorRun("", "Scalar", 0);
        WriteFactors(code, run, g);
        if (run.IsScalar)
        {
            code.For("channel", g.Channels, channel =>
            {
                code.Line("int sum = 0;");
                g.WriteTaps(code, type, Terms.Plus(first, channel), "sum += *p;");
                code.Line($"{to}[{channel}] = ({type}){Finish("sum")};");
            });
            return;
        }

        string load = $"{run.Simd}.Load{(signed ? "Int8" : "UInt8")}{(shorts ? "" : "AsInt32")}(p)";
        VectorRun.WriteOverlapping(code, "channel", g.Channels, run.Lanes * (shorts ? 2 : 1), channel =>
        {
            code.Line($"{run.Vector}<{(shorts ? "short" : "int")}> sum = {run.Vector}<{(shorts ? "short" : "int")}>.Zero;");
            g.WriteTaps(code, type, Terms.Plus(first, channel), $"sum += {load};");
            if (!shorts)
            {
                code.Line($"{run.Simd}.StoreBytes({Terms.Plus($"(byte*){to}", channel)}, {Finish("sum", run)});");
                return;
            }

            code.Line($"{run.Simd}.StoreBytes({Terms.Plus($"(byte*){to}", channel)}, {Finish($"{run.Vector}.WidenLower(sum)", run)});");
            code.Line($"{run.Simd}.StoreBytes({Terms.Plus(Terms.Plus($"(byte*){to}", channel), run.Lanes)}, {Finish($"{run.Vector}.WidenUpper(sum)", run)});");
        });
    }

    // What the sums lack: zero points of elements, which factors need, or of padding.
    private bool HasOffset(PoolWindows g) => Rescaling.Scale.Exists ? InZero != 0 : g.CountsPadding && Rescaling.Zero != 0;

    private bool NeedsCount(PoolWindows g) => Kind == PoolKind.Average && (!Rescaling.Scale.Exists || g.Counts().Length > 1);

    // What a window's sums are corrected by and scaled with.
    private void WriteFactors(SourceWriter code, VectorRun run, PoolWindows g)
    {
        string index = g.Counts().Length > 1 ? "count - 1" : "0";
        if (HasOffset(g)) code.Line(Rescaling.Scale.Exists ? $"int offset = {g.ElementsTimes(-InZero)};"
            : $"int offset = (count - {g.Elements}) * {Literals.Int(Rescaling.Zero)};");
        if (Rescaling.Shift.Exists)
        {
            string left = run.IsScalar ? "int" : $"{run.Vector}<int>";
            string wrap(string value) => run.IsScalar ? value : $"{run.Vector}.Create({value})";
            code.Line($"{left} multipliers = {wrap($"multiplier[{index}]")}, shifts = {wrap($"shift[{index}]")};");
        }
        else if (Rescaling.Scale.Exists)
        {
            code.Line(run.IsScalar ? $"float factor = scale[{index}];" : $"{run.Vector}<float> factor = {run.Vector}.Create(scale[{index}]);");
        }
    }

    private string Finish(string sum, VectorRun? run = null)
    {
        if (HasOffset(Windows)) sum = run is null ? $"{sum} + offset" : $"{sum} + {run.Vector}.Create(offset)";
        string simd = run?.Simd ?? "Scalar";
        (string min, string max, string zero) = (Literals.Int(Rescaling.Min), Literals.Int(Rescaling.Max), Literals.Int(Rescaling.Zero));
        if (Rescaling.Shift.Exists) return $"{simd}.RequantizeFixed({sum}, multipliers, shifts, {min}, {max}, {zero})";
        if (Rescaling.Scale.Exists)
            return $"{simd}.Requantize({sum}, factor, {Literals.Float(Rescaling.Min - Rescaling.Zero)}, {Literals.Float(Rescaling.Max - Rescaling.Zero)}, "
                + $"{zero})";
        string mean = $"{simd}.DivideRounded({sum}, count)";
        return run is null ? $"Math.Min(Math.Max({mean}, {min}), {max})"
            : $"{run.Vector}.Min({run.Vector}.Max({mean}, {run.Vector}.Create({min})), {run.Vector}.Create({max}))";
    }
}
