using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// What the steps of kernels cost, in processor cycles: the one table from which every family estimates its time; only the ratios of the estimates matter
/// for the choice.
/// </summary>
/// <remarks>
/// Whole numbers began as rough counts of instructions, fractions were set by hand when the kernel was written, and no measurement of either is recorded
/// unless its sentence says so. The measurement is <c>tests/ModelCompiler.Benchmarks -- fit</c>: it compares the estimates with times of real layers and
/// prints by how much the numbers of each family are off on the machine.
/// </remarks>
internal static class CostModel
{
    /// <summary>
    /// Cycles of int16 pairs for layers that are not depthwise (<see cref="ConvInt8"/>), 16 channels of a pixel at a time; every instruction set.
    /// </summary>
    public static class Pairs
    {
        /// <summary>Four taps of 16 channels: loads of weights, broadcasts of input, and products of pairs.</summary>
        public const double FourTaps = 2.7;

        /// <summary>Requantising and storing 16 sums.</summary>
        public const double Finish = 9.5;

        /// <summary>Elements that pointwise layers widen in a cycle: a vector of int16 on AVX2.</summary>
        public const double WidenedPerCycle = 16.0;

        /// <summary>Gathering one row of a window with its checks for the edge.</summary>
        public const double GatherRow = 14;

        /// <summary>How many times slower without an instruction for pairs: half the width, and products made of several instructions.</summary>
        public const double WithoutPairs = 5;
    }

    /// <summary>Cycles of int16 pairs for depthwise layers (<see cref="DepthwiseConvInt8"/>), for 16 channels of a pixel; every instruction set.</summary>
    public static class DepthwisePairs
    {
        /// <summary>Two taps: loads, interleaving and multiply-adds.</summary>
        public const int TwoTaps = 4;

        /// <summary>Requantising and storing.</summary>
        public const int Finish = 6;
    }

    /// <summary>Cycles of dot products of four or of widening products (<see cref="ConvDotInt8"/>); Arm.</summary>
    public static class Dots
    {
        /// <summary>Vectors of sums to a block of eight channels; each takes one product for four taps.</summary>
        public const int VectorsOfBlock = 2;

        /// <summary>A product of four added to a vector of sums; more than one starts in a cycle.</summary>
        public const double Product = 0.65;

        /// <summary>Requantising and storing the sums of a block of eight channels.</summary>
        public const int FinishBlock = 8;

        /// <summary>Bytes of a patch that are gathered in a cycle: a load and a store of a vector.</summary>
        public const double GatheredPerCycle = 16.0;
    }

    /// <summary>Cycles of products of four bytes (<see cref="ConvQuads"/>), a vector of sums at a time; instruction sets with VNNI.</summary>
    public static class Quads
    {
        /// <summary>Beginning, requantising and storing a vector of sums.</summary>
        public const double Finish = 1.5;

        /// <summary>Bytes that padded rows copy in a cycle: a load and a store of 32.</summary>
        public const int CopiedPerCycle = 32;

        /// <summary>Sums below which a product waits for the one before: a sum is ready for its next product after four or five cycles, and two start in
        /// each. Dense tiles of fewer sums are short layers in any case; sparse ones may be long.</summary>
        public const int LeastSums = 8;

        /// <summary>Cycles of an instruction on 512 and on narrower vectors, of which two start in a cycle, nearly.</summary>
        public static double Instruction(Isa isa) => isa.Bits == 512 ? 1 : 0.55;
    }

    /// <summary>
    /// Cycles of bytes by channel (<see cref="ConvBytesByChannel"/>), a vector of sums at a time; instruction sets with products of bytes. Products cost
    /// <see cref="WeightSegments.Cost"/>.
    /// </summary>
    public static class ByChannel
    {
        /// <summary>Instructions to begin, requantise and store a vector of sums.</summary>
        public const double Finish = 3.2;

