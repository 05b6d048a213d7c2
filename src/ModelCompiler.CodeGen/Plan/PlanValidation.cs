using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Kernels;

namespace ModelCompiler.CodeGen.Plan;

/// <summary>
/// Whether a plan that could be read is one that can be written as code: names, places in memory, references. A plan is a file between two programs, and
/// may be damaged; the compiler's own plans always pass.
/// </summary>
/// <param name="plan">The plan.</param>
/// <param name="line">One-based line of the n-th line with a keyword.</param>
internal sealed class PlanValidation(ModelPlan plan, Func<string, int, int> line)
{
    private const int LongestName = 400;

    private readonly Dictionary<int, TensorPlan> _tensors = [];
    private readonly HashSet<string> _tables = new(StringComparer.Ordinal);

    /// <summary>Throws at the first line that is wrong.</summary>
    /// <exception cref="PlanFormatException">The plan is damaged.</exception>
    public void Check()
    {
        CheckHead();
        CheckWeights();
        for (int i = 0; i < plan.Tensors.Count; i++) CheckTensor(plan.Tensors[i], i);
        CheckEdges("input", plan.Inputs);
        CheckEdges("output", plan.Outputs);
        for (int i = 0; i < plan.States.Count; i++) CheckState(plan.States[i], i);
        for (int i = 0; i < plan.Data.Count; i++) CheckTable(plan.Data[i], i);
        for (int i = 0; i < plan.Steps.Count; i++) CheckStep(plan.Steps[i].Kernel, i);
    }

    private void CheckHead()
    {
        Require(plan.ModelSha256.All(c => c is >= '0' and <= '9' or >= 'a' and <= 'f'), "model", 0, "the hash of the model is not hexadecimal");
        Require(Names.IsIdentifier(plan.ClassName) && !Names.IsTaken(plan.ClassName), "class", 0, $"a class cannot be called '{plan.ClassName}'");
        Require(plan.Namespace.Split('.').All(Names.IsIdentifier), "class", 0, $"a namespace cannot be called '{plan.Namespace}'");
        Require(plan.Namespace.Length + plan.ClassName.Length <= LongestName, "class", 0, "the name of the class is too long");
        Require(plan.Accessibility is "public" or "internal", "class", 0, $"'{plan.Accessibility}' is not an accessibility");
        Require(Target.Find(plan.Target) is not null, "target", 0, $"there is no target '{plan.Target}'");
        Require(plan.ArenaBytes is >= 0 and <= int.MaxValue, "arena", 0, "the working memory cannot have this size");
    }

    private void CheckWeights()
    {
        WeightStorage weights = plan.Weights;
        Require(weights.Bytes >= 0, "weights", 0, "weights cannot have a negative size");
        Require(weights.Inline.Count == (weights.IsAssembly ? 0 : weights.Bytes), "weights", 0,
            $"{weights.Bytes} bytes of weights are announced, and {weights.Inline.Count} follow");
        Require(!weights.IsAssembly || Names.IsIdentifier("_" + weights.TypeName), "weights", 0, $"an assembly cannot be called '{weights.Assembly}'");
    }

    private void CheckTensor(TensorPlan tensor, int index)
    {
        Require(tensor.Id >= 0 && !_tensors.ContainsKey(tensor.Id), "tensor", index, $"tensor %{tensor.Id} is there twice, or has no number");
        Require(Enum.IsDefined(typeof(ElementType), tensor.Type), "tensor", index, "there is no such type");
        double bytes = tensor.Shape.Aggregate((double)tensor.Type.Size(), (product, d) => product * d);
        Require(tensor.Shape.All(d => d >= 0) && bytes <= int.MaxValue, "tensor", index, $"tensor %{tensor.Id} cannot have this shape");
        long limit = tensor.IsConstant ? plan.Weights.Bytes : plan.ArenaBytes;
        Require(tensor.Offset >= 0 && tensor.Offset <= limit && tensor.Offset + tensor.Bytes <= limit, "tensor", index,
            $"tensor %{tensor.Id} ends beyond its memory");
        _tensors.Add(tensor.Id, tensor);
    }

    private void CheckEdges(string kind, EquatableArray<EdgePlan> edges)
    {
        for (int i = 0; i < edges.Count; i++)
        {
            CheckReference(edges[i].Tensor, kind, i);
            Require(!_tensors[edges[i].Tensor.Id].IsConstant, kind, i, $"a constant cannot be an {kind}");
        }
    }

    private void CheckState(StatePlan state, int index)
    {
        CheckReference(state.Tensor, "state", index);
        CheckReference(state.Initial, "state", index);
        TensorPlan tensor = _tensors[state.Tensor.Id];
        Require(!tensor.IsConstant && (state.Initial.Length == 0 || state.Initial.Length == tensor.Bytes), "state", index,
            $"tensor %{tensor.Id} does not fit its initial content");
    }

