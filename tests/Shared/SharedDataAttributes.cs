namespace ModelCompiler.Testing;

/// <summary>A test that needs the shared data; skipped where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute()
    {
        if (SharedData.Root is null) Skip = "The folder 'shared' beside the repository is not here.";
    }
}

/// <summary>A theory that needs the shared data; skipped where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedDataTheoryAttribute : TheoryAttribute
{
    public SharedDataTheoryAttribute()
    {
        if (SharedData.Root is null) Skip = "The folder 'shared' beside the repository is not here.";
    }
}
