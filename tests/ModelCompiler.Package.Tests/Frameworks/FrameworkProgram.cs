using System.Text;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.Package.Tests.Frameworks;

/// <summary>A user's project with all networks for all targets, and what its program does with them: a line for each.</summary>
internal static class FrameworkProgram
{
    /// <summary>What stands for the target that a project gets that names none.</summary>
    public const string Default = "default";

    /// <summary>All targets that compile with a framework, and the default.</summary>
    public static IReadOnlyList<string> Targets(int framework) =>
        [.. Target.All.Where(t => t.Framework <= framework).Select(t => t.Name).Order(StringComparer.Ordinal), Default];

    /// <summary>The items of the project for some targets.</summary>
    public static string Items(IReadOnlyList<string> targets) => string.Concat(Classes(targets).Select(c =>
        $"""<NeuralModel Include="{c.Network.Name}.onnx" ClassName="{c.Name}" {(c.Target == Default ? "" : $"Machine=\"{c.Target}\"")} />"""));

    /// <summary>
    /// The code of the program: prints the framework, and per class <c>network target: </c> with the outputs in hexadecimal digits,
    /// that its self-test failed, or that it is for another processor.
    /// </summary>
    public static string Code(IReadOnlyList<string> targets)
    {
        var calls = new StringBuilder();
        foreach ((FrameworkNetwork network, string target, string name) in Classes(targets))
        {
            calls.Append($$"""
                Report("{{network.Name}} {{target}}", {{network.Inputs}}, () => new App.{{name}}(), App.{{name}}.SelfTest, (model, input) =>
                {
                    {{string.Concat(network.Outputs.Select((o, i) => $"{o.Type}[] y{i} = new {o.Type}[{o.Count}]; "))}}
                    model.Run(input, {{string.Join(", ", network.Outputs.Select((_, i) => $"y{i}"))}});
                    return string.Join(' ', {{string.Join(", ", network.Outputs.Select((o, i) => $"Hex(y{i})"))}});
                });

                """);
        }

        return $$"""
            using System.Numerics;
            using System.Runtime.InteropServices;

            Console.WriteLine($"framework {Environment.Version.Major}");
            {{calls}}
            static void Report<T>(string name, int inputs, Func<T> create, Func<bool> test, Func<T, float[], string> run)
                where T : IDisposable
            {
                try
                {
                    using T model = create();
                    string answer = $"{run(model, Numbers(inputs, 3))} {run(model, Numbers(inputs, 20))} {run(model, Extremes(inputs))}";
                    Console.WriteLine($"{name}: {answer}{(test() ? "" : " the self-test fails")}");
                }
                catch (PlatformNotSupportedException)
                {
                    Console.WriteLine($"{name}: another processor");
                }
            }

            // What is not a number has no bits to agree on.
            static string Hex<T>(T[] values)
                where T : unmanaged, INumber<T> => Convert.ToHexString(MemoryMarshal.AsBytes<T>(Array.ConvertAll(values,
                    v => T.IsNaN(v) ? T.CreateSaturating(double.NaN) : v)));

            static float[] Numbers(int count, float width)
            {
                uint state = 1;
                float[] numbers = new float[count];
                for (int i = 0; i < count; i++) numbers[i] = (((state = unchecked((state * 1664525) + 1013904223)) >> 8) / 8388608f - 1) * width;
                return numbers;
            }

            static float[] Extremes(int count)
            {
                float[] some =
                [
                    float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0, 3e9f, -3e9f, 5e9f, 1e19f, -1e19f, 2e19f, 1e38f, -1e38f, 2147483648,
                        -2147483648, 2147483520, 4294967296,
                    9.223372e18f, -9.223372e18f, 1.8446744e19f, 300, -300, 128, -129, 256, 40000, -40000, 70000, 0.5f, 1.5f, -0.5f, float.Epsilon, -0f,
                ];
                float[] numbers = new float[count];
                for (int i = 0; i < count; i++) numbers[i] = some[i % some.Length];
                return numbers;
            }
            """;
    }

    private static IEnumerable<(FrameworkNetwork Network, string Target, string Name)> Classes(IReadOnlyList<string> targets) =>
        from network in FrameworkNetworks.All from target in targets where network.IsFor(target) select (network, target,
            network.Name + Names.Pascal(target));
}
