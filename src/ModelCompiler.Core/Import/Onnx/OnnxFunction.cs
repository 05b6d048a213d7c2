using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>Prepares nodes of model-local functions for a call.</summary>
internal static class OnnxFunction
{
    /// <summary>The node with attributes of the call in place of references to them, and with inputs that the call leaves out as absent.</summary>
    /// <param name="node">A node of the function's body.</param>
    /// <param name="attributes">Attributes of the call, defaults included.</param>
    /// <param name="isKnown">True for names that have a value.</param>
    public static NodeProto Bind(NodeProto node, IReadOnlyDictionary<string, AttributeProto> attributes, Func<string, bool> isKnown)
    {
        NodeProto result = Bind(node, attributes);
        for (int i = 0; i < result.Input.Count; i++)
        {
            if (!isKnown(result.Input[i])) result.Input[i] = "";
        }

        return result;
    }

    private static NodeProto Bind(NodeProto node, IReadOnlyDictionary<string, AttributeProto> attributes)
    {
        NodeProto result = node.Clone();
        result.Attribute.Clear();
        foreach (AttributeProto attribute in node.Attribute)
        {
            if (attribute.RefAttrName.Length == 0)
            {
                AttributeProto own = attribute.Clone();
                if (own.G is not null)
                {
                    NodeProto[] nodes = [.. own.G.Node.Select(n => Bind(n, attributes))];
                    own.G.Node.Clear();
                    own.G.Node.AddRange(nodes);
                }

                result.Attribute.Add(own);
            }
            else if (attributes.TryGetValue(attribute.RefAttrName, out AttributeProto? given))
            {
                AttributeProto named = given.Clone();
                named.Name = attribute.Name;
                result.Attribute.Add(named);
            }
        }

        return result;
    }
}
