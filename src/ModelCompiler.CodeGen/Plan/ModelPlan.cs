using System.Linq;
using ModelCompiler.CodeGen.Kernels;

namespace ModelCompiler.CodeGen.Plan;

/// <summary>
/// The finished recipe for one model: the only thing that crosses from the compiler to the code generator.
/// It has value equality and a canonical text form (<see cref="PlanText"/>).
/// </summary>
internal sealed record ModelPlan
{
    /// <summary>Version of the text format; readers refuse others.</summary>
    public const int FormatVersion = 2;

    /// <summary>Name of the model file, without directories.</summary>
    public string ModelFile { get; init; } = "";

    /// <summary>SHA-256 of the model file, lower-case hexadecimal.</summary>
    public string ModelSha256 { get; init; } = "";

    /// <summary>Name of the generated class.</summary>
    public string ClassName { get; init; } = "Model";

    /// <summary>Namespace of the generated class.</summary>
    public string Namespace { get; init; } = "ModelCompiler.Generated";

    /// <summary><c>public</c> or <c>internal</c>.</summary>
    public string Accessibility { get; init; } = "public";

    /// <summary>Target machine, a name that <see cref="Emit.Target"/> knows.</summary>
    public string Target { get; init; } = "portable";

    /// <summary>The options that differ from their defaults, as canonical text.</summary>
    public string Options { get; init; } = "";

    /// <summary>What the compiler did, one sentence each, for the header of the generated file.</summary>
    public EquatableArray<string> Notes { get; init; }

    /// <summary>Hash of the outputs that the reference interpreter gives for the self-test input (see <see cref="SelfTestInput"/>); 0 for none.</summary>
    public ulong SelfTestHash { get; init; }

    /// <summary>Bytes of the one buffer that holds all activations and scratch memory.</summary>
    public long ArenaBytes { get; init; }

    /// <summary>Where the weights live.</summary>
    public WeightStorage Weights { get; init; } = new WeightStorage();

    /// <summary>All activations and scratch buffers, with their place in the arena.</summary>
    public EquatableArray<TensorPlan> Tensors { get; init; }

    /// <summary>The model's inputs, in order.</summary>
    public EquatableArray<EdgePlan> Inputs { get; init; }

    /// <summary>The model's outputs, in order.</summary>
    public EquatableArray<EdgePlan> Outputs { get; init; }

    /// <summary>What lives from run to run, at the start of the arena.</summary>
    public EquatableArray<StatePlan> States { get; init; }

    /// <summary>Small constant tables: biases, scales, multipliers, lookup tables.</summary>
    public EquatableArray<DataTable> Data { get; init; }

    /// <summary>The kernels to run, in order.</summary>
    public EquatableArray<StepPlan> Steps { get; init; }

    /// <summary>The tensor a reference points to.</summary>
    public TensorPlan Tensor(TensorRef reference) => Tensors.First(t => t.Id == reference.Id);

    /// <summary>The table a reference points to.</summary>
    public DataTable Table(DataRef reference) => Data.First(d => d.Name == reference.Name);
}

/// <summary>Where the weights blob lives: as literals in the generated file, or in an assembly of its own.</summary>
internal sealed record WeightStorage
{
    /// <summary>Largest blob written as literals: more fills files that people read, and compiles slower than an assembly of its own.</summary>
    public const int InlineLimit = 32 * 1024;

    /// <summary>Total bytes of the blob.</summary>
    public int Bytes { get; init; }

    /// <summary>The blob itself when it is inline, else empty.</summary>
    public EquatableArray<byte> Inline { get; init; }

    /// <summary>Name of the weights assembly, or empty when the blob is inline.</summary>
    public string Assembly { get; init; } = "";

    /// <summary>Identifies the content of a weights assembly, which says the same of itself; 0 when nothing is to be compared.</summary>
    public ulong ContentId { get; init; }

    /// <summary>
    /// Name of the assembly for weights of this content. The content is part of the name, so that two projects whose classes have one name
    /// can put their programs into one folder.
    /// </summary>
    public static string AssemblyName(string @namespace, string className, ulong contentId) =>
        $"{@namespace}.{className}.Weights.{contentId.ToString("x16", System.Globalization.CultureInfo.InvariantCulture)}";

    /// <summary>Namespace of the type in a weights assembly: one of its own, so that it collides with nothing of the user's.</summary>
    public const string TypeNamespace = "ModelCompilerWeights";

