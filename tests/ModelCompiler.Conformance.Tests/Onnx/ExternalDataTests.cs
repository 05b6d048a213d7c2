using System.Security.Cryptography;
using Google.Protobuf;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>Elements of tensors in files beside the model.</summary>
public sealed class ExternalDataTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("external-data-");

    private string Model => Path.Combine(_folder.FullName, "net.onnx");

    [Fact]
    public void Every_tensor_may_lie_in_another_file()
    {
        byte[] inside = Network().Write();
        OnnxGraph graph = Network();
        List<byte> data = [1, 2, 3];
        foreach (TensorProto tensor in Tensors(graph.Model.Graph)) Move(tensor, data, "net.onnx.data");
        File.WriteAllBytes(Path.Combine(_folder.FullName, "net.onnx.data"), [.. data]);
        CompilationResult expected = ModelCompilation.Run(new CompilationInput("net.onnx", inside, new CompilationOptions()));
        CompilationResult actual = Compile(graph.Write());
        Assert.True(actual.Success, string.Join("\n", actual.Diagnostics));
        Assert.Equal(expected.Weights.ToArray(), actual.Weights.ToArray());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData([.. graph.Write(), .. data])), actual.Plan!.ModelSha256);
        Assert.Equal(expected.Plan! with { ModelSha256 = "" }, actual.Plan with { ModelSha256 = "" });
    }

    [Fact]
    public void Files_below_the_folder_are_read_and_length_may_be_left_out()
    {
        OnnxGraph graph = Network();
        TensorProto weights = graph.Model.Graph.Initializer[0];
        _folder.CreateSubdirectory("weights");
        File.WriteAllBytes(Path.Combine(_folder.FullName, "weights", "w.bin"), weights.RawData.ToByteArray());
        Refer(weights, ("location", "./weights//w.bin"));
        var folder = new ModelFolder(Model);
        CompilationResult result = ModelCompilation.Run(new CompilationInput(Model, graph.Write(), new CompilationOptions()) { ExternalData = folder.Read });
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        Assert.Equal([Path.Combine(_folder.FullName, "weights", "w.bin")], folder.Files);
    }

    [Theory]
    [InlineData("there is no such file", "other.data")]
    [InlineData("the path leads out of the model's folder", "../secret")]
    [InlineData("the path leads out of the model's folder", "a/../../secret")]
    [InlineData("the path is not one of a file below the model's folder", "/etc/passwd")]
    [InlineData("the path is not one of a file below the model's folder", "C:/secret")]
    [InlineData("the path is not one of a file below the model's folder", "..\\secret")]
    [InlineData("the path is not one of a file below the model's folder", "")]
    [InlineData("it is a folder", "sub")]
    [InlineData("it is a link that leads out of the model's folder", "link")]
    [InlineData("it is a link that leads out of the model's folder", "linked/secret")]
    [InlineData("its offset is '-4'", "w.bin", "offset", "-4")]
    [InlineData("its length is '-48'", "w.bin", "length", "-48")]
    [InlineData("its offset is '99999999999999999999'", "w.bin", "offset", "99999999999999999999")]
    [InlineData("the elements should begin at byte 1000, but the file has 48 bytes", "w.bin", "offset", "1000")]
    [InlineData("48 bytes should lie at byte 4, but the file ends after 48", "w.bin", "offset", "4")]
    [InlineData("9223372036854775807 bytes should lie at byte 0, but the file ends after 48", "w.bin", "length", "9223372036854775807")]
    [InlineData("Float of shape [3, 4] takes 48 bytes, but 44 are given", "w.bin", "length", "44")]
    public void What_cannot_be_used_is_refused(string reason, string location, string? key = null, string? value = null)
    {
        string outside = _folder.FullName + "-outside";
        Directory.CreateDirectory(outside);
        try
        {
            File.WriteAllBytes(Path.Combine(outside, "secret"), new byte[48]);
            File.CreateSymbolicLink(Path.Combine(_folder.FullName, "link"), Path.Combine(outside, "secret"));
            File.CreateSymbolicLink(Path.Combine(_folder.FullName, "linked"), outside);
            _folder.CreateSubdirectory("sub");
            File.WriteAllBytes(Path.Combine(_folder.FullName, "w.bin"), new byte[48]);
            OnnxGraph graph = Network();
            TensorProto weights = graph.Model.Graph.Initializer[0];
            if (key is null) Refer(weights, ("location", location));
            else Refer(weights, ("location", location), (key, value!));
            Diagnostic error = Assert.Single(Compile(graph.Write()).Diagnostics);
            Assert.Equal("MC1004", error.Code);
            Assert.Equal($"The elements of tensor '{weights.Name}' lie in another file ('{location}'), which cannot be used: {reason}.", error.Reason);
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }

    [Fact]
    public void A_link_within_the_folder_is_followed()
    {
        OnnxGraph graph = Network();
        TensorProto weights = graph.Model.Graph.Initializer[0];
        File.WriteAllBytes(Path.Combine(_folder.FullName, "w.bin"), weights.RawData.ToByteArray());
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "link"), "w.bin");
        Refer(weights, ("location", "link"));
        Assert.True(Compile(graph.Write()).Success);
    }

    [Fact]
    public void Without_a_folder_the_file_is_named()
    {
        OnnxGraph graph = Network();
        Refer(graph.Model.Graph.Initializer[0], ("location", "w.bin"));
        Diagnostic error = Assert.Single(ModelCompilation.Run(new CompilationInput("net.onnx", graph.Write(), new CompilationOptions())).Diagnostics);
        Assert.Equal("MC1004", error.Code);
        Assert.Contains("'w.bin'", error.Reason, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private CompilationResult Compile(byte[] model) => ModelCompilation.Run(new CompilationInput(Model, model,
        new CompilationOptions()) { ExternalData = new ModelFolder(Model).Read });

    // A constant of every kind: initializer, attribute, in a branch, sparse.
    private static OnnxGraph Network()
    {
        var graph = new OnnxGraph(1);
        string y = graph.Apply("MatMul", [graph.Input(2, 3), graph.Weights(3, 4)]);
        string constant = graph.Apply("Constant", []);
        graph.Model.Graph.Node[^1].Attribute.Add(new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = Floats("", 4) });
        y = graph.Apply("Add", [y, constant]);
        var sparse = new SparseTensorProto { Values = Floats("sparse", 2),
            Indices = new TensorProto { DataType = (int)TensorProto.Types.DataType.Int64, Dims = { 2 },
                RawData = ByteString.CopyFrom([0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]) }, Dims = { 4 } };
        graph.Model.Graph.SparseInitializer.Add(sparse);
        y = graph.Apply("Mul", [y, "sparse"]);
        var branch = new GraphProto { Name = "branch", Initializer = { Floats("inner", 4) },
            Node = { new NodeProto { OpType = "Add", Input = { y, "inner" }, Output = { "sum" } } }, Output = { new ValueInfoProto { Name = "sum" } } };
        string result = graph.Apply("If", [graph.Constant(TensorProto.Types.DataType.Bool, [], [true])]);
        foreach (string name in new[] { "then_branch", "else_branch" })
            graph.Model.Graph.Node[^1].Attribute.Add(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = branch.Clone() });
        return graph.Output(result);
    }

    private static TensorProto Floats(string name, int count)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)TensorProto.Types.DataType.Float, Dims = { count } };
        tensor.RawData = ByteString.CopyFrom([.. Enumerable.Range(1, count).SelectMany(i => BitConverter.GetBytes(i * 0.5f))]);
        return tensor;
    }

    private static IEnumerable<TensorProto> Tensors(GraphProto graph) => graph.Initializer
        .Concat(graph.SparseInitializer.SelectMany(s => new[] { s.Values, s.Indices }))
        .Concat(graph.Node.SelectMany(n => n.Attribute).SelectMany(a => a.T is not null ? [a.T] : a.G is not null ? Tensors(a.G) : []));

    private static void Move(TensorProto tensor, List<byte> data, string location)
    {
        (int offset, byte[] bytes) = (data.Count, tensor.RawData.ToByteArray());
        data.AddRange(bytes);
        Refer(tensor, ("location", location), ("offset", FormattableString.Invariant($"{offset}")), ("length", FormattableString.Invariant($"{bytes.Length}")));
    }

    private static void Refer(TensorProto tensor, params (string Key, string Value)[] entries)
    {
        tensor.RawData = ByteString.Empty;
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.AddRange(entries.Select(e => new StringStringEntryProto { Key = e.Key, Value = e.Value }));
    }
}
