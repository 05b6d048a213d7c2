using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Elements chosen by their values. Where their number depends on the values, outputs have room for the most there can be,
/// and the number is an output too.</summary>
internal static unsafe partial class Selection
{
    /// <summary>The k largest or smallest elements along an axis in order, the first of equals first, and their indices: input [outer, length, inner].
    /// Needs memory for an axis.</summary>
    public static void Top<T>(T* input, T* values, long* indices, int* order, int outer, int length, int inner, int k, bool largest)
        where T : unmanaged, INumber<T>
    {
        for (int o = 0; o < outer; o++)
        {
            for (int n = 0; n < inner; n++)
            {
                T* from = input + ((long)o * length * inner) + n;
                for (int i = 0; i < length; i++) order[i] = i;
                for (int i = 0; i < k; i++)
                {
                    int best = i;
                    for (int j = i + 1; j < length; j++)
                    {
                        T x = from[(long)order[j] * inner], y = from[(long)order[best] * inner];
                        if (largest ? x > y : x < y) best = j;
                        else if (x == y && order[j] < order[best]) best = j;
                    }

                    (order[i], order[best]) = (order[best], order[i]);
                    long to = ((((long)o * k) + i) * inner) + n;
                    values[to] = from[(long)order[i] * inner];
                    indices[to] = order[i];
                }
            }
        }
    }

    /// <summary>Indices of the elements that are not zero, one column each: output [axes, room].</summary>
    public static void NonZero<T>(void* input, long* output, long* length, int* sizes, int axes, int count)
        where T : unmanaged, IEquatable<T>
    {
        int found = 0;
        new Span<long>(output, axes * count).Clear();
        for (int i = 0; i < count; i++)
        {
            if (((T*)input)[i].Equals(default)) continue;
            int rest = i;
            for (int a = axes - 1; a >= 0; rest /= sizes[a--]) output[((long)a * count) + found] = rest % sizes[a];
            found++;
        }

        *length = found;
    }

    /// <summary>Slices along an axis whose condition holds: input [outer, size, inner], output [outer, room, inner].</summary>
    public static void Compress<T>(void* input, bool* condition, void* output, long* length, int outer, int size, int inner, int conditions)
        where T : unmanaged
    {
        T* from = (T*)input, to = (T*)output;
        int room = Math.Min(size, conditions), found = 0;
        new Span<T>(to, outer * room * inner).Clear();
        for (int i = 0; i < room; i++)
        {
            if (!condition[i]) continue;
            for (int o = 0; o < outer; o++)
                new ReadOnlySpan<T>(from + ((((long)o * size) + i) * inner), inner).CopyTo(new Span<T>(to + ((((long)o * room) + found) * inner), inner));
            found++;
        }

        *length = found;
    }

    /// <summary>The first elements along an axis, as many as a number says, and zero after them: input [outer, room, inner].</summary>
    public static void KeepFirst<T>(void* input, long* length, void* output, int outer, int room, int inner)
        where T : unmanaged
    {
        int kept = (int)Math.Min(Math.Max(*length, 0), room) * inner;
        for (int o = 0; o < outer; o++)
        {
            T* from = (T*)input + ((long)o * room * inner), to = (T*)output + ((long)o * room * inner);
            new ReadOnlySpan<T>(from, kept).CopyTo(new Span<T>(to, kept));
            new Span<T>(to + kept, (room * inner) - kept).Clear();
        }
    }

