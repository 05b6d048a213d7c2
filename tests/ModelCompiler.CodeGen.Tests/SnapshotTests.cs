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
    public void Code(string network, string target) =>
        Snapshot.Verify(SnapshotHelpers.LeaveOut(ModelEmitter.Emit(SmallNetworks.Plan(network, target))), "cs", $"{network}_{target}");

    [Fact]
    public void Helpers() => Snapshot.Verify(string.Join("\n", Networks.Select(n =>
        $"{n.Network}, {n.Target}\n{SnapshotHelpers.Members(ModelEmitter.Emit(SmallNetworks.Plan(n.Network, n.Target)))}")), "txt");

    private static readonly (string Network, string Target)[] Networks =
        [("integers", "x64-v3"), ("integers", "portable"), ("integers", "scalar"), ("fixed_point", "x64-v3"), ("floats", "x64-v3")];
}