    /// <summary>Name of the type in the weights assembly; its property <c>Data</c> is the blob, <c>ContentId</c> tells which.</summary>
    public string TypeName => Assembly.Replace('.', '_');

    /// <summary>True when the blob lives in an assembly of its own.</summary>
    public bool IsAssembly => Assembly.Length > 0;
}

/// <summary>An activation, a scratch buffer or a constant.</summary>
/// <param name="Id">Number by which steps refer to it.</param>
/// <param name="Name">Name in the model, for people.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions as stored in memory, row-major.</param>
/// <param name="Scale">Real value of one step of the integer, or 0 when the tensor is not quantised.</param>
/// <param name="ZeroPoint">Integer that stands for real zero.</param>
/// <param name="Offset">Byte offset in the arena, or in the weights.</param>
/// <param name="IsConstant">True when the tensor lies in the weights.</param>
internal sealed record TensorPlan(int Id, string Name, ElementType Type, EquatableArray<int> Shape, float Scale, int ZeroPoint, long Offset,
    bool IsConstant = false)
{
    /// <summary>Number of elements.</summary>
    public int Count => Shape.Aggregate(1, (product, dimension) => checked(product * dimension));

    /// <summary>Bytes in memory.</summary>
    public long Bytes => (long)Count * Type.Size();

    /// <summary>True when integers stand for real numbers.</summary>
    public bool IsQuantized => Scale != 0;
}

/// <summary>An input or output of the model.</summary>
/// <param name="Name">Name in the model.</param>
/// <param name="Tensor">The tensor that holds it.</param>
/// <param name="Labels">What its numbers or columns stand for, where the model says so in words.</param>
internal sealed record EdgePlan(string Name, TensorRef Tensor, EquatableArray<string> Labels = default);

/// <summary>A tensor that lives from run to run.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Initial">Its content before the first run, in the weights; of length 0 for zeros.</param>
internal sealed record StatePlan(TensorRef Tensor, WeightsRef Initial);

/// <summary>A constant table: a small one is emitted in its natural type, a large one lies in the weights.</summary>
/// <param name="Name">Name of the property.</param>
/// <param name="Type">Type of the entries.</param>
/// <param name="Values">The entries; none when they lie in the weights.</param>
/// <param name="Stored">Where they lie in the weights; of length 0 when they stand here.</param>
internal sealed record DataTable(string Name, ElementType Type, EquatableArray<double> Values, WeightsRef Stored = default)
{
    /// <summary>Bytes of the table outside the weights.</summary>
    public int Bytes => Values.Count * Type.Size();
}

/// <summary>One kernel call.</summary>
/// <param name="Name">Name of the node it came from, for people.</param>
/// <param name="Kernel">The kernel with all its parameters.</param>
/// <param name="Choice">Why this kernel was chosen, where there was a choice; for people.</param>
internal sealed record StepPlan(string Name, Kernel Kernel, string Choice = "");

/// <summary>Points to a tensor of the plan; written <c>%3</c>, or <c>-</c> for none.</summary>
internal readonly record struct TensorRef(int Id)
{
    /// <summary>No tensor.</summary>
    public static TensorRef None => new(-1);

    /// <summary>True when there is one.</summary>
    public bool Exists => Id >= 0;
}

/// <summary>Points to a table of the plan; written <c>$name</c>, or <c>-</c> for none.</summary>
internal readonly record struct DataRef(string Name)
{
    /// <summary>No table.</summary>
    public static DataRef None => new("");

    /// <summary>True when there is one.</summary>
    public bool Exists => !string.IsNullOrEmpty(Name);
}

/// <summary>Points into the weights blob, written <c>@offset+length</c>, or to a tensor that holds weights which a step before has unpacked,
/// written <c>%id</c>.</summary>
internal readonly record struct WeightsRef
{
    private readonly int _tensor; // 1 more than its number

    /// <summary>Points into the blob.</summary>
    public WeightsRef(int offset, int length) => (Offset, Length) = (offset, length);

    /// <summary>Points to a tensor.</summary>
    public WeightsRef(TensorRef tensor) => _tensor = tensor.Id + 1;

    /// <summary>First byte in the blob.</summary>
    public int Offset { get; }

    /// <summary>Bytes in the blob.</summary>
    public int Length { get; }

    /// <summary>The tensor, or none.</summary>
    public TensorRef Tensor => new(_tensor - 1);
}
