using System.Collections;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>Numbers of the values that an operator computes with.</summary>
internal sealed class TfLiteOperands(TfLiteNode node, int[] ids) : IReadOnlyList<int>
{
    /// <inheritdoc/>
    public int Count => ids.Length;

    /// <summary>An operand.</summary>
    /// <exception cref="ModelCompilationException">MC1012: the operator has fewer.</exception>
    public int this[int index] => index < ids.Length ? ids[index] : throw node.Malformed($"Input {index} is missing.");

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)ids).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
