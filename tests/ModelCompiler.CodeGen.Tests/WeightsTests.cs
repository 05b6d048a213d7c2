using System.Reflection;
using System.Runtime.Loader;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.CodeGen.Tests;

/// <summary>A class and its weights assembly are two files, which people copy.</summary>
public class WeightsTests
{
    [Fact]
    public void A_class_works_with_its_own_weights()
    {
        (ModelPlan plan, byte[] weights) = SmallNetworks.Compile("weights_assembly", "scalar");
        Create(plan, weights);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(-1)]
    public void Other_weights_under_the_name_are_an_exception(int length)
    {
        (ModelPlan plan, byte[] weights) = SmallNetworks.Compile("weights_assembly", "scalar");
        byte[] other = length < 0 ? [.. weights] : weights[..length];
        if (length < 0) other[^1] ^= 1;
        var thrown = Assert.Throws<TargetInvocationException>(() => Create(plan, other));
        var error = Assert.IsType<InvalidOperationException>(thrown.InnerException);
        Assert.Contains(plan.Weights.Assembly, error.Message, StringComparison.Ordinal);
        Assert.Contains(plan.ClassName, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Models_of_one_class_name_have_weights_assemblies_of_two_names()
    {
        (ModelPlan plan, byte[] weights) = SmallNetworks.Compile("weights_assembly", "scalar");
        byte[] other = [.. weights];
        other[0] ^= 1;
        Assert.Equal(WeightStorage.AssemblyName(plan.Namespace, plan.ClassName, WeightsAssembly.ContentId(weights)), plan.Weights.Assembly);
        Assert.NotEqual(WeightsAssembly.ContentId(weights), WeightsAssembly.ContentId(other));
    }

    private static void Create(ModelPlan plan, byte[] weights)
    {
        byte[] image = WeightsAssembly.Write(plan.Weights.Assembly, WeightStorage.TypeNamespace, plan.Weights.TypeName, weights);
        var context = new AssemblyLoadContext(null, isCollectible: true);
        context.Resolving += (c, name) => name.Name == plan.Weights.Assembly ? c.LoadFromStream(new MemoryStream(image)) : null;
        try
        {
            Type type = context.LoadFromStream(new MemoryStream(GeneratedCode.Compile(plan)))
                .GetType($"{plan.Namespace}.{plan.ClassName}", throwOnError: true)!;
            ((IDisposable)Activator.CreateInstance(type)!).Dispose();
        }
        finally
        {
            context.Unload();
        }
    }
}
