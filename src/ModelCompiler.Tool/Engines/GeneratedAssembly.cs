using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using ModelCompiler.Core;

namespace ModelCompiler.Tool.Engines;

/// <summary>Generated code, compiled and loaded in memory beside its weights; unloaded when disposed and no longer used.</summary>
internal sealed class GeneratedAssembly : IDisposable
{
    private const int ErrorsShown = 3;

    private static readonly Lazy<ImmutableArray<MetadataReference>> Framework = new(FindFramework);

    private readonly Context _context;

    private GeneratedAssembly(Context context, Assembly assembly) => (_context, Assembly) = (context, assembly);

    /// <summary>The assembly.</summary>
    public Assembly Assembly { get; }

    /// <summary>Compiles and loads.</summary>
    /// <param name="sources">C# files by name.</param>
    /// <param name="weights">Name and image of the weights assembly, if there is one.</param>
    /// <exception cref="ModelCompilationException">MC4002: the code does not compile, which is a defect of the emitter.</exception>
    public static GeneratedAssembly Load(IReadOnlyDictionary<string, string> sources, (string Name, byte[] Image)? weights)
    {
        CSharpCompilation compilation = CSharpCompilation.Create(
            $"Generated.{Guid.NewGuid():N}",
            sources.Select(s => CSharpSyntaxTree.ParseText(SourceText.From(s.Value), path: s.Key)),
            weights is { } w ? Framework.Value.Add(MetadataReference.CreateFromImage(w.Image)) : Framework.Value,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        if (!result.Success)
        {
            IEnumerable<string> errors = result.Diagnostics.Where(d => d.Severity == Microsoft.CodeAnalysis.DiagnosticSeverity.Error).Take(ErrorsShown)
                .Select(d => d.ToString());
            throw new ModelCompilationException("MC4002", $"The generated code does not compile: {string.Join("; ", errors)}.",
                "This is a defect of ModelCompiler; please report it with the model.");
        }

        var context = new Context(weights);
        image.Position = 0;
        return new GeneratedAssembly(context, context.LoadFromStream(image));
    }

    /// <inheritdoc/>
    public void Dispose() => _context.Unload();

    // The framework's own assemblies only: what a user's project sees, and not what this tool happens to be made of.
    private static ImmutableArray<MetadataReference> FindFramework()
    {
        string folder = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string trusted = (string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "";
        return [.. trusted.Split(Path.PathSeparator).Where(p => Path.GetDirectoryName(p) == folder).Select(p => MetadataReference.CreateFromFile(p))];
    }

    private sealed class Context((string Name, byte[] Image)? weights)
        : AssemblyLoadContext(string.Create(CultureInfo.InvariantCulture, $"ModelCompiler {Guid.NewGuid():N}"), isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            if (weights is not { } w || assemblyName.Name != w.Name) return null;
            using var image = new MemoryStream(w.Image);
            return LoadFromStream(image);
        }
    }
}
