namespace ModelCompiler.Core.Compression;

/// <summary>What the weights of a layer may be.</summary>
/// <param name="Grid">The numbers that stand for them; null for any real numbers.</param>
/// <param name="Pattern">Which of them become zero together; null when all stay.</param>
/// <param name="Share">The share that becomes zero.</param>
/// <param name="Clusters">How many different numbers there may be; 0 for any.</param>
internal sealed record LayerFormat(WeightGrid? Grid, SparsityPattern? Pattern, double Share, int Clusters);
