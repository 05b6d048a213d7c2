using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Tool.Conformance;

/// <summary>One data set of an ONNX backend test: the values of every input and output of the model, in order.</summary>
/// <param name="Inputs">For every input, its tensors: one, those of a sequence, or none for an optional value that is absent.</param>
/// <param name="Outputs">The same for every output.</param>
internal sealed record ConformanceData(IReadOnlyList<IReadOnlyList<TensorData>> Inputs, IReadOnlyList<IReadOnlyList<TensorData>> Outputs)
{
    /// <summary>Reads <c>input_*.pb</c> and <c>output_*.pb</c> of a folder.</summary>
    /// <exception cref="ModelCompilationException">A file is damaged, or of a type the compiler does not know.</exception>
    public static ConformanceData Read(string folder, GraphProto graph)
    {
        // Inputs with initializers have defaults, and data only when the file is there.
        return new ConformanceData([.. graph.Input.Select((v, i) => Value("input", i, v))], [.. graph.Output.Select((v, i) => Value("output", i, v))]);

        IReadOnlyList<TensorData> Value(string kind, int index, ValueInfoProto value)
        {
            string path = Path.Combine(folder, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{kind}_{index}.pb"));
            if (!File.Exists(path)) return [];
            byte[] bytes = File.ReadAllBytes(path);
            if (value.Type?.SequenceType is not null) return [.. SequenceProto.Parser.ParseFrom(bytes).TensorValues.Select(OnnxNode.ReadTensor)];
            if (value.Type?.OptionalType is null) return [OnnxNode.ReadTensor(OnnxFile.ParseTensor(bytes))];
            OptionalProto optional = OptionalProto.Parser.ParseFrom(bytes);
            if (optional.TensorValue is { } tensor) return [OnnxNode.ReadTensor(tensor)];
            return optional.SequenceValue is { } sequence ? [.. sequence.TensorValues.Select(OnnxNode.ReadTensor)] : [];
        }
    }
}