    /// <summary>
    /// The different slices along an axis, in order of their values or of first occurrence, with the index of their first occurrence,
    /// the number of every slice's like, and how often each is there. Input [outer, count, inner].
    /// </summary>
    public static void Unique<T>(T* input, T* output, long* first, long* inverse, long* counts, long* length, int* order, int outer, int count, int inner,
        bool sorted)
        where T : unmanaged, INumber<T>
    {
        // Slices found so far, by their first occurrence; sorted by insertion.
        int found = 0;
        for (int i = 0; i < count; i++)
        {
            int at = 0;
            int compared = 1;
            while (at < found && (compared = Compare(input, order[at], i, outer, count, inner)) != 0 && (!sorted || compared < 0)) at++;
            if (at < found && compared == 0) continue;
            for (int j = found; j > at; j--) order[j] = order[j - 1];
            order[at] = i;
            found++;
        }

        new Span<T>(output, outer * count * inner).Clear();
        for (int u = 0; u < count; u++) first[u] = counts[u] = 0;
        for (int u = 0; u < found; u++)
        {
            first[u] = order[u];
            for (int o = 0; o < outer; o++)
                new ReadOnlySpan<T>(input + ((((long)o * count) + order[u]) * inner),
                    inner).CopyTo(new Span<T>(output + ((((long)o * count) + u) * inner), inner));
        }

        for (int i = 0; i < count; i++)
        {
            int at = 0;
            while (Compare(input, order[at], i, outer, count, inner) != 0) at++;
            inverse[i] = at;
            counts[at]++;
        }

        *length = found;
    }

    /// <summary>The order of two slices: negative when a comes first.</summary>
    private static int Compare<T>(T* input, int a, int b, int outer, int count, int inner)
        where T : unmanaged, INumber<T>
    {
        if (a == b) return 0;
        for (int o = 0; o < outer; o++)
        {
            for (int i = 0; i < inner; i++)
            {
                int order = input[((((long)o * count) + a) * inner) + i].CompareTo(input[((((long)o * count) + b) * inner) + i]);
                if (order != 0) return order;
            }
        }

        return 0;
    }

    /// <summary>
    /// Boxes that do not overlap a better one of their class by more than a share of their union: boxes [batch, count,
    /// 4] as corners (any two opposite ones) or as centre and size, scores [batch, classes, count], output [room, 3] of batch, class and box.
    /// </summary>
    public static void Suppress(float* boxes, float* scores, long* most, float* overlap, float* threshold, long* output, long* length, int* chosen,
        int batches, int classes, int count, int room, bool centred)
    {
        int found = 0;
        new Span<long>(output, room * 3).Clear();
        long limit = most == null ? 0 : Math.Min(*most, count);
        for (int b = 0; b < batches; b++)
        {
            for (int c = 0; c < classes; c++, scores += count)
            {
                int kept = 0;
                new Span<int>(chosen + count, count).Clear();
                while (kept < limit)
                {
                    int best = -1;
                    for (int i = 0; i < count; i++)
                    {
                        if (chosen[count + i] == 0 && (threshold == null || scores[i] > *threshold) && (best < 0 || scores[i] > scores[best])) best = i;
                    }

                    if (best < 0) break;
                    chosen[count + best] = 1;
                    bool free = true;
                    for (int k = 0; k < kept && free; k++)
                        free = Overlap(boxes + (((long)b * count) + best) * 4, boxes + (((long)b * count) + chosen[k]) * 4, centred) <=
                            (overlap == null ? 0 : *overlap);
                    if (!free || found == room) continue;
                    chosen[kept++] = best;
                    (output[found * 3], output[(found * 3) + 1], output[(found * 3) + 2]) = (b, c, best);
                    found++;
                }
            }
        }

        *length = found;
    }

    /// <summary>Intersection ÷ union of two boxes.</summary>
    private static float Overlap(float* a, float* b, bool centred)
    {
        (float top, float left, float bottom, float right) p = Corners(a, centred), q = Corners(b, centred);
        float height = Math.Min(p.bottom, q.bottom) - Math.Max(p.top, q.top), width = Math.Min(p.right, q.right) - Math.Max(p.left, q.left);
        if (height <= 0 || width <= 0) return 0;
        float common = height * width;
        float union = ((p.bottom - p.top) * (p.right - p.left)) + ((q.bottom - q.top) * (q.right - q.left)) - common;
        return union <= 0 ? 0 : common / union;
    }

    /// <summary>Top, left, bottom and right of a box.</summary>
    private static (float Top, float Left, float Bottom, float Right) Corners(float* box, bool centred) => centred
        ? (box[1] - (box[3] / 2), box[0] - (box[2] / 2), box[1] + (box[3] / 2), box[0] + (box[2] / 2))
        : (Math.Min(box[0], box[2]), Math.Min(box[1], box[3]), Math.Max(box[0], box[2]), Math.Max(box[1], box[3]));
}
