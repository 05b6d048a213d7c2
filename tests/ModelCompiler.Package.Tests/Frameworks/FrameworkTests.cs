namespace ModelCompiler.Package.Tests.Frameworks;

/// <summary>Programs for every framework that is promised to work, with networks compiled for every target,
/// built without a warning and run on that framework.</summary>
[Collection(PackageCollection.Name)]
public class FrameworkTests(FrameworkRuns runs) : IClassFixture<FrameworkRuns>
{
    [Theory]
    [FrameworkData(8)]
    [FrameworkData(9)]
    [FrameworkData(10)]
    [FrameworkData(11)]
    public void A_network_passes_its_self_test_and_gives_the_same_bytes(int framework, string target)
    {
        FrameworkRun run = runs.On(framework);
        Assert.Equal($"framework {framework}", run.Framework);
        foreach (string name in FrameworkNetworks.All.Where(n => n.IsFor(target)).Select(n => $"{n.Name} {target}"))
        {
            Assert.DoesNotContain("another processor", run.Answers[name], StringComparison.Ordinal);

            // Output by output, first those for numbers that any type holds, last those for extremes.
            Assert.Equal(runs.On(FrameworkRuns.Own).Answers[name].Split(' '), run.Answers[name].Split(' '));
            Assert.DoesNotContain("the self-test fails", run.Answers[name], StringComparison.Ordinal);
        }
    }

    [Theory]
    [FrameworkData(11, Open = true)]
    public void A_network_for_what_only_newer_frameworks_reach_gives_the_same_bytes(int framework, string target)
    {
        FrameworkRun run = runs.On(framework);
        foreach (FrameworkNetwork network in FrameworkNetworks.All.Where(n => n.IsFor(target)))
        {
            string answer = run.Answers[$"{network.Name} {target}"];
            if (answer != "another processor") Assert.Equal(runs.On(FrameworkRuns.Own).Answers[$"{network.Name} {FrameworkProgram.Default}"], answer);
        }
    }

    [Theory]
    [NativeFrameworkData(11, "x64-v4-vnni")]
    [NativeFrameworkData(11, "x64-avxvnni")]
    public void A_native_program_with_dot_products_of_bytes_passes_its_self_test_and_gives_the_same_bytes(int framework, string target)
    {
        FrameworkRun run = runs.Native(framework, target);
        Assert.Equal($"framework {framework}", run.Framework);
        // The answer would also say that the self-test fails.
        Assert.Equal(runs.On(FrameworkRuns.Own).Answers[$"Layers {FrameworkProgram.Default}"], Assert.Single(run.Answers).Value);
    }

    [Theory]
    [FrameworkData(8, Elsewhere = true)]
    [FrameworkData(9, Elsewhere = true)]
    [FrameworkData(10, Elsewhere = true)]
    [FrameworkData(11, Elsewhere = true)]
    public void A_network_for_another_processor_compiles_and_says_so(int framework, string target)
    {
        foreach (FrameworkNetwork network in FrameworkNetworks.All.Where(n => n.IsFor(target)))
            Assert.Equal("another processor", runs.On(framework).Answers[$"{network.Name} {target}"]);
    }
}
