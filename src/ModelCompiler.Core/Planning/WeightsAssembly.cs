using System.Buffers.Binary;
using System.Globalization;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Security.Cryptography;
using System.Text;

namespace ModelCompiler.Core.Planning;

/// <summary>
/// Writes an assembly that holds the weights and nothing else. Compilers and linkers pass such an assembly on without looking at the data,
/// and the program reads it in place: no copy, aligned to 64 bytes.
/// </summary>
internal static class WeightsAssembly
{
    /// <summary>Alignment of the data in memory.</summary>
    public const int Alignment = 64;

    /// <summary>Name of the property that gives the data.</summary>
    public const string PropertyName = "Data";

    /// <summary>Name of the property that gives <see cref="ContentId"/> of the data.</summary>
    public const string ContentIdName = "ContentId";

    private static readonly byte[] PublicKeyToken = [0xb0, 0x3f, 0x5f, 0x7f, 0x11, 0xd5, 0x0a, 0x3a];

    /// <summary>Tells the data from other data: the first 64 bits of its SHA-256, never 0.</summary>
    public static ulong ContentId(ReadOnlySpan<byte> data) => Math.Max(1, BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(data)));

    /// <summary>
    /// Writes <c>public static class</c> <paramref name="typeName"/> with the properties <c>public static ReadOnlySpan&lt;byte&gt; Data</c> and
    /// <c>public static ulong ContentId</c>.
    /// The same arguments give the same bytes.
    /// </summary>
    /// <param name="assemblyName">Name of the assembly, without extension.</param>
    /// <param name="namespace">Namespace of the class; may be empty.</param>
    /// <param name="typeName">Name of the class.</param>
    /// <param name="data">The weights.</param>
    public static byte[] Write(string assemblyName, string @namespace, string typeName, ReadOnlySpan<byte> data)
    {
        BlobContentId id = Identify(assemblyName, @namespace, typeName, data);

        // Where the data lands depends on the size of the metadata, which does not depend on the data: lay out once without data,
        // then again with the gap known.
        ulong contentId = ContentId(data);
        int start = DataAddress(Serialize(Metadata(assemblyName, @namespace, typeName, data.Length, contentId, 0, id), Content(0, default), id));
        int gap = -start & (Alignment - 1);
        BlobBuilder content = Content(gap, data);
        return Serialize(Metadata(assemblyName, @namespace, typeName, data.Length, contentId, gap, id), content, id).ToArray();
    }

    private static BlobContentId Identify(string assemblyName, string @namespace, string typeName, ReadOnlySpan<byte> data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{assemblyName}\0{@namespace}\0{typeName}\0{data.Length}\0")));
        hash.AppendData(data);
        return BlobContentId.FromHash(hash.GetHashAndReset());
    }

    private static (MetadataBuilder Tables, BlobBuilder Code) Metadata(string assemblyName, string @namespace, string typeName, int length, ulong contentId,
        int gap, BlobContentId id)
    {
        var tables = new MetadataBuilder();
        tables.AddModule(0, tables.GetOrAddString(assemblyName + ".dll"), tables.GetOrAddGuid(id.Guid), default, default);
        tables.AddAssembly(tables.GetOrAddString(assemblyName), new Version(1, 0, 0, 0), default, default, 0, AssemblyHashAlgorithm.None);
        // The oldest version that has everything used here, so that every later one fits.
        AssemblyReferenceHandle runtime = tables.AddAssemblyReference(
            tables.GetOrAddString("System.Runtime"), new Version(8, 0, 0, 0), default, tables.GetOrAddBlob(PublicKeyToken), default, default);
        StringHandle system = tables.GetOrAddString("System");
        TypeReferenceHandle objectType = tables.AddTypeReference(runtime, system, tables.GetOrAddString("Object"));
        TypeReferenceHandle valueType = tables.AddTypeReference(runtime, system, tables.GetOrAddString("ValueType"));
        TypeReferenceHandle span = tables.AddTypeReference(runtime, system, tables.GetOrAddString("ReadOnlySpan`1"));
        TypeSpecificationHandle byteSpan = tables.AddTypeSpecification(Blob(tables, b => ByteSpan(b.TypeSpecificationSignature(), span)));
        MemberReferenceHandle constructor = tables.AddMemberReference(byteSpan, tables.GetOrAddString(".ctor"),
            Blob(tables, b => b.MethodSignature(isInstanceMethod: true).Parameters(2, r => r.Void(), p =>
        {
            p.AddParameter().Type().VoidPointer();
            p.AddParameter().Type().Int32();
        })));

        // The rows of the tables in order: <Module> owns nothing, the class owns the field and the getters, the data's type owns nothing.
        FieldDefinitionHandle field = MetadataTokens.FieldDefinitionHandle(1);
        var code = new BlobBuilder();
        var bodies = new MethodBodyStreamEncoder(code);
        MethodDefinitionHandle getter = tables.AddMethodDefinition(
            MethodAttributes.Public | MethodAttributes.Static | MethodAttributes.HideBySig | MethodAttributes.SpecialName,
            MethodImplAttributes.IL,
            tables.GetOrAddString("get_" + PropertyName),
            Blob(tables, b => b.MethodSignature().Parameters(0, r => ByteSpan(r.Type(), span), _ => { })),
            AddGetter(bodies, field, length, constructor),
            default);
        MethodDefinitionHandle identity = tables.AddMethodDefinition(
            MethodAttributes.Public | MethodAttributes.Static | MethodAttributes.HideBySig | MethodAttributes.SpecialName,
            MethodImplAttributes.IL,
            tables.GetOrAddString("get_" + ContentIdName),
            Blob(tables, b => b.MethodSignature().Parameters(0, r => r.Type().UInt64(), _ => { })),
            AddConstant(bodies, contentId),
            default);
        tables.AddTypeDefinition(default, default, tables.GetOrAddString("<Module>"), default, field, getter);
        TypeDefinitionHandle holder = tables.AddTypeDefinition(
            TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed | TypeAttributes.BeforeFieldInit,
            @namespace.Length == 0 ? default : tables.GetOrAddString(@namespace),
            tables.GetOrAddString(typeName),
            objectType,
            field,
            getter);
        TypeDefinitionHandle content = tables.AddTypeDefinition(
            TypeAttributes.NotPublic | TypeAttributes.Sealed | TypeAttributes.ExplicitLayout,
            default,
            tables.GetOrAddString("<Data>"),
            valueType,
            MetadataTokens.FieldDefinitionHandle(2),
            MetadataTokens.MethodDefinitionHandle(3));
        // Linkers take the packing size as the alignment of the data. A type has at least one byte.
        tables.AddTypeLayout(content, Alignment, (uint)Math.Max(length, 1));
        tables.AddFieldDefinition(
            FieldAttributes.Assembly | FieldAttributes.Static | FieldAttributes.HasFieldRVA | FieldAttributes.InitOnly,
            tables.GetOrAddString("_data"),
            Blob(tables, b => b.FieldSignature().Type(content, isValueType: true)));
        tables.AddFieldRelativeVirtualAddress(field, gap);
        PropertyDefinitionHandle property = tables.AddProperty(
            PropertyAttributes.None,
            tables.GetOrAddString(PropertyName),
            Blob(tables, b => b.PropertySignature().Parameters(0, r => ByteSpan(r.Type(), span), _ => { })));
        PropertyDefinitionHandle identityProperty = tables.AddProperty(
            PropertyAttributes.None, tables.GetOrAddString(ContentIdName),
            Blob(tables, b => b.PropertySignature().Parameters(0, r => r.Type().UInt64(), _ => { })));
        tables.AddPropertyMap(holder, property);
        tables.AddMethodSemantics(property, MethodSemanticsAttributes.Getter, getter);
        tables.AddMethodSemantics(identityProperty, MethodSemanticsAttributes.Getter, identity);
        return (tables, code);
    }

    /// <summary><c>return new ReadOnlySpan&lt;byte&gt;(&amp;field, length);</c></summary>
    private static int AddGetter(MethodBodyStreamEncoder bodies, FieldDefinitionHandle field, int length, MemberReferenceHandle constructor)
    {
        var body = new InstructionEncoder(new BlobBuilder());
        body.OpCode(ILOpCode.Ldsflda);
        body.Token(field);
        body.OpCode(ILOpCode.Ldc_i4);
        body.CodeBuilder.WriteInt32(length);
        body.OpCode(ILOpCode.Newobj);
        body.Token(constructor);
        body.OpCode(ILOpCode.Ret);
        return bodies.AddMethodBody(body);
    }

    /// <summary><c>return value;</c></summary>
    private static int AddConstant(MethodBodyStreamEncoder bodies, ulong value)
    {
        var body = new InstructionEncoder(new BlobBuilder());
        body.LoadConstantI8(unchecked((long)value));
        body.OpCode(ILOpCode.Ret);
        return bodies.AddMethodBody(body);
    }

    private static void ByteSpan(SignatureTypeEncoder type, TypeReferenceHandle span) =>
        type.GenericInstantiation(span, genericArgumentCount: 1, isValueType: true).AddArgument().Byte();

    private static BlobHandle Blob(MetadataBuilder tables, Action<BlobEncoder> encode)
    {
        var builder = new BlobBuilder();
        encode(new BlobEncoder(builder));
        return tables.GetOrAddBlob(builder);
    }

    private static BlobBuilder Serialize((MetadataBuilder Tables, BlobBuilder Code) metadata, BlobBuilder content, BlobContentId id)
    {
        var image = new BlobBuilder();
        new ManagedPEBuilder(
            new PEHeaderBuilder(imageCharacteristics: Characteristics.Dll | Characteristics.ExecutableImage),
            new MetadataRootBuilder(metadata.Tables),
            metadata.Code,
            mappedFieldData: content,
            flags: CorFlags.ILOnly,
            deterministicIdProvider: _ => id).Serialize(image);
        return image;
    }

    private static int DataAddress(BlobBuilder image)
    {
        using var reader = new PEReader(image.ToImmutableArray());
        return reader.GetMetadataReader().GetFieldDefinition(MetadataTokens.FieldDefinitionHandle(1)).GetRelativeVirtualAddress();
    }

    private static unsafe BlobBuilder Content(int gap, ReadOnlySpan<byte> data)
    {
        // At least one byte follows the gap, or the address of the field would lie outside the image.
        int length = Math.Max(data.Length, 1);
        var content = new BlobBuilder(gap + length);
        content.WriteBytes(0, gap);
        if (data.IsEmpty) content.WriteBytes(0, length);
        fixed (byte* start = data)
        {
            if (!data.IsEmpty) content.WriteBytes(start, data.Length);
        }

        return content;
    }
}
