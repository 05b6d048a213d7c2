using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Operators;

/// <summary>Conversions between element types. Types that C# lacks are kept in wider ones and rounded to what they can hold.</summary>
internal static class Cast
{
    [OnnxOperator("Cast")]
    internal static void FromOnnx(OnnxNode node) => Emit(node, node.TypeAttribute("to", DataType.Float));

    [OnnxOperator("CastLike")]
    internal static void LikeFromOnnx(OnnxNode node)
    {
        DataType type = node.NarrowType(1);
        Emit(node, type != DataType.Undefined ? type : TypeOf(node.Value(1).Type));
    }

    [OnnxOperator("BitCast")]
    internal static void BitCastFromOnnx(OnnxNode node)
    {
        DataType to = node.TypeAttribute("to", DataType.Undefined);
        ElementType type = node.StoredType(to);
        if (OnnxTensorReader.IsNarrow(to) || node.NarrowType(0) != DataType.Undefined)
            throw node.Unsupported("The bits of types below 8 bits and of narrow floats are not kept.", "Use types that C# has.");
        if (type.Size() != node.Value(0).Type.Size()) throw node.Unsupported($"Bits of {node.Value(0).Type} cannot become {type}.", "Use types of one size.");
        node.Emit(new BitCast(type), node.Input(0));
    }

    private static void Emit(OnnxNode node, DataType to)
    {
        if (to == DataType.String) throw new ModelCompilationException("MC2003", "Text is not supported.", "Leave conversions to text to the program.");
        bool saturate = node.Int("saturate", 1) != 0;
        int direction = node.Text("round_mode", "up") switch { "up" => 1, "down" => -1, _ => 0 };
        node.Bind(0, Convert(node, node.Value(0), to, saturate, direction));
        if (OnnxTensorReader.IsNarrow(to)) node.DeclareType(0, to);
        else node.DeclareType(0, DataType.Undefined);
    }

    /// <summary>A value converted to a type of the file.</summary>
    public static Value Convert(OnnxNode node, Value x, DataType to, bool saturate = true, int direction = 1)
    {
        if (NarrowFloat.Find(to) is { } format)
        {
            Value real = To(node, x, ElementType.Float32);
            return Named(node, Round.To(format, saturate, direction), real);
        }

        ElementType type = node.StoredType(to);
        int bits = to switch { DataType.Int4 or DataType.Uint4 => 4, DataType.Int2 or DataType.Uint2 => 2, _ => 0 };
        if (bits == 0) return x.Type == type ? Named(node, new Reshape(x.Shape), x) : To(node, x, type, last: true);
        if (x.Type == ElementType.Bool) x = To(node, x, ElementType.Int8);
        return Named(node, new Elementwise("KeepBits", ElementKind.Number, type, bits, type == ElementType.Int8 ? 1 : 0), x);
    }

    /// <summary>A value converted to an element type.</summary>
    public static Value To(OnnxNode node, Value x, ElementType type, bool last = false)
    {
        if (x.Type == type) return x;
        Elementwise op = type == ElementType.Bool ? new("ToBool", ElementKind.Number, type)
            : x.Type == ElementType.Bool ? new("FromBool", ElementKind.Bool, type)
            : new("Convert", ElementKind.Number, type);
        return last ? Named(node, op, x) : node.Add("converted", op, x.Id);
    }

    /// <summary>The type of the file that an element type is written as.</summary>
    public static DataType TypeOf(ElementType type) => type switch
    {
        ElementType.Float32 => DataType.Float,
        ElementType.Float16 => DataType.Float16,
        ElementType.Float64 => DataType.Double,
        ElementType.Int8 => DataType.Int8,
        ElementType.UInt8 => DataType.Uint8,
        ElementType.Int16 => DataType.Int16,
        ElementType.UInt16 => DataType.Uint16,
        ElementType.Int32 => DataType.Int32,
        ElementType.UInt32 => DataType.Uint32,
        ElementType.Int64 => DataType.Int64,
        ElementType.UInt64 => DataType.Uint64,
        _ => DataType.Bool,
    };

    private static Value Named(OnnxNode node, Operator op, Value x) => node.Graph.Add(node.OutputName(0), node.Origin, op, [x.Id]);
}
