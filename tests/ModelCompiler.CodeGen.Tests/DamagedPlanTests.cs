using System.Diagnostics;
using System.Globalization;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Tests;

/// <summary>Whatever happens to a plan on its way, the generator says so and goes on.</summary>
public class DamagedPlanTests
{
    private const int Mutations = 1500;

    private static readonly string[] Pieces = ["-1", "0", "7", "99999", "2147483647", "-2147483648", "-", "%99", "$None", "@0+9999999", "[]", "[1,2]", "\"",
        "nan", "inf", "1e30", "Int8", "Float64", "true", "?", "", "=", "\u2028"];

    public static TheoryData<string, string> Crossed() => EmitterTests.Crossed();

    [Theory]
    [MemberData(nameof(Crossed))]
    public void A_valid_plan_passes(string network, string target)
    {
        ModelPlan plan = SmallNetworks.Plan(network, target);
        Assert.Equal(plan, PlanText.ReadAndCheck(PlanText.Write(plan), p => p));
    }

    [Theory]
    [MemberData(nameof(Crossed))]
    public void A_mutated_plan_is_code_or_a_message_with_a_line(string network, string target)
    {
        string text = PlanText.Write(SmallNetworks.Plan(network, target));
        int lines = text.Split('\n').Length;
        var random = new Random((network.Length * 31) + target.Length);
        for (int i = 0; i < Mutations; i++)
        {
            string mutant = Mutate(text, random);
            var watch = Stopwatch.StartNew();
            try
            {
                PlanText.ReadAndCheck(mutant, ModelEmitter.Emit);
            }
            catch (PlanFormatException e)
            {
                Assert.InRange(e.Line, 1, lines + 1);
            }
            catch (Exception e) when (e is not PlanFormatException)
            {
                Assert.Fail($"{e}\n{Difference(text, mutant)}");
            }

            Assert.True(watch.Elapsed.TotalSeconds < 10, $"{watch.Elapsed}\n{Difference(text, mutant)}");
        }
    }

    private static string Mutate(string text, Random random)
    {
        List<string> lines = [.. text.Split('\n')];
        int line = random.Next(1, lines.Count);
        switch (random.Next(8))
        {
            case 0: lines.RemoveAt(line); break;
            case 1: lines.Insert(line, lines[random.Next(lines.Count)]); break;
            case 2 when lines[line].Length > 0:
                char[] letters = lines[line].ToCharArray();
                letters[random.Next(letters.Length)] ^= (char)(1 << random.Next(7));
                lines[line] = new string(letters);
                break;
            case 3: lines[line] = lines[line][..random.Next(lines[line].Length + 1)]; break;
            default:
                // One number, name or list becomes another.
                string[] words = System.Text.RegularExpressions.Regex.Split(lines[line], @"(?<=[ =,\[\]])|(?=[ =,\[\]])");
                int word = random.Next(words.Length);
                string piece = Pieces[random.Next(Pieces.Length)];
                words[word] = random.Next(3) == 0 && int.TryParse(words[word], CultureInfo.InvariantCulture, out int n) ? unchecked(n + random.Next(-3, 4))
                    .ToString(CultureInfo.InvariantCulture) : piece;
                lines[line] = string.Concat(words);
                break;
        }

        return string.Join('\n', lines);
    }

    private static string Difference(string text, string mutant) =>
        string.Join('\n', mutant.Split('\n').Except(text.Split('\n')).Select(l => l.Length > 500 ? l[..500] : l));
}