    private void CheckTable(DataTable table, int index)
    {
        Require(Names.IsIdentifier(table.Name) && !Names.IsTaken(table.Name) && _tables.Add(table.Name), "data", index,
            $"a table cannot be called '{table.Name}', or is there twice");
        Require(Enum.IsDefined(typeof(ElementType), table.Type), "data", index, "there is no such type");
        CheckReference(table.Stored, "data", index);
        Require(table.Stored.Length % table.Type.Size() == 0 && table.Stored.Offset % table.Type.Size() == 0, "data", index,
            $"table '{table.Name}' does not consist of whole numbers of its type");
        (double min, double max) = table.Type switch
        {
            ElementType.Int8 => (sbyte.MinValue, sbyte.MaxValue),
            ElementType.UInt8 => (byte.MinValue, byte.MaxValue),
            ElementType.Int16 => (short.MinValue, short.MaxValue),
            ElementType.UInt16 => (ushort.MinValue, ushort.MaxValue),
            ElementType.Int32 => (int.MinValue, int.MaxValue),
            ElementType.UInt32 => (uint.MinValue, uint.MaxValue),
            _ => (double.NegativeInfinity, double.PositiveInfinity),
        };
        Require(!table.Type.IsInteger() || table.Values.All(v => v >= min && v <= max), "data", index,
            $"a number of table '{table.Name}' does not fit its type");
    }

    private void CheckStep(Kernel kernel, int index)
    {
        Type type = kernel.GetType();
        foreach (string name in KernelText.Parameters(type)) CheckValue(name, type.GetProperty(name)!.GetValue(kernel)!, index);
        if (kernel is LibraryKernel call) CheckCall(call, index);
    }

    private void CheckValue(string name, object value, int index)
    {
        switch (value)
        {
            case ConvGeometry g: CheckGeometry(g, index); break;
            case IPlanPart part: foreach (object inner in PlanPartText.Values(part)) CheckValue(name, inner, index); break;
            case TensorRef t when t.Exists: CheckReference(t, "step", index); break;
            case DataRef d when d.Exists: CheckReference(d, index); break;
            case WeightsRef { Tensor.Exists: true } w: CheckReference(w.Tensor, "step", index); break;
            case WeightsRef w: CheckReference(w, "step", index); break;
            case EquatableArray<TensorRef> all: foreach (TensorRef t in all.Where(t => t.Exists)) CheckReference(t, "step", index); break;
            case EquatableArray<DataRef> all: foreach (DataRef d in all.Where(d => d.Exists)) CheckReference(d, index); break;
            case Enum e: Require(Enum.IsDefined(e.GetType(), e), "step", index, $"{name} has no value {e}"); break;
            case TensorRef when name is "In" or "Out" or "A" or "B": Fail("step", index, $"{name} is missing"); break;
            case int count when name is "Groups" or "Block" or "Repeat": Require(count >= 1, "step", index, $"{name} is below 1"); break;
            case int count when name is "Batch" or "Count" or "Length" or "Outer" or "Inner" or "Channels"
                or "Number": Require(count >= 0, "step", index, $"{name} is negative"); break;
        }
    }

    private void CheckGeometry(ConvGeometry g, int index)
    {
        Require(g.Batch >= 0 && g.Height >= 0 && g.Width >= 0 && g.Channels >= 0 && g.OutHeight >= 0 && g.OutWidth >= 0 && g.OutChannels >= 0, "step", index,
            "Geometry has a negative size");
        Require(g.WindowHeight >= 0 && g.WindowWidth >= 0 && g.StrideDown >= 0 && g.StrideRight >= 0 && g.DilationDown >= 0 && g.DilationRight >= 0, "step",
            index, "Geometry has a negative window, stride or dilation");
        Require(g.Groups >= 1, "step", index, "Geometry has no groups");
    }

    private void CheckCall(LibraryKernel call, int index)
    {
        string[] names = call.Routine.Split('.');
        Require(names.Length == 2 && EmbeddedSource.Classes.TryGetValue(names[0], out HelperClass? found) && found.IsLibrary
            && found.Members.ContainsKey(names[1]), "step", index, $"there is no routine '{call.Routine}'");
        Require(call.Types.All(t => Regex.IsMatch(t, @"^[A-Za-z][\w<>,]*$")), "step", index, "a type is not one");
        Require(call.Numbers.All(n => Regex.IsMatch(n, @"^-?[\w.+-]+$")), "step", index, "a number is not one");
    }

    private void CheckReference(TensorRef tensor, string kind, int index) =>
        Require(_tensors.ContainsKey(tensor.Id), kind, index, $"there is no tensor %{tensor.Id}");

    private void CheckReference(DataRef table, int index) => Require(_tables.Contains(table.Name), "step", index, $"there is no table '{table.Name}'");

    private void CheckReference(WeightsRef weights, string kind, int index) =>
        Require(weights.Offset >= 0 && weights.Length >= 0 && (long)weights.Offset + weights.Length <= plan.Weights.Bytes, kind, index,
            $"@{weights.Offset}+{weights.Length} lies outside the weights");

    private void Require(bool condition, string keyword, int index, string problem)
    {
        if (!condition) Fail(keyword, index, problem);
    }

    private void Fail(string keyword, int index, string problem) => throw new PlanFormatException(line(keyword, index), PlanFormatException.Damaged(problem));
}
