namespace ModelCompiler.CodeGen.Library;

/// <summary>Detections from the encoded boxes and the scores of a network, as TFLite's kernel computes them (detection_postprocess.cc), which also fixes the
/// order of equal scores: 8-bit scores are often equal.</summary>
internal static unsafe partial class Detection
{
    /// <summary>
    /// Boxes that do not overlap a better one: of each class, or of the best class of every box, each with its best classes.
    /// What is beyond the detections is zero.
    /// </summary>
    /// <param name="encodings">Encoded boxes [count, size]: y, x, height, width.</param>
    /// <param name="scores">[count, columns]: where there is a column more than classes, the first is the background's.</param>
    /// <param name="anchors">[count, 4]: y, x, height, width.</param>
    /// <param name="foundBoxes">Result [room, 4]: top, left, bottom, right.</param>
    /// <param name="foundClasses">Result [room].</param>
    /// <param name="foundScores">Result [room].</param>
    /// <param name="found">Result: number of boxes.</param>
    /// <param name="boxes">Scratch [count, 4].</param>
    /// <param name="values">Scratch [count].</param>
    /// <param name="work">Scratch [2 · count + 4 · most + classes].</param>
    /// <param name="count">Number of boxes.</param>
    /// <param name="size">Numbers of an encoded box.</param>
    /// <param name="columns">Scores of a box.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="most">Most detections.</param>
    /// <param name="classesPerBox">Classes that each detection has room for.</param>
    /// <param name="boxesPerClass">Most boxes of a class.</param>
    /// <param name="byClass">True to choose boxes for every class on its own.</param>
    /// <param name="least">Least score.</param>
    /// <param name="overlap">Largest intersection ÷ union.</param>
    /// <param name="scaleY">Divisor of y.</param>
    /// <param name="scaleX">Divisor of x.</param>
    /// <param name="scaleHeight">Divisor of the height.</param>
    /// <param name="scaleWidth">Divisor of the width.</param>
    public static void PostProcess(
        float* encodings, float* scores, float* anchors, float* foundBoxes, float* foundClasses, float* foundScores, float* found, float* boxes, float* values,
        int* work, int count, int size, int columns, int classes,
        int most, int classesPerBox, int boxesPerClass, bool byClass, float least, float overlap, float scaleY, float scaleX, float scaleHeight,
        float scaleWidth)
    {
        for (int i = 0; i < count; i++, encodings += size, anchors += 4)
        {
            float y = (float)(((double)encodings[0] / scaleY * anchors[2]) + anchors[0]),
                x = (float)(((double)encodings[1] / scaleX * anchors[3]) + anchors[1]);
            float down = (float)(0.5 * Math.Exp((double)encodings[2] / scaleHeight) * anchors[2]),
                right = (float)(0.5 * Math.Exp((double)encodings[3] / scaleWidth) * anchors[3]);
            (boxes[4 * i], boxes[(4 * i) + 1], boxes[(4 * i) + 2], boxes[(4 * i) + 3]) = (y - down, x - right, y + down, x + right);
        }

        new Span<float>(foundBoxes, most * classesPerBox * 4).Clear();
        new Span<float>(foundClasses, most * classesPerBox).Clear();
        new Span<float>(foundScores, most * classesPerBox).Clear();
        float* first = scores + (columns - classes);
        *found = byClass
            ? ByClass(first, foundBoxes, foundClasses, foundScores, boxes, values, work, count, columns, classes, most, boxesPerClass, least, overlap)
            : ByBox(first, foundBoxes, foundClasses, foundScores, boxes, values, work, count, columns, classes, most, classesPerBox, least, overlap);
    }

    /// <summary>The best boxes of all classes, chosen for every class on its own.</summary>
    private static int ByClass(
        float* scores, float* foundBoxes, float* foundClasses, float* foundScores, float* boxes, float* values, int* work, int count, int columns, int classes,
        int most, int boxesPerClass, float least, float overlap)
    {
        int* selected = work + count;
        int* kept = selected + count;
        int* merged = kept + (2 * most);
        int length = 0;
        for (int c = 0; c < classes; c++)
        {
            for (int i = 0; i < count; i++) values[i] = scores[((long)i * columns) + c];
            int fresh = Select(values, boxes, work, selected, count, boxesPerClass, least, overlap);

            // Both lists are in order of their scores: box and class of each detection. Of equal ones the new list's come first.
            int a = 0, b = 0, n = 0;
            for (; n < most && (a < length || b < fresh); n++)
            {
                bool isOld = b >= fresh || (a < length && scores[((long)kept[2 * a] * columns) + kept[(2 * a) + 1]] > values[selected[b]]);
                (merged[2 * n], merged[(2 * n) + 1]) = isOld ? (kept[2 * a], kept[(2 * a) + 1]) : (selected[b], c);
                if (isOld) a++;
                else b++;
            }

            new ReadOnlySpan<int>(merged, 2 * n).CopyTo(new Span<int>(kept, 2 * n));
            length = n;
        }

        for (int d = 0; d < length; d++)
        {
            (int box, int c) = (kept[2 * d], kept[(2 * d) + 1]);
            new ReadOnlySpan<float>(boxes + (4 * box), 4).CopyTo(new Span<float>(foundBoxes + (4 * d), 4));
            (foundClasses[d], foundScores[d]) = (c, scores[((long)box * columns) + c]);
        }

        return length;
    }

