using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>Reads a TFLite model (schema version 3) into a graph. Field numbers are those of tensorflow/lite/schema/schema.fbs.</summary>
internal static class TfLiteImporter
{
    private static readonly IReadOnlyDictionary<TfLiteBuiltinOperator, Action<TfLiteNode>> Operators =
        OperatorRegistry.Find<TfLiteOperatorAttribute, TfLiteBuiltinOperator, TfLiteNode>(a => a.Code);

    /// <summary>All operators, for the table in the documentation.</summary>
    public static IEnumerable<TfLiteBuiltinOperator> SupportedOperators => Operators.Keys;

    /// <summary>Reads a model.</summary>
    /// <exception cref="ModelCompilationException">The file is malformed, or an operator is not supported.</exception>
    public static ModelGraph Import(ReadOnlyMemory<byte> bytes, InputShapes shapes) => new Reader(TfLiteReader.Read(bytes).Subgraphs[0], shapes).Read();

    private sealed class Reader(TfLiteSubgraph subgraph, InputShapes shapes)
    {
        private readonly GraphEditor _graph = new();
        private readonly Dictionary<int, int> _values = [];

        public ModelGraph Read()
        {
            foreach (int input in subgraph.Inputs)
            {
                Value value = _graph.AddValue(subgraph.Tensors[input].Name, InputType(subgraph.Tensors[input]));
                _values[input] = value.Id;
                _graph.Inputs.Add(value.Id);
            }

            shapes.RequireAllUsed();
            foreach (TfLiteOperator op in subgraph.Operators) ReadOperator(op);
            foreach (int output in subgraph.Outputs)
            {
                _graph.Outputs.Add(ValueOf(output));
                _graph.OutputNames.Add(subgraph.Tensors[output].Name);
            }

            if (subgraph.Outputs.Length == 0) throw new ModelCompilationException("MC1014", "The model has no outputs.", "Convert the model again.");
            return _graph.ToGraph();
        }

        private void ReadOperator(TfLiteOperator op)
        {
            string origin = $"{op.Code.DisplayName}, version {op.Code.Version.ToString(CultureInfo.InvariantCulture)}";
            string name = op.Outputs.Length > 0 ? subgraph.Tensors[op.Outputs[0]].Name : op.Code.DisplayName;
            string label = $"'{name}' ({origin})";
            if (!Operators.TryGetValue(op.Builtin, out Action<TfLiteNode>? import))
            {
                throw new ModelCompilationException("MC2001", $"Operator {op.Code.DisplayName} is not supported.", "The table of operators in the documentation lists what is; replace the operator in the model.", label);
            }

            try
            {
                import(new TfLiteNode(name, origin, op.Options, op.Inputs, [.. op.Outputs.Select(o => Declared(subgraph.Tensors[o]))], _graph, ValueOf, (i, value) => _values[op.Outputs[i]] = value.Id));
            }
            catch (ModelCompilationException e)
            {
                throw e.At(label);
            }
        }

        // A tensor that no earlier operator computes must be a constant.
        private int ValueOf(int index)
        {
            if (_values.TryGetValue(index, out int id)) return id;
            TfLiteTensor tensor = subgraph.Tensors[index];
            if (!tensor.IsConstant)
            {
                throw tensor.IsVariable
                    ? new ModelCompilationException("MC2002", $"Tensor '{tensor.Name}' is state that lives from call to call, which is not supported.", "Make the state an input and an output of the model.")
                    : new ModelCompilationException("MC1013", $"Tensor '{tensor.Name}' is used, but neither a constant nor computed by an earlier operator.", "The file is damaged; convert it again.");
            }

            (ElementType type, byte[] bytes) = TfLiteTensorReader.ReadData(tensor);
            Value value = _graph.AddConstant(tensor.Name, new TensorData(type, new Shape(tensor.Shape), bytes), Declared(tensor).Quantization);
            _values[index] = value.Id;
            return value.Id;
        }

        private static TensorType Declared(TfLiteTensor tensor, int[]? shape = null)
        {
            ElementType type = tensor.Type.ToElementType()
                ?? throw new ModelCompilationException("MC2004", $"Tensor '{tensor.Name}' has elements of type {tensor.Type}, which are not supported.", "Convert the model with float, integer or boolean tensors.");
            QuantizationParameters? quantization = tensor.Quantization is { IsQuantized: true } q && q.Scales.All(s => s > 0)
                ? new QuantizationParameters(q.Scales.ToEquatableArray(), q.ZeroPoints.Select(z => (int)Math.Clamp(z, int.MinValue, int.MaxValue)).ToEquatableArray(), q.Scales.Length == 1 ? 0 : q.QuantizedDimension)
                : null;
            return new TensorType(type, new Shape(shape ?? tensor.Shape), quantization);
        }

        private TensorType InputType(TfLiteTensor tensor)
        {
            int[]? given = shapes.For(tensor.Name, subgraph.Inputs.Length);
            if (given is null) return Declared(tensor);
            bool agrees = given.Length == tensor.Shape.Length && given.Select((d, i) => d == tensor.Shape[i] || (i < tensor.ShapeSignature.Length && tensor.ShapeSignature[i] < 0)).All(ok => ok);
            return agrees ? Declared(tensor, given) : throw shapes.Mismatch(tensor.Name, given, tensor.Shape.Length);
        }
    }
}
