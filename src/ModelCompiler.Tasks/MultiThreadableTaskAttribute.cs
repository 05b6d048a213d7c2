namespace Microsoft.Build.Framework;

/// <summary>
/// Lets a task run inside a multi-threaded build instead of in a process of its own. MSBuild knows it by name; it is declared here because
/// the oldest MSBuild we support does not have it.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
internal sealed class MSBuildMultiThreadableTaskAttribute : Attribute;