    /// <summary>The best boxes, by the score of their best class, with as many classes as there is room for.</summary>
    private static int ByBox(
        float* scores, float* foundBoxes, float* foundClasses, float* foundScores, float* boxes, float* values, int* work, int count, int columns, int classes,
        int most, int classesPerBox, float least, float overlap)
    {
        for (int i = 0; i < count; i++)
        {
            float* own = scores + ((long)i * columns);
            values[i] = own[0];
            for (int c = 1; c < classes; c++)
            {
                if (own[c] > values[i]) values[i] = own[c];
            }
        }

        int* selected = work + count, order = selected + count + (4 * most);
        int length = Select(values, boxes, work, selected, count, most, least, overlap), wanted = Math.Min(classesPerBox, classes);
        for (int d = 0; d < length; d++)
        {
            float* own = scores + ((long)selected[d] * columns);
            Best(own, order, classes, wanted);
            for (int n = 0; n < wanted; n++)
            {
                int to = (d * classesPerBox) + n;
                new ReadOnlySpan<float>(boxes + (4 * selected[d]), 4).CopyTo(new Span<float>(foundBoxes + (4 * to), 4));
                (foundClasses[to], foundScores[to]) = (order[n], own[order[n]]);
            }
        }

        return length;
    }

    /// <summary>
    /// The wanted classes of the highest scores, highest first, at the start of the order. TFLite calls std::partial_sort,
    /// which leaves the order of equal scores open; this is the one of libstdc++: a heap of the wanted ones, the least on top,
    /// which any better one replaces and which is then taken apart.
    /// </summary>
    private static void Best(float* scores, int* order, int classes, int wanted)
    {
        for (int c = 0; c < classes; c++) order[c] = c;
        for (int parent = (wanted - 2) / 2; wanted > 1 && parent >= 0; parent--) Sift(scores, order, parent, wanted, order[parent]);
        for (int c = wanted; c < classes; c++)
        {
            if (!(scores[order[c]] > scores[order[0]])) continue;
            int better = order[c];
            order[c] = order[0];
            Sift(scores, order, 0, wanted, better);
        }

        for (int last = wanted - 1; last > 0; last--)
        {
            int value = order[last];
            order[last] = order[0];
            Sift(scores, order, 0, last, value);
        }
    }

    /// <summary>Puts a class into the heap where there is a hole: the hole goes down to a leaf, and the class from there up to its place.</summary>
    private static void Sift(float* scores, int* heap, int hole, int length, int value)
    {
        int top = hole, child = hole;
        while (child < (length - 1) / 2)
        {
            child = 2 * (child + 1);
            if (scores[heap[child]] > scores[heap[child - 1]]) child--;
            heap[hole] = heap[child];
            hole = child;
        }

        if ((length & 1) == 0 && child == (length - 2) / 2)
        {
            child = (2 * child) + 1;
            heap[hole] = heap[child];
            hole = child;
        }

        for (int parent = (hole - 1) / 2; hole > top && scores[heap[parent]] > scores[value]; parent = (hole - 1) / 2)
        {
            heap[hole] = heap[parent];
            hole = parent;
        }

        heap[hole] = value;
    }

    /// <summary>Boxes in the order of their values that do not overlap a better one; their number.</summary>
    private static int Select(float* values, float* boxes, int* active, int* selected, int count, int most, float least, float overlap)
    {
        int length = 0;
        for (int i = 0; i < count; i++) active[i] = values[i] >= least ? 1 : 0;
        while (length < most)
        {
            int best = -1;
            for (int i = 0; i < count; i++)
            {
                if (active[i] != 0 && (best < 0 || values[i] > values[best])) best = i;
            }

            if (best < 0) break;
            selected[length++] = best;
            active[best] = 0;
            for (int i = 0; i < count; i++)
            {
                if (active[i] != 0 && Overlap(boxes + (4 * best), boxes + (4 * i)) > overlap) active[i] = 0;
            }
        }

        return length;
    }

    /// <summary>Intersection ÷ union of two boxes.</summary>
    private static float Overlap(float* a, float* b)
    {
        float areaA = (a[2] - a[0]) * (a[3] - a[1]), areaB = (b[2] - b[0]) * (b[3] - b[1]);
        if (areaA <= 0 || areaB <= 0) return 0;
        float height = Math.Min(a[2], b[2]) - Math.Max(a[0], b[0]), width = Math.Min(a[3], b[3]) - Math.Max(a[1], b[1]);
        float common = Math.Max(height, 0) * Math.Max(width, 0);
        return common / (areaA + areaB - common);
    }
}
