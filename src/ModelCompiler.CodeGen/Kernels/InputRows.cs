using System;
using System.Collections.Generic;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// The rows of input that the windows of one or more output rows cover, as uint8, padded with the zero point. Where the input can be read as it is
/// (uint8, no padding), nothing is copied. Within a row, the bytes that a window takes lie side by side, so that a convolution is a sum over
/// (offset of four bytes) × (four weights) whatever its window.
/// </summary>
/// <param name="geometry">The convolution.</param>
/// <param name="signed">True when the input is int8; rows then hold uint8 numbers 128 higher.</param>
/// <param name="zero">Zero point of the input, in the input's own type.</param>
/// <param name="reach">Bytes that the kernel reads at a time, from the beginning of a group of four.</param>
internal sealed class InputRows(ConvGeometry geometry, bool signed, int zero, int reach = 4)
{
    private const int PreparedBytes = 8 * 1024;

    private readonly ConvGeometry _g = geometry;

    /// <summary>The zero point in the rows.</summary>
    public int Zero => zero + (signed ? 128 : 0);

    /// <summary>True when the kernel reads the input itself.</summary>
    public bool IsDirect => !signed && !_g.HasPadding && Run % 4 == 0 && Run >= reach;

    /// <summary>True when the whole image is one row of pixels.</summary>
    public bool IsFlat => IsDirect && _g.WindowHeight == 1 && _g.WindowWidth == 1 && _g.StrideDown == 1 && _g.StrideRight == 1;

    /// <summary>Output rows.</summary>
    public int OutHeight => IsFlat ? 1 : _g.OutHeight;

    /// <summary>Output pixels of a row.</summary>
    public int OutWidth => IsFlat ? _g.Pixels : _g.OutWidth;

    /// <summary>Bytes from one row to the next.</summary>
    public int Pitch => IsDirect ? _g.Width * _g.Channels : Columns * _g.Channels;

    /// <summary>Bytes of scratch for the rows of some output rows; reading may reach past the end of the last.</summary>
    public int ScratchBytes(int outputRows) => IsDirect ? 0 : (RowsFor(outputRows) * Pitch) + reach - 1;

    /// <summary>Output rows whose input is worth preparing together: as many as keep to a part of the first-level cache.</summary>
    public int BandRows => IsDirect ? 1 : Math.Max(1, ((PreparedBytes / Pitch) - RowsFor(1)) / _g.StrideDown + 1);

    // Neighbouring bytes of one window row.
    private int Run => _g.DilationRight == 1 ? _g.WindowWidth * _g.Channels : _g.Channels;

    private int Columns => ((_g.OutWidth - 1) * _g.StrideRight) + ((_g.WindowWidth - 1) * _g.DilationRight) + 1;

    private int RowsFor(int outputRows) => ((outputRows - 1) * _g.StrideDown) + ((_g.WindowHeight - 1) * _g.DilationDown) + 1;

    /// <summary>
    /// The window as groups of four neighbouring bytes: offset, and for each byte the window row, column and channel (of all groups),
    /// or −1 past the end of a run.
    /// </summary>
    public IEnumerable<(int Offset, (int Y, int X, int Channel)[] Bytes)> Groups()
    {
        int runs = _g.DilationRight == 1 ? 1 : _g.WindowWidth;
        for (int y = 0; y < _g.WindowHeight; y++)
        {
            for (int run = 0; run < runs; run++)
            {
                int start = (y * _g.DilationDown * Pitch) + (run * _g.DilationRight * _g.Channels);
                for (int i = 0; i < Run; i += 4)
                {
                    var bytes = new (int, int, int)[4];
                    for (int j = 0; j < 4; j++)
                    {
                        int at = i + j;
                        bytes[j] = at < Run ? (y, run + (at / _g.Channels), at % _g.Channels) : (-1, -1, -1);
                    }

                    yield return (start + i, bytes);
                }
            }
        }
    }

    /// <summary>Writes the statements that make the rows for the output rows from <paramref name="y"/> on available;
    /// gives the pointer to them and the bytes from one output row's to the next's.</summary>
    public (string Input, int Pitch) Prepare(KernelWriter writer, SourceWriter code, string y, int outputRows)
    {
        int pitch = _g.StrideDown * Pitch;
        if (IsDirect) return (Terms.Plus("input", Terms.Times(y, pitch)), pitch);
        string first = Terms.Plus(Terms.Times(y, _g.StrideDown), -_g.PadTop);
        string load = LoadMethod(writer);
        if (RowsFor(outputRows) == 1) code.Line($"{load}(input, {first}, rows);");
        else code.Line($"for (int i = 0; i < {RowsFor(outputRows)}; i++) {load}(input, {Terms.Plus("i", first)}, rows + i * {Pitch});");
        return ("rows", pitch);
    }

    private string LoadMethod(KernelWriter writer)
    {
        int left = Math.Min(_g.PadLeft * _g.Channels, Pitch);
        int inside = Math.Max(0, Math.Min(_g.Width, Columns - _g.PadLeft)) * _g.Channels;
        string inType = signed ? "sbyte" : "byte";
        return writer.Method(
            $"LoadRow_{_g.Width}x{_g.Channels}",
            $"Reads one row of {Literals.Count(_g.Width, "pixel")} × "
            + $"{Literals.Count(_g.Channels, "channel")}{(_g.HasPadding ? ", with the zero point around it" : "")}.",
            $"{inType}* input, int y, byte* row",
            code =>
            {
                if (_g.HasPadding)
                {
                    code.Block($"if ((uint)y >= {_g.Height})", () => code.Line($"new Span<byte>(row, {Pitch}).Fill({Zero});\nreturn;"));
                    code.Line();
                }

                if (left > 0) code.Line($"new Span<byte>(row, {left}).Fill({Zero});");
                string to = left > 0 ? $"row + {left}" : "row";
                if (inside > 0 && signed) code.Line($"{writer.Isa.Simd}.CopyRaised(input + y * {_g.Width * _g.Channels}, {to}, {inside});");
                else if (inside > 0) code.Line($"new ReadOnlySpan<byte>(input + y * {_g.Width * _g.Channels}, {inside}).CopyTo(new Span<byte>({to}, "
                    + $"{inside}));");
                if (left + inside < Pitch) code.Line($"new Span<byte>(row + {left + inside}, {Pitch - left - inside}).Fill({Zero});");
            });
    }
}
