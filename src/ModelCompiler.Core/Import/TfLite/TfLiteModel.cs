using System.Collections.Immutable;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>A TensorFlow Lite file as it is, with every index checked.</summary>
/// <param name="Version">Schema version; always 3.</param>
/// <param name="Description">Free text.</param>
/// <param name="OperatorCodes">The kinds of operators the model uses.</param>
/// <param name="Subgraphs">At least one; the first is the model's entry.</param>
/// <param name="Buffers">Raw data, referred to by tensors and metadata; not copied from the file.</param>
/// <param name="Metadata">Named data.</param>
/// <param name="Signatures">Named entry points.</param>
internal sealed record TfLiteModel(
    int Version,
    string Description,
    ImmutableArray<TfLiteOperatorCode> OperatorCodes,
    ImmutableArray<TfLiteSubgraph> Subgraphs,
    ImmutableArray<ReadOnlyMemory<byte>> Buffers,
    ImmutableArray<TfLiteMetadata> Metadata,
    ImmutableArray<TfLiteSignature> Signatures);

/// <summary>A kind of operator.</summary>
/// <param name="Builtin">Its code; may be a number this enumeration does not name.</param>
/// <param name="CustomName">Name of a custom operator; null for the others.</param>
/// <param name="Version">Version of the operator's definition.</param>
internal sealed record TfLiteOperatorCode(TfLiteBuiltinOperator Builtin, string? CustomName, int Version)
{
    /// <summary>What tells operators apart: name of the code, or of the custom operator.</summary>
    public string Key => Builtin == TfLiteBuiltinOperator.Custom ? TfLiteOperatorAttribute.KeyOf(CustomName ?? "") : Builtin.ToString();

    /// <summary>Name for messages.</summary>
    public string DisplayName => Builtin == TfLiteBuiltinOperator.Custom ? $"custom operator '{CustomName}'" : Builtin.ToString();

    /// <summary>What to call it at the start of a sentence.</summary>
    public string Sentence => Builtin == TfLiteBuiltinOperator.Custom ? $"Custom operator '{CustomName}'" : $"Operator {Builtin}";
}

/// <summary>A graph of operators over tensors. Inputs and outputs are indices of tensors.</summary>
internal sealed record TfLiteSubgraph(string Name, ImmutableArray<TfLiteTensor> Tensors, int[] Inputs, int[] Outputs, ImmutableArray<TfLiteOperator> Operators);

/// <summary>One operator.</summary>
/// <param name="Index">Place in the subgraph.</param>
/// <param name="Code">What it is.</param>
/// <param name="Inputs">Indices of tensors; −1 stands for an optional input that is left out.</param>
/// <param name="Outputs">Indices of tensors.</param>
/// <param name="Intermediates">Indices of tensors that only carry quantisation parameters (LSTM).</param>
/// <param name="Options">Attributes.</param>
/// <param name="Options2">Attributes of the operators of the second union (StableHLO).</param>
/// <param name="CustomOptions">Attributes of a custom operator, in its own format.</param>
internal sealed record TfLiteOperator(
    int Index,
    TfLiteOperatorCode Code,
    int[] Inputs,
    int[] Outputs,
    int[] Intermediates,
    TfLiteOptions Options,
    TfLiteOptions Options2,
    ReadOnlyMemory<byte> CustomOptions)
{
    /// <summary>Code of the operator.</summary>
    public TfLiteBuiltinOperator Builtin => Code.Builtin;
}

/// <summary>A tensor.</summary>
/// <param name="Name">Name, made up from the index when the file has none.</param>
/// <param name="Type">Element type; may be a number the enumeration does not name.</param>
/// <param name="Shape">Dimensions, none negative; unknown ones are 1 here and −1 in the signature.</param>
/// <param name="ShapeSignature">Dimensions with −1 for unknown ones; empty when all are known.</param>
/// <param name="HasRank">Tells a scalar from a tensor of unknown rank, in files that say so.</param>
/// <param name="ElementCount">Product of the dimensions.</param>
/// <param name="BufferIndex">Buffer that holds the elements; zero for none.</param>
/// <param name="Data">The elements of a constant, exactly as many bytes as type and shape need where that is known; null when it is computed.</param>
/// <param name="Quantization">Quantisation parameters, if any.</param>
/// <param name="IsVariable">True for state that lives from call to call.</param>
/// <param name="Sparsity">How <paramref name="Data"/> leaves out zeros; null when it is dense.</param>
internal sealed record TfLiteTensor(
    string Name,
    TfLiteTensorType Type,
    int[] Shape,
    int[] ShapeSignature,
    bool HasRank,
    int ElementCount,
    int BufferIndex,
    ReadOnlyMemory<byte>? Data,
    TfLiteQuantization? Quantization,
    bool IsVariable,
    TfLiteSparsity? Sparsity)
{
    /// <summary>True when the file has the elements.</summary>
    public bool IsConstant => Data is not null;
}

/// <summary>Affine quantisation: real value = scale × (stored value − zero point).</summary>
/// <param name="Scales">One for the tensor, or one per slice of the quantised dimension; empty when the tensor is not quantised.</param>
/// <param name="ZeroPoints">As many as there are scales.</param>
/// <param name="QuantizedDimension">Dimension the scales belong to, when there are several.</param>
/// <param name="Min">Smallest real values seen in training; may be empty.</param>
/// <param name="Max">Largest real values seen in training; may be empty.</param>
/// <param name="DetailsType">Number of another quantisation scheme in the schema's union; zero for the affine one.</param>
internal sealed record TfLiteQuantization(float[] Scales, long[] ZeroPoints, int QuantizedDimension, float[] Min, float[] Max, int DetailsType)
{
    /// <summary>True when there are scales.</summary>
    public bool IsQuantized => Scales.Length > 0;
}

/// <summary>How a sparse tensor is stored.</summary>
/// <param name="TraversalOrder">Order in which dimensions, then block dimensions, are stored.</param>
/// <param name="BlockMap">Dimension that each block dimension splits.</param>
/// <param name="Dimensions">One for each entry of the traversal order.</param>
internal sealed record TfLiteSparsity(int[] TraversalOrder, int[] BlockMap, ImmutableArray<TfLiteSparseDimension> Dimensions);

/// <summary>One stored dimension: dense with a size, or compressed with segments and indices.</summary>
internal sealed record TfLiteSparseDimension(bool IsDense, int DenseSize, int[] Segments, int[] Indices);

/// <summary>Named data beside the graph.</summary>
internal sealed record TfLiteMetadata(string Name, ReadOnlyMemory<byte> Data);

/// <summary>A named entry point with names for the tensors of a subgraph.</summary>
internal sealed record TfLiteSignature(string Key, int SubgraphIndex, ImmutableArray<TfLiteTensorName> Inputs, ImmutableArray<TfLiteTensorName> Outputs);

/// <summary>The name a signature gives to a tensor.</summary>
internal sealed record TfLiteTensorName(string Name, int TensorIndex);
