using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.Onnx.Proto;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Tool.Conformance;

/// <summary>One data set of a test with the model compiled for it: open dimensions bound to its shapes and, where shapes depend on them,
/// inputs to its values.</summary>
internal sealed class ConformanceCase
{
    private const int MostAttempts = 8;
    private const string LengthSuffix = "_length";

    private readonly GraphProto _graph;
    private readonly ConformanceData _data;
    private readonly List<string> _constants = [];

    private ConformanceCase(string name, GraphProto graph, ConformanceData data) => (Name, _graph, _data) = (name, graph, data);

    /// <summary>Name of the test.</summary>
    public string Name { get; }

    /// <summary>What the compiler gave.</summary>
    public CompilationResult Compilation { get; private set; } = null!;

    /// <summary>The options that the model was compiled with.</summary>
    public CompilationOptions Options { get; private set; } = null!;

    /// <summary>Inputs that became constants.</summary>
    public IReadOnlyList<string> Constants => _constants;

    /// <summary>Reads and compiles every data set of a test.</summary>
    /// <param name="folder">Folder of the test.</param>
    /// <param name="number">A number that no other test has.</param>
    /// <param name="target">Target machine.</param>
    /// <exception cref="ModelCompilationException">The files cannot be read.</exception>
    public static IReadOnlyList<ConformanceCase> Load(string folder, int number, string target)
    {
        byte[] model = File.ReadAllBytes(Path.Combine(folder, "model.onnx"));
        GraphProto graph = OnnxFile.Parse(model).Graph;
        var cases = new List<ConformanceCase>();
        foreach (string set in Directory.EnumerateDirectories(folder, "test_data_set_*").Order(StringComparer.Ordinal))
        {
            var loaded = new ConformanceCase(Path.GetFileName(folder), graph, ConformanceData.Read(set, graph));
            loaded.Compile(model, new ModelFolder(Path.Combine(folder, "model.onnx")), FormattableString.Invariant($"Case{number}.Set{cases.Count}"), target);
            cases.Add(loaded);
        }

        return cases;
    }

    /// <summary>Runs an engine and compares.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Check(IEngine engine)
    {
        Dictionary<string, TensorData> given = [];
        for (int i = 0; i < _graph.Input.Count; i++)
        {
            for (int j = 0; j < _data.Inputs[i].Count; j++) given[NameOf(_graph.Input[i], j)] = _data.Inputs[i][j];
        }

        // Conversions at the edges may have become part of them: real numbers on one side, integers on the other.
        IReadOnlyList<TensorData> raw = engine.RunRaw([.. engine.Inputs.Select(e => e.Quantize(given[e.Name]))]);
        TensorData[] outputs = [.. engine.Outputs.Zip(raw,
            (e, data) => _graph.Output.Any(o => o.Name == e.Name && o.Type?.TensorType?.ElemType == (int)TensorProto.Types.DataType.Float) ? e.Dequantize(data)
            : data)];
        (string Name, TensorData Data)[] expected = [.. _graph.Output.SelectMany((o, i) => _data.Outputs[i].Select((d, j) => (NameOf(o, j), d)))];
        Dictionary<string, TensorData> actual = engine.Outputs.Zip(outputs).DistinctBy(o => o.First.Name).ToDictionary(o => o.First.Name, o => o.Second);
        int lengths = engine.Outputs.Count(o => o.Name.EndsWith(LengthSuffix, StringComparison.Ordinal) && actual.ContainsKey(o.Name[..^LengthSuffix.Length]));
        if (expected.Length + lengths != outputs.Length) return $"There are {outputs.Length - lengths} outputs instead of {expected.Length}.";
        return expected.Select(e => actual.TryGetValue(e.Name, out TensorData? data)
            ? Tolerance.Compare(e.Name, e.Data, actual.TryGetValue(e.Name + LengthSuffix, out TensorData? length) ? Cut(data, e.Data.Shape, length.ToInt32(0))
                : data)
            : $"There is no output '{e.Name}'.").FirstOrDefault(problem => problem is not null);
    }

    // The first elements along the axis in which a tensor has more room than it needs.
    private static TensorData Cut(TensorData data, Shape wanted, int length)
    {
        int axis = Enumerable.Range(0, Math.Min(data.Shape.Rank, wanted.Rank)).FirstOrDefault(a => data.Shape[a] != wanted[a], -1);
        if (axis < 0 || length > data.Shape[axis]) return data;
        var result = new TensorData(data.Type, data.Shape.With(axis, length));
        int inner = data.Shape.ElementsBetween(axis + 1, data.Shape.Rank) * data.Type.Size();
        for (int outer = 0; outer < data.Shape.ElementsBetween(0, axis); outer++)
            data.Bytes.AsSpan(outer * data.Shape[axis] * inner, length * inner).CopyTo(result.Bytes.AsSpan(outer * length * inner));
        return result;
    }

    private void Compile(byte[] model, ModelFolder files, string @namespace, string target)
    {
        IEnumerable<string> absent = _graph.Input.Where((input, i) => _data.Inputs[i].Count == 0
            && (input.Type?.OptionalType is not null || input.Type?.SequenceType is not null)).Select(input => input.Name + ":none");
        string shapes = string.Join(";", absent.Concat(_graph.Input.SelectMany((input, i) => _data.Inputs[i].Select((d, j) => Shape(NameOf(input, j), d))
            .Where(_ => !IsFixed(input)))));
        Options = new CompilationOptions { ClassName = "Model", Namespace = @namespace, Target = target, InputShapes = shapes.Length > 0 ? shapes : null };
        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            string values = string.Join(";", _graph.Input.SelectMany((input, i) => _data.Inputs[i].Select((d, j) => (Name: NameOf(input, j), Data: d)))
                .Where(v => _constants.Contains(v.Name)).Select(v => InputValues.Format(v.Name, v.Data)));
            Options = Options with { InputValues = values.Length > 0 ? values : null };
            Compilation = ModelCompilation.Run(new CompilationInput(Name + ".onnx", model, Options) { ExternalData = files.Read });
            string[] needed = [.. Compilation.Diagnostics.SelectMany(d => d.NeededInputs).Except(_constants)];
            if (Compilation.Success || needed.Length == 0) return;
            _constants.AddRange(needed);
        }
    }

    private static string Shape(string name, TensorData data) => $"{name}:{string.Join("x", data.Shape.Select(d => d.ToString(CultureInfo.InvariantCulture)))}";

    private static bool IsFixed(ValueInfoProto input) => input.Type?.TensorType?.Shape is { } shape && shape.Dim.All(d => d.HasDimValue && d.DimValue > 0);

    private static string NameOf(ValueInfoProto value, int element) =>
        value.Type?.SequenceType is not null || value.Type?.OptionalType?.ElemType?.SequenceType is not null
        ? $"{value.Name}_{element.ToString(CultureInfo.InvariantCulture)}"
        : value.Name;
}
