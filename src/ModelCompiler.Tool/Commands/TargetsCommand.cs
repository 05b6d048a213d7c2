using System.CommandLine;
using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary><c>targets</c>: the machines that code can be written for.</summary>
internal sealed class TargetsCommand
{
    /// <summary>The finished command.</summary>
    public Command Create(Option<bool> json, TextWriter output, TextWriter error)
    {
        var command = new Command("targets", "Lists the machines that code can be written for.");
        command.SetAction(parsed =>
        {
            new Reporter(output, error, parsed.GetValue(json)).Succeed(new TargetsReport([.. Target.All.Select(t => new TargetReport(
                t.Name, t.Machine, [.. t.InstructionSets.Select(i => i.Name)], t.Framework, Runs(t)))]), []);
            return ModelcApp.Success;
        });
        return command;
    }

    // Whether this processor can run the code; not whether this version of .NET reaches all of it.
    private static bool Runs(Target target) => target.Architecture is not { } architecture
        || architecture.Equals(RuntimeInformation.ProcessArchitecture.ToString(), StringComparison.OrdinalIgnoreCase);
}

/// <summary>A machine.</summary>
/// <param name="Name">What the option takes.</param>
/// <param name="Machine">In words.</param>
/// <param name="InstructionSets">What code is written for, best first; all but the last are guarded by a test at run time.</param>
/// <param name="Framework">First version of .NET that its code compiles with.</param>
/// <param name="IsThisArchitecture">True when it may be this machine.</param>
internal sealed record TargetReport(string Name, string Machine, IReadOnlyList<string> InstructionSets, int Framework, bool IsThisArchitecture);

/// <summary>What <c>targets</c> lists.</summary>
/// <param name="Targets">From the general to the special.</param>
internal sealed record TargetsReport(IReadOnlyList<TargetReport> Targets) : Report
{
    /// <inheritdoc/>
    public override void WriteText(TextWriter output)
    {
        var table = new TextTable("target", "machine", "instructions", ".NET");
        foreach (TargetReport t in Targets) table.Add(t.Name, t.Machine, string.Join(", ", t.InstructionSets), $"{t.Framework}+");
        table.Write(output);
    }
}
