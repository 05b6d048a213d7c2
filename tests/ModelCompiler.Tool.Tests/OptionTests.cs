using System.CommandLine;
using ModelCompiler.Core;
using ModelCompiler.Tool.CommandLine;

namespace ModelCompiler.Tool.Tests;

public class OptionTests
{
    // All but those that take many models at once.
    public static TheoryData<string> Commands() => [.. ModelcApp.CreateRoot(TextWriter.Null,
        TextWriter.Null).Subcommands.Where(c => c.Arguments.Any(a => a.Name == "MODEL")).Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_item_option_is_an_option_of_every_command_on_a_model(string command)
    {
        Command found = ModelcApp.CreateRoot(TextWriter.Null, TextWriter.Null).Subcommands.Single(c => c.Name == command);
        Assert.Equal(CompilationOptions.All.Select(p => ItemOptions.NameOf(p.Name)), found.Options.Select(o => o.Name).Take(CompilationOptions.All.Length));
        Assert.Equal(found.Options.Count, found.Options.SelectMany(o => o.Aliases.Append(o.Name)).Distinct().Count() - found.Options.Sum(o => o.Aliases.Count));
        Assert.All(found.Options, o => Assert.False(string.IsNullOrWhiteSpace(o.Description)));
    }

    [Theory]
    [InlineData("ClassName", "--class-name")]
    [InlineData("Sha256", "--sha256")]
    [InlineData("MaxArenaBytes", "--max-arena-bytes")]
    [InlineData("Target", "--target")]
    public void Names_are_in_kebab_case(string property, string option) => Assert.Equal(option, ItemOptions.NameOf(property));

    [Fact]
    public void Values_reach_the_compiler()
    {
        CommandLineRun run = CommandLineRun.Succeeds("inspect", CommandLineRun.Digits, "--json", "--requantization", "fixedpoint", "--target", "scalar");
        Assert.Equal("Requantization=FixedPoint Target=scalar", run.Json.GetProperty("options").GetString());
        Assert.Equal("scalar", run.Json.GetProperty("target").GetString());
    }

    [Theory]
    [InlineData("--precision", "Int3", "--precision")]
    [InlineData("--calibration-samples", "none", "--calibration-samples")]
    [InlineData("--class-name", "class", "class")]
    public void A_bad_value_is_a_diagnostic(string option, string value, string mentioned)
    {
        CommandLineRun run = CommandLineRun.Of("inspect", CommandLineRun.Digits, option, value);
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.Contains("digits.onnx: error MC9002: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(mentioned, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData()]
    [InlineData("inspect")]
    [InlineData("compose", "x.onnx")]
    [InlineData("inspect", "x.onnx", "--no-such-option", "1")]
    [InlineData("inspect", "x.onnx", "--target", "scalar", "--target", "portable")]
    [InlineData("run", "x.onnx", "--input", "x.npz")]
    [InlineData("run", "x.onnx", "--input", "x.npz", "--output", "y.npz", "--engine", "steam")]
    [InlineData("evaluate", "x.onnx", "--data", "x.npz", "--samples", "0")]
    [InlineData("explain", "x.onnx")]
    [InlineData("explain", "x.onnx", "--data", "x.npz", "--top", "0")]
    public void A_bad_command_line_is_a_usage_error(params string[] args)
    {
        CommandLineRun run = CommandLineRun.Of(args);
        Assert.Equal(ModelcApp.Usage, run.ExitCode);
        Assert.StartsWith("modelc", run.Error, StringComparison.Ordinal);
        Assert.Contains("error MC9002: ", run.Error, StringComparison.Ordinal);
        Assert.Equal("MC9002", CommandLineRun.Of([.. args, "--json"]).Json.GetProperty("diagnostics")[0].GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("option '--input-shape'. Did you mean --input-shapes?", "inspect", "x.onnx", "--input-shape", "1x2")]
    [InlineData("option '--InputShapes'. Did you mean --input-shapes?", "inspect", "x.onnx", "--InputShapes=1x2")]
    [InlineData("option '--calib'. Did you mean --calibration?", "compile", "x.onnx", "--calib", "x.npz")]
    [InlineData("option '--targte'. Did you mean --target?", "compile", "--targte", "x64", "x.onnx")]
    [InlineData("option '--inptu'. Did you mean --input?", "run", "x.onnx", "--inptu", "x.npz", "--output", "y.npz")]
    [InlineData("option '--jsn'. Did you mean --json?", "inspect", "--jsn")]
    [InlineData("option '--tragets'. Did you mean --target?", "conform", "--tragets", "x64", "tests")]
    [InlineData("option '--frobnicate'. See 'modelc inspect --help'.", "inspect", "x.onnx", "--frobnicate", "1")]
    [InlineData("command 'complie'. Did you mean compile?", "complie", "x.onnx")]
    [InlineData("command 'frobnicate'. Commands are: inspect, compile, run, evaluate, explain, bench, export, conform, targets.", "frobnicate", "x.onnx")]
    public void Names_that_do_not_exist_come_with_the_one_that_is_meant(string said, params string[] args)
    {
        CommandLineRun run = CommandLineRun.Of(args);
        Assert.Equal(ModelcApp.Usage, run.ExitCode);
        Assert.Contains("error MC9002: There is no " + said, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Help_succeeds()
    {
        Assert.Contains("inspect", CommandLineRun.Succeeds("--help").Output, StringComparison.Ordinal);
        Assert.Contains("--calibration-method", CommandLineRun.Succeeds("compile", "--help").Output, StringComparison.Ordinal);
    }
}
