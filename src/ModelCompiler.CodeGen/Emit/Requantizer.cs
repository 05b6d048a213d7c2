using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>
/// Writes the end of an integer kernel: int32 sums to 8-bit activations. The table of shifts decides the arithmetic:
/// without it <paramref name="scale"/> holds float factors, with it Q31 multipliers.
/// </summary>
/// <param name="writer">Where the kernel is written.</param>
/// <param name="scale">Factor per channel.</param>
/// <param name="shift">Shift per channel, or none.</param>
/// <param name="zero">Zero point of the output.</param>
/// <param name="min">Smallest output, with the activation function folded in.</param>
/// <param name="max">Largest output.</param>
internal sealed class Requantizer(KernelWriter writer, DataRef scale, DataRef shift, int zero, int min, int max)
{
    /// <summary>C# parameters of methods that requantise.</summary>
    public string Parameters => shift.Exists ? "int* multiplier, int* shift" : "float* scale";

    /// <summary>C# arguments for the kernel call; <paramref name="offset"/> is added to every table.</summary>
    public string Arguments(string offset = "") => writer.Address(scale) + offset + (shift.Exists ? ", " + writer.Address(shift) + offset : "");

    /// <summary>The same parameters handed on, moved by a number of channels.</summary>
    public string Forward(string channels) => shift.Exists ? $"multiplier{Plus(channels)}, shift{Plus(channels)}" : $"scale{Plus(channels)}";

    /// <summary>Expression for a vector of outputs, as int32 lanes.</summary>
    public string Vector(string sum, string channel) => shift.Exists
        ? $"{writer.Isa.Simd}.RequantizeFixed({sum}, {Load("multiplier", channel)}, {Load("shift", channel)}, {Bounds})"
        : $"{writer.Isa.Simd}.Requantize({sum}, {Load("scale", channel)}, {Bounds})";

    /// <summary>Expression for the outputs of one half (<c>Lower</c> or <c>Upper</c>) of zipped channels, as int32 lanes.</summary>
    public string ZippedVector(string sum, string half) => shift.Exists
        ? $"{writer.Isa.Simd}.RequantizeFixed({sum}, {writer.Isa.Simd}.LoadZip{half}(multiplier), {writer.Isa.Simd}.LoadZip{half}(shift), {Bounds})"
        : $"{writer.Isa.Simd}.Requantize({sum}, {writer.Isa.Simd}.LoadZip{half}(scale), {Bounds})";

    /// <summary>Expression for one output, as int.</summary>
    public string Single(string sum, string channel) => shift.Exists
        ? $"Scalar.RequantizeFixed({sum}, multiplier[{channel}], shift[{channel}], {Bounds})"
        : $"Scalar.Requantize({sum}, scale[{channel}], {Bounds})";

    /// <summary>Statements that load the tables for one vector of channels, for use by <c>PackedBytes</c>.</summary>
    public IEnumerable<string> Loads(string channel, int vector, Isa isa)
    {
        string type = isa.Vector;
        yield return shift.Exists ? $"{type}<int> multiplier{vector} = {type}.Load(multiplier + {channel}), shift{vector} = {type}.Load(shift + {channel});" : $"{type}<float> scale{vector} = {type}.Load(scale + {channel});";
    }

    /// <summary>Statement that puts the tables of one channel into all lanes, for use by <c>PackedBytes</c>.</summary>
    public string Broadcasts(string channel, int vector, Isa isa) => shift.Exists
        ? $"{isa.Vector}<int> multiplier{vector} = {isa.Vector}.Create(multiplier[{channel}]), shift{vector} = {isa.Vector}.Create(shift[{channel}]);"
        : $"{isa.Vector}<float> scale{vector} = {isa.Vector}.Create(scale[{channel}]);";

    /// <summary>
    /// Statement that declares a vector of outputs from four vectors of sums, each with its tables' number. Bounds are applied to the packed bytes, which saturate;
    /// that is the same as long as no scaled sum leaves the range of int32.
    /// </summary>
    /// <param name="name">Name of the variable.</param>
    /// <param name="outType">C# type of the output.</param>
    /// <param name="sums">The sums.</param>
    /// <param name="isa">Instruction set.</param>
    /// <param name="inLanes">True to leave the four parts of each 128-bit lane there; false to put each sum's outputs side by side.</param>
    /// <param name="zeroVector">Name of the vector of zero points, int16.</param>
    public string PackedBytes(string name, string outType, IEnumerable<(string Sum, int Vector)> sums, Isa isa, bool inLanes, string zeroVector = "zero")
    {
        bool signed = outType == "sbyte";
        string[] scaled = sums.Select(s => shift.Exists ? $"{isa.Simd}.MultiplyByQuantizedMultiplier({s.Sum}, multiplier{s.Vector}, shift{s.Vector})" : $"{isa.Simd}.Scaled({s.Sum}, scale{s.Vector})").ToArray();
        string packed = $"{isa.Simd}.Pack{(signed ? "Int8" : "UInt8")}{(inLanes ? "InLanes" : "")}({string.Join(", ", scaled)}, {zeroVector})";
        if (min > (signed ? sbyte.MinValue : byte.MinValue)) packed = $"{isa.Vector}.Max({packed}, {isa.Vector}.Create(({outType}){Literals.Int(min)}))";
        if (max < (signed ? sbyte.MaxValue : byte.MaxValue)) packed = $"{isa.Vector}.Min({packed}, {isa.Vector}.Create(({outType}){Literals.Int(max)}))";
        return $"{isa.Vector}<byte> {name} = {packed}{(signed ? ".AsByte()" : "")};";
    }

    private string Bounds => shift.Exists
        ? $"{Literals.Int(min)}, {Literals.Int(max)}, {Literals.Int(zero)}"
        : $"{Literals.Float(min - zero)}, {Literals.Float(max - zero)}, {Literals.Int(zero)}";

    private string Load(string table, string channel) => $"{writer.Isa.Vector}.Load({table}{Plus(channel)})";

    private static string Plus(string offset) => offset is "0" or "" ? "" : " + " + offset;
}
