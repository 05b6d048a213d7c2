using System.Reflection;
using CsCheck;
using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Tests;

/// <summary>Random plans: they make no sense as networks, but use every kernel and every form a value may take.</summary>
internal static class PlanGenerator
{
    /// <summary>All kernels.</summary>
    public static readonly Type[] Kernels = [.. typeof(Kernel).Assembly.GetTypes().Where(t => !t.IsAbstract && typeof(Kernel).IsAssignableFrom(t))
        .OrderBy(t => t.Name, StringComparer.Ordinal)];

    // Names come from models, so anything may stand in them.
    private static readonly Gen<string> Names = Gen.OneOf<string>(Gen.String,
        Gen.OneOf("", "\"", "a \"b\" c", "\\", "\\n", "a\nb", "a\r\nb", "\r", "\t", " x=1 ", "% $ @ [1,2", "größe", "入力", "😀", "\u2028", "-"));

    private static readonly Gen<string> Identifiers = Gen.OneOf("Model", "Digits", "_x1", "Größe");

    private static readonly Gen<ElementType> ElementTypes = Gen.Enum<ElementType>();

    private static readonly Gen<int> Ints = Gen.OneOf(Gen.Int, Gen.OneOf(0, -1, int.MinValue, int.MaxValue));

    private static readonly Gen<float> Floats = Gen.OneOf(Gen.Float,
        Gen.OneOf(0f, -0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, float.MaxValue, 0.1f));

    private static readonly Gen<TensorRef> Tensors = Gen.Int[-1, 1000].Select(i => i < 0 ? TensorRef.None : new TensorRef(i));

    private static readonly Dictionary<Type, Gen<object>> Values = new()
    {
        [typeof(int)] = Ints.Select(v => (object)v),
        [typeof(long)] = Gen.OneOf(Gen.Long, Gen.OneOf(long.MinValue, long.MaxValue)).Select(v => (object)v),
        [typeof(float)] = Floats.Select(v => (object)v),
        [typeof(bool)] = Gen.Bool.Select(v => (object)v),
        [typeof(TensorRef)] = Tensors.Select(v => (object)v),
        [typeof(DataRef)] = Gen.OneOf(Gen.Const(DataRef.None), Identifiers.Select(n => new DataRef(n))).Select(v => (object)v),
        [typeof(WeightsRef)] = Gen.OneOf(Gen.Select(Gen.Int.NonNegative, Gen.Int.NonNegative)
            .Select((offset, length) => (object)new WeightsRef(offset, length)), Gen.Int[0, 1000].Select(i => (object)new WeightsRef(new TensorRef(i)))),
        [typeof(EquatableArray<int>)] = Ints.Array[0, 5].Select(v => (object)v.ToEquatableArray()),
        [typeof(string)] = Identifiers.Select(n => (object)("Class." + n)),
        [typeof(EquatableArray<string>)] = Gen.OneOf(Identifiers,
            Gen.OneOf("float", "AddFunction<float>", "ConvertNumberFunction<float,int>", "-1.5f", "12L", "true")).Array[0, 4].Select(v =>
                (object)v.ToEquatableArray()),
        [typeof(EquatableArray<DataRef>)] = Gen.OneOf(Gen.Const(DataRef.None), Identifiers.Select(n => new DataRef(n))).Array[0, 4]
        .Select(v => (object)v.ToEquatableArray()),
        [typeof(EquatableArray<TensorRef>)] = Tensors.Array[0, 5].Select(v => (object)v.ToEquatableArray()),
    };

    /// <summary>Random kernels of one type.</summary>
    public static Gen<Kernel> Kernel(Type type) => Record(type).Select(r => (Kernel)r);

    private static Gen<object> Record(Type type)
    {
        ConstructorInfo constructor = type.GetConstructors().MaxBy(c => c.GetParameters().Length)!;
        Gen<object>[] arguments = [.. constructor.GetParameters().Select(p => Value(p.ParameterType))];
        return Sequence(arguments).Select(constructor.Invoke);
    }

    /// <summary>Random plans.</summary>
    public static Gen<ModelPlan> Plans =>
        from texts in Names.Array[4]
        from identifiers in Identifiers.Array[2]
        from notes in Names.Array[0, 3]
        from bytes in Gen.Byte.Array[0, 300]
        from inAssembly in Gen.Bool
        from selfTest in Gen.OneOf(Gen.ULong, Gen.Const(0UL))
        from arena in Gen.Int.NonNegative.Select(i => 3L * i)
        from tensors in Tensor.Array[0, 4]
        from inputs in Edge.Array[0, 3]
        from outputs in Edge.Array[0, 3]
        from data in Table.Array[0, 3]
        from steps in Gen.Select(Names, Gen.Int[0, Kernels.Length - 1].SelectMany(i => Kernel(Kernels[i])))
            .Select((name, kernel) => new StepPlan(name, kernel)).Array[0, 6]
        select new ModelPlan
        {
            ModelFile = texts[0],
            ModelSha256 = "00ff",
            ClassName = identifiers[0],
            Namespace = identifiers[0] + "." + identifiers[1],
            Accessibility = "internal",
            Target = "x64-v3",
            Options = texts[1],
            Notes = notes.ToEquatableArray(),
            SelfTestHash = selfTest,
            ArenaBytes = arena,
            Weights = inAssembly ? new WeightStorage { Bytes = bytes.Length, Assembly = identifiers[1] + ".Weights", ContentId = selfTest }
            : new WeightStorage { Bytes = bytes.Length, Inline = bytes.ToEquatableArray() },
            Tensors = tensors.ToEquatableArray(),
            Inputs = inputs.ToEquatableArray(),
            Outputs = outputs.ToEquatableArray(),
            Data = data.ToEquatableArray(),
            Steps = steps.ToEquatableArray(),
        };

    private static Gen<EdgePlan> Edge => Gen.Select(Names, Gen.Int[0, 9]).Select((name, tensor) => new EdgePlan(name, new TensorRef(tensor)));

    private static Gen<TensorPlan> Tensor =>
        from id in Gen.Int[0, 1000]
        from name in Names
        from type in ElementTypes
        from shape in Ints.Array[0, 4]
        from scale in Floats
        from zero in Ints
        from offset in Gen.Int.NonNegative.Select(i => 3L * i)
        from constant in Gen.Bool
        select new TensorPlan(id, name, type, shape.ToEquatableArray(), scale == 0 ? 0 : scale, scale == 0 ? 0 : zero, offset, constant);

    private static Gen<DataTable> Table => Gen.OneOf(
        Gen.Select(Identifiers, Floats.Array[0, 5]).Select((name, values) =>
            new DataTable(name, ElementType.Float32, values.Select(v => (double)v).ToEquatableArray())),
        Gen.Select(Identifiers, Ints.Array[0, 5]).Select((name, values) =>
            new DataTable(name, ElementType.Int32, values.Select(v => (double)v).ToEquatableArray())));

    private static Gen<object> Value(Type type)
    {
        if (type.IsEnum) return Gen.Int[0, Enum.GetValues(type).Length - 1].Select(i => Enum.GetValues(type).GetValue(i)!);
        if (typeof(IPlanPart).IsAssignableFrom(type)) return Record(type);
        return Values.TryGetValue(type, out Gen<object>? gen) ? gen : throw new InvalidOperationException($"There is no generator for {type}.");
    }

    private static Gen<object[]> Sequence(Gen<object>[] parts) =>
        parts.Aggregate(Gen.Const(Array.Empty<object>()), (all, next) => Gen.Select(all, next).Select((values, value) => (object[])[.. values, value]));
}
