using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Tests;

/// <summary>What users and their diffs get to see.</summary>
public class SnapshotTests
{
    [Theory]
    [InlineData("integers")]
    [InlineData("floats")]
    public void Plan(string network) => Snapshot.Verify(PlanText.Write(SmallNetworks.Plan(network, "portable")), "txt", network);

    [Theory]
    [InlineData("integers", "x64-v3")]
    [InlineData("integers", "portable")]
    [InlineData("integers", "scalar")]
    [InlineData("fixed_point", "x64-v3")]
    [InlineData("floats", "x64-v3")]
    [InlineData("weights_assembly", "x64-v3")]
    public void Code(string network, string target) => Snapshot.Verify(ModelEmitter.Emit(SmallNetworks.Plan(network, target)), "cs", $"{network}_{target}");
}
