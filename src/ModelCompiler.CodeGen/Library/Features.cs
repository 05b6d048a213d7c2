using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Models and features of classical machine learning.</summary>
internal static unsafe partial class Features
{
    /// <summary>
    /// Decision trees: x [rows, features], y [rows, targets]. A node is five numbers: mode (0 ≤, 1 &lt;, 2 ≥, 3 &gt;, 4 =, 5 ≠, 6 member), feature,
    /// next if true, next if false (−1 − leaf for leaves), and whether missing values count as true; a leaf is where its targets begin and how many there are.
    /// Combination: 0 mean, 1 sum, 2 smallest, 3 largest.
    /// </summary>
    public static void Trees<T>(T* x, T* splits, T* weights, T* members, T* y, int* nodes, int* leaves, int* targets, int* roots, int* sets, int rows,
        int features, int outputs, int trees, int combination)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int row = 0; row < rows; row++, x += features, y += outputs)
        {
            new Span<T>(y, outputs).Fill(combination == 2 ? T.PositiveInfinity : combination == 3 ? T.NegativeInfinity : T.Zero);
            for (int tree = 0; tree < trees; tree++)
            {
                int at = roots[tree];
                while (at >= 0)
                {
                    int* node = nodes + (at * 5);
                    T value = x[node[1]], split = splits[at];
                    bool isTrue = node[0] switch
                    {
                        0 => value <= split,
                        1 => value < split,
                        2 => value >= split,
                        3 => value > split,
                        4 => value == split,
                        5 => value != split,
                        _ => Contains(members + sets[at], sets[at + 1] - sets[at], value),
                    };
                    at = isTrue || (node[4] != 0 && T.IsNaN(value)) ? node[2] : node[3];
                }

                int* leaf = leaves + ((-1 - at) * 2);
                for (int i = leaf[0]; i < leaf[0] + leaf[1]; i++)
                {
                    T* to = y + targets[i];
                    *to = combination switch { 2 => T.Min(*to, weights[i]), 3 => T.Max(*to, weights[i]), _ => *to + weights[i] };
                }
            }

            for (int i = 0; i < outputs; i++)
            {
                if (combination == 0) y[i] /= T.CreateTruncating(trees);
                else if (T.IsInfinity(y[i]) && combination >= 2) y[i] = T.Zero;
            }
        }
    }

    /// <summary>True when one of some numbers is equal.</summary>
    private static bool Contains<T>(T* members, int count, T value)
        where T : unmanaged, INumber<T>
    {
        for (int i = 0; i < count; i++)
        {
            if (members[i] == value) return true;
        }

        return false;
    }

    /// <summary>
    /// How often each n-gram of a pool occurs in every row: x [rows, length], y [rows, columns]. An n-gram is where it begins in the pool,
    /// its length and its column; elements may be up to so many skipped apart. Mode: 0 counts, 1 ones, 2 weights of those that occur, 3 counts times weights.
    /// </summary>
    public static void Grams<T>(T* x, float* y, int* pool, int* grams, float* weights, int rows, int length, int columns, int count, int skips, int mode)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int row = 0; row < rows; row++, x += length, y += columns)
        {
            new Span<float>(y, columns).Clear();
            for (int g = 0; g < count; g++)
            {
                int* gram = grams + (g * 3);
                for (int step = 1; step <= (gram[1] == 1 ? 1 : skips + 1); step++)
                {
                    for (int start = 0; start + ((gram[1] - 1) * step) < length; start++)
                    {
                        bool found = true;
                        for (int i = 0; i < gram[1] && found; i++) found = long.CreateTruncating(x[start + (i * step)]) == pool[gram[0] + i];
                        if (found) y[gram[2]]++;
                    }
                }
            }

            for (int c = 0; c < columns; c++)
            {
                float n = y[c];
                y[c] = mode switch { 1 => n > 0 ? 1 : 0, 2 => n > 0 ? weights[c] : 0, 3 => n * weights[c], _ => n };
            }
        }
    }

    /// <summary>Numbers by keys: the value at the first equal key, or a default. NaN is equal to NaN.</summary>
    public static void Lookup<TKey, TValue>(TKey* x, TKey* keys, void* values, void* fallback, void* y, int count, int entries)
        where TKey : unmanaged, INumber<TKey>
        where TValue : unmanaged
    {
        for (int i = 0; i < count; i++)
        {
            TValue found = *(TValue*)fallback;
            for (int k = 0; k < entries; k++)
            {
                if (keys[k] != x[i] && !(TKey.IsNaN(keys[k]) && TKey.IsNaN(x[i]))) continue;
                found = ((TValue*)values)[k];
                break;
            }

            ((TValue*)y)[i] = found;
        }
    }
}
