using System;
using System.Collections.Generic;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// How the pixels of a tile lie in vectors of 32-bit lanes: parts of up to four full vectors, and a half vector at the end where that suffices.
/// Packing four vectors of sums to bytes works within 128-bit lanes; pixels are assigned so that the packed bytes come out in order.
/// Where a part reached past the last pixel, it begins earlier instead and computes some pixels twice, so that all its lanes have pixels;
/// only tiles smaller than a vector have lanes without.
/// </summary>
internal sealed class PixelVectors
{
    /// <summary>Up to four vectors that are packed together.</summary>
    /// <param name="Isa">Their width.</param>
    /// <param name="Vectors">Their number.</param>
    /// <param name="First">Number of the first vector in the tile.</param>
    /// <param name="FirstPixel">First pixel in the tile.</param>
    /// <param name="Offset">Bytes of the tile's vectors before these.</param>
    /// <param name="PackedOffset">Bytes of the tile's packed results before these.</param>
    /// <param name="Pixels">Pixels of the part.</param>
    public sealed record Part(Isa Isa, int Vectors, int First, int FirstPixel, int Offset, int PackedOffset, int Pixels)
    {
        /// <summary>True when every lane has a pixel of its own.</summary>
        public bool IsFull => Pixels == Vectors * Isa.Lanes;

        /// <summary>128-bit lanes of a vector.</summary>
        public int Lanes => Isa.Bits / 128;

        /// <summary>The pixel, from the part's first, in the 32-bit lane <paramref name="place"/> of the 128-bit lane <paramref name="lane"/> of a
        /// vector.</summary>
        public int PixelAt(int vector, int lane, int place) => (((lane * Vectors) + vector) * 4) + place;
    }

    /// <summary>Arranges so many pixels.</summary>
    public PixelVectors(Isa isa, int pixels)
    {
        Pixels = pixels;
        var parts = new List<Part>();
        int next = 0;
        int rest = pixels % isa.Lanes;
        bool hasHalf = isa.Bits == 512 && rest > 0 && rest <= isa.Lanes / 2;
        int full = (pixels / isa.Lanes) + (rest > 0 && !hasHalf ? 1 : 0);
        for (int v = 0; v < full; v = Vectors)
        {
            int vectors = Math.Min(4, full - v);
            Add(isa, vectors > 1 && vectors * isa.Lanes > pixels ? vectors - 1 : vectors);
        }

        if (hasHalf) Add(isa.Narrowed(isa.Bits / 2), 1);
        Parts = parts;

        void Add(Isa width, int vectors)
        {
            int room = vectors * width.Lanes, first = Math.Max(0, Math.Min(next, pixels - room));
            parts.Add(new Part(width, vectors, Vectors, first, Bytes, PackedBytes, Math.Min(room, pixels - first)));
            next += room;
            Vectors += vectors;
            Bytes += vectors * width.Bits / 8;
            PackedBytes += width.Bits / 8;
        }
    }

    /// <summary>Pixels of the tile.</summary>
    public int Pixels { get; }

    /// <summary>The vectors, in the order of the pixels.</summary>
    public IReadOnlyList<Part> Parts { get; }

    /// <summary>Vectors of the tile.</summary>
    public int Vectors { get; private set; }

    /// <summary>Bytes of all vectors.</summary>
    public int Bytes { get; private set; }

    /// <summary>Bytes from the vectors of one group or channel to those of the next: whole lines of the cache.</summary>
    public int Pitch => (Bytes + 63) / 64 * 64;

    /// <summary>Bytes of the packed results.</summary>
    public int PackedBytes { get; private set; }
}