        /// <summary>
        /// Cycles of an instruction: one on 512 bits, two on less, nearly; a little longer where half a vector is used on a processor that has whole ones,
        /// because tiles then have half the sums to hide latency with.
        /// </summary>
        /// <param name="isa">The instruction set at the width that blocks have.</param>
        /// <param name="widest">The instruction set at its full width.</param>
        public static double Instruction(Isa isa, Isa widest) => isa.Bits == 512 ? 1.12 : widest.Bits == 512 ? 0.65 : 0.58;
    }

    /// <summary>
    /// Cycles of bytes by pixel (<see cref="ConvBytesByPixel"/>), a vector of pixels at a time; instruction sets with products of bytes. Products cost
    /// <see cref="WeightSegments.Cost"/>.
    /// </summary>
    public static class ByPixel
    {
        /// <summary>Instructions to gather and transpose 16 bytes of each pixel of a vector.</summary>
        public const int GatherChunk = 12;

        /// <summary>Instructions that a channel takes beside its vectors: reading its schedule, and the branches for its segments.</summary>
        public const int Channel = 6;

        /// <summary>Instructions to store a vector of sums between blocks of groups, and to load it again.</summary>
        public const int KeepSums = 3;

        /// <summary>Instructions to requantise and pack a vector of sums, and to turn channels into pixels.</summary>
        public const int Finish = 6;

        /// <summary>Cycles of an instruction: one on 512 bits, two on less, nearly.</summary>
        public static double Instruction(Isa isa) => isa.Bits == 512 ? 1.2 : 0.58;
    }

    /// <summary>
    /// Cycles of depthwise bytes by channel (<see cref="DepthwiseBytes"/>), a vector of sums at a time; instruction sets with products of bytes.
    /// </summary>
    public static class DepthwiseByChannel
    {
        /// <summary>Instructions to begin, requantise and store a vector of sums.</summary>
        public const double Finish = 3.5;

        /// <summary>Instructions to call a tile and read its schedule, shared by the pixels of the tile.</summary>
        public const double Tile = 10.0;

        /// <summary>Instructions to interleave one vector of quads: loads of rows, unpacking and a store.</summary>
        public const int Interleave = 3;

        /// <summary>How much longer all takes than its instructions: loads that cross cache lines.</summary>
        public const double Loads = 1.5;

        /// <summary>Cycles of an instruction: one on 512 bits, two on less.</summary>
        public static double Instruction(Isa isa) => isa.Bits == 512 ? 1 : 0.5;
    }

    /// <summary>Cycles of depthwise bytes by column (<see cref="DepthwiseColumns"/>), 64 channels of a pixel at a time; with products of bytes.</summary>
    public static class ByColumn
    {
        /// <summary>Loading and interleaving a new column of the window, as four vectors.</summary>
        public const int Column = 8;

        /// <summary>The four products of a column's entry, and as much for each widening of sums.</summary>
        public const int Entry = 4;

        /// <summary>Requantising, packing and storing.</summary>
        public const int Finish = 14;

        /// <summary>Channels that <see cref="Column"/>, <see cref="Entry"/> and <see cref="Finish"/> are for.</summary>
        public const int Channels = 64;

        /// <summary>Chunks with fewer channels take as long as one with these.</summary>
        public const int FewestChannels = 24;

        /// <summary>Pixels whose time a row takes beside its own, to fill the window at its start.</summary>
        public const int RowStart = 2;
    }

    /// <summary>Instructions on segments of weights (<see cref="WeightSegments"/>), for each vector of sums.</summary>
    public static class Segments
    {
        /// <summary>The widening multiplication that ends a segment; a group takes one multiplication of bytes. Their additions hide behind both.</summary>
        public const int Widening = 1;

        /// <summary>Cycles of a branch that the processor did not foresee: the number of segments of a length that differs between blocks.</summary>
        public const double Misprediction = 25;
    }

    /// <summary>
    /// Half cycles of float tiles (<see cref="FloatTiles"/>): a processor starts two multiply-adds and two loads in a cycle; every instruction set.
    /// </summary>
    public static class Floats
    {
        /// <summary>Sums below which a tap waits for the one before: a sum is ready for its next tap after four cycles.</summary>
        public const int LeastSums = 8;

        /// <summary>What the loop itself takes for a tap: one cycle.</summary>
        public const int Loop = 2;
    }
}
