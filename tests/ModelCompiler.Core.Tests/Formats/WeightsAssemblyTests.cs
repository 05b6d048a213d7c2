using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.Core.Tests.Formats;

public class WeightsAssemblyTests
{
    private delegate ReadOnlySpan<byte> Getter();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(4095)]
    [InlineData(3_000_001)]
    public void GivesTheDataInPlaceAndAligned(int length)
    {
        byte[] data = Data(length);
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.dll");
        var context = new AssemblyLoadContext(null, isCollectible: true);
        try
        {
            File.WriteAllBytes(path, WeightsAssembly.Write("Test.Weights", "My.App", "DigitsWeights", data));
            Type type = context.LoadFromAssemblyPath(path).GetType("My.App.DigitsWeights", throwOnError: true)!;
            Assert.True(type.IsPublic && type.IsAbstract && type.IsSealed);
            var getter = type.GetProperty(WeightsAssembly.PropertyName, BindingFlags.Public | BindingFlags.Static)!.GetMethod!.CreateDelegate<Getter>();
            Assert.True(getter().SequenceEqual(data));
            Assert.Equal(WeightsAssembly.ContentId(data), type.GetProperty(WeightsAssembly.ContentIdName)!.GetValue(null));
            Assert.Equal(0, Address(getter()) % WeightsAssembly.Alignment);
        }
        finally
        {
            context.Unload();
        }
    }

    [Fact]
    public void SameInputsSameBytes()
    {
        byte[] data = Data(1000);
        byte[] first = WeightsAssembly.Write("A", "N", "T", data);
        Assert.Equal(first, WeightsAssembly.Write("A", "N", "T", data));
        data[999] ^= 1;
        Assert.NotEqual(Mvid(first), Mvid(WeightsAssembly.Write("A", "N", "T", data)));
        data[999] ^= 1;
        Assert.NotEqual(Mvid(first), Mvid(WeightsAssembly.Write("B", "N", "T", data)));
    }

    [Fact]
    public void DependsOnSystemRuntime8Only()
    {
        using var image = new PEReader(new MemoryStream(WeightsAssembly.Write("A", "", "T", Data(10))));
        MetadataReader metadata = image.GetMetadataReader();
        AssemblyReference reference = metadata.GetAssemblyReference(Assert.Single(metadata.AssemblyReferences));
        Assert.Equal(("System.Runtime", new Version(8, 0, 0, 0)), (metadata.GetString(reference.Name), reference.Version));
    }

    private static byte[] Data(int length)
    {
        var data = new byte[length];
        new Random(length).NextBytes(data);
        return data;
    }

    private static Guid Mvid(byte[] assembly)
    {
        using var image = new PEReader(new MemoryStream(assembly));
        MetadataReader metadata = image.GetMetadataReader();
        return metadata.GetGuid(metadata.GetModuleDefinition().Mvid);
    }

    private static unsafe nint Address(ReadOnlySpan<byte> data) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(data));
}
