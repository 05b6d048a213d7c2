using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>Reads a TFLite model (schema version 3) into a graph. Field numbers are those of tensorflow/lite/schema/schema.fbs.</summary>
internal static class TfLiteImporter
{
    private static readonly IReadOnlyDictionary<string, Action<TfLiteNode>> Operators =
        OperatorRegistry.Find<TfLiteOperatorAttribute, string, TfLiteNode>(a => a.Key);

    /// <summary>Names of all operators, for the table in the documentation.</summary>
    public static IEnumerable<string> SupportedOperators => Operators.Keys;

    /// <summary>Reads a model.</summary>
    /// <exception cref="ModelCompilationException">The file is malformed, or an operator is not supported.</exception>
    public static ModelGraph Import(ReadOnlyMemory<byte> bytes, InputShapes shapes)
    {
        var graph = new GraphEditor();
        return new TfLiteSubgraphReader(TfLiteReader.Read(bytes), 0, graph, new TfLiteState(graph), Operators).ReadModel(shapes);
    }
}
