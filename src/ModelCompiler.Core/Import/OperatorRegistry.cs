using System.Reflection;

namespace ModelCompiler.Core.Import;

/// <summary>Finds the static methods that read operators from a model format, by attribute.</summary>
internal static class OperatorRegistry
{
    /// <summary>The methods marked with an attribute, by the key it gives.</summary>
    public static IReadOnlyDictionary<TKey, Action<TNode>> Find<TAttribute, TKey, TNode>(Func<TAttribute, TKey> key)
        where TAttribute : Attribute
        where TKey : notnull
    {
        var found = new Dictionary<TKey, Action<TNode>>();
        foreach (MethodInfo method in typeof(OperatorRegistry).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly)))
        {
            foreach (TAttribute attribute in method.GetCustomAttributes<TAttribute>()) found.Add(key(attribute), method.CreateDelegate<Action<TNode>>());
        }

        return found;
    }
}
