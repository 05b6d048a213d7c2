using Google.Protobuf;
using ModelCompiler.Core.Import.Onnx.Proto;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Conformance.Tests.Mutations;

/// <summary>Damages models, reproducibly: bytes of any file, and what the nodes, constants and declarations of ONNX files say.</summary>
internal static class ModelMutator
{
    private static readonly DataType[] Types = [.. Enum.GetValues<DataType>()];

    private static readonly long[] Numbers = [0, 1, -1, 2, 3, 7, 64, 255, 4096, 65537, 1 << 20, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue];

    /// <summary>A damaged copy of a file.</summary>
    public static byte[] Mutate(string name, byte[] model, Random random) =>
        name.EndsWith(".onnx", StringComparison.Ordinal) && random.Next(4) > 0 ? MutateGraph(model, random) : MutateBytes(model, random);

    // Bytes of the structure, not of the weights, matter: most changes fall into the first and last kilobytes.
    private static byte[] MutateBytes(byte[] model, Random random)
    {
        if (random.Next(20) == 0) return model[..random.Next(model.Length)];
        byte[] damaged = [.. model];
        for (int change = 1 + random.Next(3); change > 0; change--)
        {
            if (model.Length == 0) break;
            int at = random.Next(3) switch { 0 => random.Next(Math.Min(2048, model.Length)), 1 => model.Length - 1 - random.Next(Math.Min(2048, model.Length)),
                _ => random.Next(model.Length) };
            damaged[at] = random.Next(4) switch { 0 => (byte)random.Next(256), 1 => 0, 2 => (byte)(damaged[at] + random.Next(-2, 3)),
                _ => (byte)(damaged[at] ^ (1 << random.Next(8))) };
        }

        return damaged;
    }

    private static byte[] MutateGraph(byte[] bytes, Random random)
    {
        ModelProto model;
        try
        {
            model = ModelProto.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return MutateBytes(bytes, random);
        }

        if (model.Graph is not { } graph) return MutateBytes(bytes, random);
        for (int change = 1 + random.Next(2); change > 0; change--)
        {
            NodeProto? node = Any(graph.Node, random);
            switch (random.Next(12))
            {
                case 0 when node?.Input.Count > 0: node.Input.RemoveAt(random.Next(node.Input.Count)); break;
                case 1 when node?.Input.Count > 0: node.Input[random.Next(node.Input.Count)] = ""; break;
                case 2 when node?.Input.Count > 0: node.Input[random.Next(node.Input.Count)] = AnyName(graph, random); break;
                case 3 when node is not null: node.Input.Add(AnyName(graph, random)); break;
                case 4 when node is not null && Any(graph.Node, random) is { } other: (node.OpType, node.Domain) = (other.OpType, other.Domain); break;
                case 5 when node is not null && Any(node.Attribute, random) is { } attribute: Change(attribute, random); break;
                case 6 when node is not null && Any(node.Attribute, random) is { } attribute: node.Attribute.Remove(attribute); break;
                case 7 when Any(graph.Initializer, random) is { } tensor: tensor.DataType = (int)Types[random.Next(Types.Length)]; break;
                case 8 when Any(graph.Initializer, random) is { Dims.Count: > 0 } tensor: tensor.Dims[random.Next(tensor.Dims.Count)] = Number(random); break;
                case 9 when Any(graph.Initializer, random) is { RawData.Length: > 0 } tensor:
                    byte[] content = tensor.RawData.ToByteArray();
                    for (int i = 1 + random.Next(4); i > 0; i--) content[random.Next(content.Length)] = (byte)(random.Next(3) == 0 ? 0xff : random.Next(256));
                    tensor.RawData = ByteString.CopyFrom(content);
                    break;
                case 10 when Any(graph.Input, random) is { Type.TensorType: { } type }:
                    if (random.Next(2) == 0) type.ElemType = (int)Types[random.Next(Types.Length)];
                    else if (Any(type.Shape?.Dim ?? [], random) is { } dimension) dimension.DimValue = Number(random);
                    break;
                case 11 when model.OpsetImport.Count > 0: model.OpsetImport[random.Next(model.OpsetImport.Count)].Version = random.Next(0, 30); break;
            }
        }

        return model.ToByteArray();
    }

    private static void Change(AttributeProto attribute, Random random)
    {
        switch (attribute.Type)
        {
            case AttributeProto.Types.AttributeType.Int: attribute.I = Number(random); break;
            case AttributeProto.Types.AttributeType.Float: attribute.F =
                random.Next(5) switch { 0 => float.NaN, 1 => float.PositiveInfinity, 2 => 0, 3 => -1, _ => float.MaxValue }; break;
            case AttributeProto.Types.AttributeType.Ints when attribute.Ints.Count > 0:
                if (random.Next(3) == 0) attribute.Ints.RemoveAt(random.Next(attribute.Ints.Count));
                else attribute.Ints[random.Next(attribute.Ints.Count)] = Number(random);
                break;
            case AttributeProto.Types.AttributeType.String: attribute.S = ByteString.CopyFromUtf8(random.Next(2) == 0 ? "" : "SAME_LOWER"); break;
            default: attribute.Type = AttributeProto.Types.AttributeType.Int; break;
        }
    }

    private static long Number(Random random) => Numbers[random.Next(Numbers.Length)];

    private static string AnyName(GraphProto graph, Random random)
    {
        string[] names = [.. graph.Initializer.Select(t => t.Name), .. graph.Input.Select(i => i.Name), .. graph.Node.SelectMany(n => n.Output)];
        return names.Length == 0 ? "" : names[random.Next(names.Length)];
    }

    private static T? Any<T>(IList<T> items, Random random)
        where T : class => items.Count == 0 ? null : items[random.Next(items.Count)];
}
