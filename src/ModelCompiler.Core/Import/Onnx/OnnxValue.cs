using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>A tensor by number, or a sequence of tensors; passed into and out of subgraphs.</summary>
internal sealed record OnnxValue(int Tensor, IReadOnlyList<int>? Sequence, DataType Type = DataType.Undefined)
{
    /// <summary>What a name stands for, or null.</summary>
    public static OnnxValue? Find(OnnxScope scope, string name)
    {
        IReadOnlyList<int>? sequence = scope.Sequences.GetValueOrDefault(name);
        if (scope.Values.TryGetValue(name, out int id)) return new OnnxValue(id, sequence, scope.Types.GetValueOrDefault(name));
        return sequence is null ? null : new OnnxValue(-1, sequence);
    }

    /// <summary>Lets a name stand for it.</summary>
    public void Bind(OnnxScope scope, string name)
    {
        scope.Values.Remove(name);
        scope.Sequences.Remove(name);
        scope.Types.Remove(name);
        scope.Lengths.Remove(name);
        if (Tensor >= 0) scope.Values[name] = Tensor;
        if (Sequence is not null) scope.Sequences[name] = Sequence;
        if (Type != DataType.Undefined) scope.Types[name] = Type;
    }
}
