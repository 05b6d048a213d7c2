using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Tool.Tests;

/// <summary>
/// What other projects can use, as text in a file that changes with it, so that nothing becomes public or goes away unnoticed.
/// On a difference the text is written to a received file, which is moved over the verified one when the change is meant.
/// </summary>
public class PublicApiTests
{
    [Theory]
    [InlineData("ModelCompiler.CodeGen")]
    [InlineData("ModelCompiler.Core")]
    [InlineData("modelc")]
    public void Public_types_and_members(string name)
    {
        Assembly assembly = new[] { typeof(ModelPlan), typeof(ModelCompilation), typeof(IEngine) }.Select(t => t.Assembly)
            .Single(a => a.GetName().Name == name);
        var text = new StringBuilder();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            text.Append(Describe(type)).Append('\n');
            foreach (string member in Members(type).Distinct().Order(StringComparer.Ordinal)) text.Append("    ").Append(member).Append('\n');
        }

        string folder = Path.Combine(SharedData.RepositoryRoot, "tests", "ModelCompiler.Tool.Tests"), start = Path.Combine(folder, $"PublicApiTests.{name}");
        string verified = File.Exists(start + ".verified.txt") ? File.ReadAllText(start + ".verified.txt").ReplaceLineEndings("\n") : "";
        if (verified == text.ToString())
        {
            File.Delete(start + ".received.txt");
            return;
        }

        File.WriteAllText(start + ".received.txt", text.ToString());
        (string[] now, string[] before) = (text.ToString().Split('\n'), verified.Split('\n'));
        Assert.Fail($"PublicApiTests.{name}.received.txt differs from the verified file: "
            + $"{string.Join("; ", now.Except(before).Concat(before.Except(now)).Take(5))}");
    }

    private static string Describe(Type type)
    {
        string kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : type is { IsAbstract: true, IsSealed: true }
            ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";
        IEnumerable<string> bases = new[] { type.BaseType }.OfType<Type>().Where(b => !type.IsEnum && b != typeof(object) && b != typeof(ValueType))
            .Concat(type.GetInterfaces().Where(i => i.IsPublic && i.Assembly == type.Assembly)).Select(Name);
        return $"{kind} {type.Namespace}.{Name(type)}{string.Concat(bases.Select((b, i) => (i == 0 ? " : " : ", ") + b))}";
    }

    // Members that the C# compiler writes for records say nothing.
    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            foreach (string value in Enum.GetNames(type)) yield return $"{value} = {Convert.ToInt64(Enum.Parse(type, value), CultureInfo.InvariantCulture)}";
            yield break;
        }

        const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        foreach (MemberInfo member in type.GetMembers(Own).Where(m => m.GetCustomAttribute<CompilerGeneratedAttribute>() is null && !m.Name.Contains('<')))
        {
            switch (member)
            {
                case ConstructorInfo { IsStatic: false } constructor when IsVisible(constructor):
                    yield return $"new({Parameters(constructor)})";
                    break;
                case MethodInfo { IsSpecialName: false } method when IsVisible(method) && method.Name is not ("PrintMembers" or "Finalize"):
                    yield return $"{Modifier(method)}{Name(method.ReturnType)} {method.Name}{Arguments(method.GetGenericArguments())}({Parameters(method)})";
                    break;
                case PropertyInfo property when property.GetAccessors(nonPublic: true).Any(IsVisible) && property.Name != "EqualityContract":
                    MethodInfo accessor = property.GetAccessors(nonPublic: true).First(IsVisible);
                    yield return $"{Modifier(accessor)}{Name(property.PropertyType)} {property.Name} {{ "
                        + $"{(property.CanRead ? "get; " : "")}{(property.SetMethod is { } set && IsVisible(set) ? "set; " : "")}}}";
                    break;
                case FieldInfo field when field.IsPublic || field.IsFamily:
                    yield return $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}";
                    break;
                default: break;
            }
        }
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Modifier(MethodInfo method) => (method.IsFamily ? "protected " : "")
        + (method.IsStatic ? "static " : method.IsAbstract && !method.DeclaringType!.IsInterface ? "abstract " : method is { IsVirtual: true, IsFinal: false }
            && method.GetBaseDefinition() == method ? "virtual " : "");

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}{(p.HasDefaultValue ? " = …" : "")}"));

    private static string Arguments(Type[] arguments) => arguments.Length == 0 ? "" : $"<{string.Join(", ", arguments.Select(Name))}>";

    private static string Name(Type type) => type.IsByRef ? Name(type.GetElementType()!) + "&"
        : type.IsArray ? Name(type.GetElementType()!) + "[]"
        : type.IsGenericParameter ? type.Name
        : (type.IsNested ? Name(type.DeclaringType!) + "." : "") + type.Name.Split('`')[0] + Arguments(type.GetGenericArguments());
}
