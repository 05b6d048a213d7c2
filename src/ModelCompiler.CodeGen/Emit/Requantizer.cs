using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>
/// Writes the end of an integer kernel: int32 sums to 8-bit activations. The table of shifts decides the arithmetic:
/// without it the scales are float factors, with it Q31 multipliers.
/// </summary>
/// <param name="writer">Where the kernel is written.</param>
/// <param name="rescaling">Factors, zero point and bounds.</param>
internal sealed class Requantizer(KernelWriter writer, Rescaling rescaling)
{
    /// <summary>C# parameters of methods that requantise.</summary>
    public string Parameters => rescaling.Shift.Exists ? "int* multiplier, int* shift" : "float* scale";

    /// <summary>C# arguments for the kernel call; <paramref name="offset"/> is added to every table.</summary>
    public string Arguments(string offset = "") => writer.Address(rescaling.Scale) + offset
        + (rescaling.Shift.Exists ? ", " + writer.Address(rescaling.Shift) + offset : "");

    /// <summary>The same parameters handed on, moved by a number of channels.</summary>
    public string Forward(string channels) => rescaling.Shift.Exists ? $"multiplier{Plus(channels)}, shift{Plus(channels)}" : $"scale{Plus(channels)}";

    /// <summary>Expression for a vector of outputs, as int32 lanes.</summary>
    public string Vector(string sum, string channel) => rescaling.Shift.Exists
        ? $"{writer.Isa.Simd}.RequantizeFixed({sum}, {Load("multiplier", channel)}, {Load("shift", channel)}, {Bounds})"
        : $"{writer.Isa.Simd}.Requantize({sum}, {Load("scale", channel)}, {Bounds})";

    /// <summary>Expression for the outputs of one half (<c>Lower</c> or <c>Upper</c>) of zipped channels, as int32 lanes.</summary>
    public string ZippedVector(string sum, string half) => rescaling.Shift.Exists
        ? $"{writer.Isa.Simd}.RequantizeFixed({sum}, {writer.Isa.Simd}.LoadZip{half}(multiplier), {writer.Isa.Simd}.LoadZip{half}(shift), {Bounds})"
        : $"{writer.Isa.Simd}.Requantize({sum}, {writer.Isa.Simd}.LoadZip{half}(scale), {Bounds})";

    /// <summary>Expression for one output, as int.</summary>
    public string Single(string sum, string channel) => rescaling.Shift.Exists
        ? $"Scalar.RequantizeFixed({sum}, multiplier[{channel}], shift[{channel}], {Bounds})"
        : $"Scalar.Requantize({sum}, scale[{channel}], {Bounds})";

    /// <summary>Statements that load the tables for one vector of channels, for use by <c>PackedBytes</c>.</summary>
    public IEnumerable<string> Loads(string channel, int vector, Isa isa)
    {
        string type = isa.Vector;
        yield return rescaling.Shift.Exists
            ? $"{type}<int> multiplier{vector} = {type}.Load({Terms.Plus("multiplier", channel)}), shift{vector} = {type}.Load({Terms.Plus("shift", channel)});"
            : $"{type}<float> scale{vector} = {type}.Load({Terms.Plus("scale", channel)});";
    }

    /// <summary>Statement that puts the tables of one channel into all lanes, for use by <c>PackedBytes</c>.</summary>
    public string Broadcasts(string channel, int vector, Isa isa) => rescaling.Shift.Exists
        ? $"{isa.Vector}<int> multiplier{vector} = {isa.Vector}.Create(multiplier[{channel}]), shift{vector} = {isa.Vector}.Create(shift[{channel}]);"
        : $"{isa.Vector}<float> scale{vector} = {isa.Vector}.Create(scale[{channel}]);";

    /// <summary>
    /// Statement that declares a vector of outputs from four vectors of sums, each with its tables' number. Bounds are applied to the packed bytes,
    /// which saturate; that is the same as long as no scaled sum leaves the range of int32.
    /// </summary>
    /// <param name="name">Name of the variable.</param>
    /// <param name="outType">C# type of the output.</param>
    /// <param name="sums">The sums.</param>
    /// <param name="isa">Instruction set.</param>
    /// <param name="inLanes">True to leave the four parts of each 128-bit lane there; false to put each sum's outputs side by side.</param>
    /// <param name="zeroVector">Name of the vector of rescaling.Zero points, int16.</param>
    public string PackedBytes(string name, string outType, IEnumerable<(string Sum, int Vector)> sums, Isa isa, bool inLanes, string zeroVector = "zero")
    {
        bool signed = outType == "sbyte";
        string[] scaled = sums.Select(s => rescaling.Shift.Exists ? $"{isa.Simd}.MultiplyByQuantizedMultiplier({s.Sum}, multiplier{s.Vector}, shift{s.Vector})"
            : $"{isa.Simd}.Scaled({s.Sum}, scale{s.Vector})").ToArray();
        string packed = $"{isa.Simd}.Pack{(signed ? "Int8" : "UInt8")}{(inLanes ? "InLanes" : "")}({string.Join(", ", scaled)}, {zeroVector})";
        if (rescaling.Min > (signed ? sbyte.MinValue : byte.MinValue))
            packed = $"{isa.Vector}.Max({packed}, {isa.Vector}.Create(({outType}){Literals.Int(rescaling.Min)}))";
        if (rescaling.Max < (signed ? sbyte.MaxValue : byte.MaxValue))
            packed = $"{isa.Vector}.Min({packed}, {isa.Vector}.Create(({outType}){Literals.Int(rescaling.Max)}))";
        return $"{isa.Vector}<byte> {name} = {packed}{(signed ? ".AsByte()" : "")};";
    }

    private string Bounds => rescaling.Shift.Exists
        ? $"{Literals.Int(rescaling.Min)}, {Literals.Int(rescaling.Max)}, {Literals.Int(rescaling.Zero)}"
        : $"{Literals.Float(rescaling.Min - rescaling.Zero)}, {Literals.Float(rescaling.Max - rescaling.Zero)}, {Literals.Int(rescaling.Zero)}";

    private string Load(string table, string channel) => $"{writer.Isa.Vector}.Load({table}{Plus(channel)})";

    private static string Plus(string offset) => offset is "0" or "" ? "" : " + " + offset;
}
