using System.Collections;
using System.Globalization;
using System.Reflection;
using Microsoft.CodeAnalysis;

namespace ModelCompiler.Generator.Tests;

/// <summary>Typing in an editor must not make the generator work.</summary>
public class IncrementalTests
{
    private static readonly string[] Steps = [ModelGenerator.PlansStep, ModelGenerator.ClassesStep, ModelGenerator.CollisionsStep];

    private static void AssertNothingWasDone(Run run)
    {
        Assert.All(Steps, step => Assert.All(run.Reasons(step),
            r => Assert.True(r is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, $"{step}: {r}")));
        Assert.All(run.OutputReasons, r => Assert.Equal(IncrementalStepRunReason.Cached, r));
    }

    [Fact]
    public void Editing_code_does_nothing()
    {
        Run first = Run.Of(PlanFile.Identity("One"), PlanFile.Identity("Two"));
        Assert.All(Steps, step => Assert.All(first.Reasons(step), r => Assert.Equal(IncrementalStepRunReason.New, r)));
        Run second = first.AfterEdit();
        AssertNothingWasDone(second);
        Assert.All(Steps, step => Assert.All(second.Reasons(step), r => Assert.Equal(IncrementalStepRunReason.Cached, r)));
        Assert.Equal(first.Sources, second.Sources);
    }

    [Fact]
    public void Writing_the_same_plan_again_does_nothing() =>
        AssertNothingWasDone(Run.Of(PlanFile.Identity("One"), PlanFile.Identity("Two")).WithPlans(PlanFile.Identity("One"), PlanFile.Identity("Two")));

    [Fact]
    public void Errors_are_cached_too()
    {
        PlanFile broken = PlanFile.Identity() with { Text = "nonsense" };
        Run second = Run.Of(broken).WithPlans(broken);
        AssertNothingWasDone(second);
        Assert.Single(second.Diagnostics);
    }

    [Fact]
    public void A_changed_plan_changes_its_own_output_only()
    {
        Run first = Run.Of(PlanFile.Identity("One"), PlanFile.Identity("Two"));
        Run second = first.WithPlans(PlanFile.Identity("One"), PlanFile.Identity("Two", elements: 5));
        Assert.Equal([IncrementalStepRunReason.Unchanged, IncrementalStepRunReason.Modified], second.Reasons(ModelGenerator.PlansStep));
        Assert.Equal([IncrementalStepRunReason.Cached, IncrementalStepRunReason.Modified], second.Reasons(ModelGenerator.ClassesStep));
        Assert.Single(second.OutputReasons, IncrementalStepRunReason.Modified);
        Assert.Equal(first.Sources["Demo.One.g.cs"], second.Sources["Demo.One.g.cs"]);
        Assert.NotEqual(first.Sources["Demo.Two.g.cs"], second.Sources["Demo.Two.g.cs"]);
    }

    [Fact]
    public void Equal_plans_give_equal_text_in_every_culture()
    {
        Dictionary<string, string> here = Run.Of(PlanFile.Identity()).Sources;
        CultureInfo before = CultureInfo.CurrentCulture;
        var odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        odd.NumberFormat.NegativeSign = "minus ";
        odd.NumberFormat.NumberDecimalSeparator = ",";
        odd.NumberFormat.NumberGroupSeparator = "_";
        try
        {
            CultureInfo.CurrentCulture = odd;
            Assert.Equal(here, Run.Of(PlanFile.Identity()).Sources);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Steps_hold_no_compiler_objects()
    {
        Run run = Run.Of(PlanFile.Identity(), new PlanFile("/broken/plan.txt", "nonsense"));
        foreach (object value in Steps.SelectMany(s => run.Result.TrackedSteps[s]).SelectMany(s => s.Outputs).Select(o => o.Value)) AssertPlain(value, []);
    }

    private static void AssertPlain(object? value, HashSet<object> seen)
    {
        if (value is null or string || value.GetType().IsPrimitive || !seen.Add(value)) return;
        Assert.False(value is ISymbol or SyntaxNode or SyntaxTree or Compilation or Location or Diagnostic or AdditionalText,
            $"{value.GetType()} is kept alive.");
        if (value is IEnumerable items)
        {
            foreach (object? item in items) AssertPlain(item, seen);
            return;
        }

        for (Type? type = value.GetType(); type is not null && type != typeof(object); type = type.BaseType)
        {
            foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                AssertPlain(field.GetValue(value), seen);
        }
    }
}
