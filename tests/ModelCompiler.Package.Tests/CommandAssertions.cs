namespace ModelCompiler.Package.Tests;

/// <summary>What a command should have done.</summary>
internal static class CommandAssertions
{
    public static CommandResult AssertSuccess(this CommandResult result)
    {
        Assert.True(result.ExitCode == 0, $"{result.Command} ended with {result.ExitCode}:\n{result.Output}");
        return result;
    }

    public static CommandResult AssertFailure(this CommandResult result)
    {
        Assert.True(result.ExitCode != 0, $"{result.Command} should have failed:\n{result.Output}");
        return result;
    }

    public static CommandResult AssertNoWarnings(this CommandResult result)
    {
        Assert.DoesNotContain(" warning ", result.Output, StringComparison.OrdinalIgnoreCase);
        return result;
    }
}
