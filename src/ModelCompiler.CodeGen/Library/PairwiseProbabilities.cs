namespace ModelCompiler.CodeGen.Library;

/// <summary>Probabilities of classes from machines that tell every two of them apart.</summary>
internal static unsafe partial class PairwiseProbabilities
{
    /// <summary>
    /// Scores of pairs [rows, pairs] to probabilities [rows, classes]: each score is one of the two by a sigmoid,
    /// and what agrees best with all pairs is found by iteration, as ONNX Runtime does (Wu, Lin, Weng: Probability estimates for multi-class classification by
    /// pairwise coupling). Needs memory for 2 · classes² + classes numbers.
    /// </summary>
    public static void Couple(float* scores, float* probabilities, float* work, float* slope, float* offset, int rows, int classes)
    {
        float* pairs = work;
        float* q = pairs + (classes * classes);
        float* qp = q + (classes * classes);
        for (int row = 0; row < rows; row++, probabilities += classes)
        {
            int pair = 0;
            for (int i = 0; i < classes; i++)
            {
                pairs[(i * classes) + i] = 0;
                for (int j = i + 1; j < classes; j++, pair++)
                {
                    float first = Math.Min(Math.Max(1 - Logistic((*scores++ * slope[pair]) + offset[pair]), 1e-7f), 1 - 1e-7f);
                    (pairs[(i * classes) + j], pairs[(j * classes) + i]) = (first, 1 - first);
                }
            }

            for (int i = 0; i < classes; i++)
            {
                float sum = 0;
                for (int j = 0; j < classes; j++)
                {
                    float other = pairs[(j * classes) + i];
                    if (j != i) sum += other * other;
                    q[(i * classes) + j] = -other * pairs[(i * classes) + j];
                }

                q[(i * classes) + i] = sum;
                probabilities[i] = 1f / classes;
            }

            for (int round = 0; round < 100 && Improve(probabilities, q, qp, classes); round++)
            {
            }
        }
    }

    /// <summary>One step towards the probabilities where q · p is the same for all classes; false when it nearly is.</summary>
    private static bool Improve(float* p, float* q, float* qp, int classes)
    {
        float product = 0, error = 0;
        for (int i = 0; i < classes; i++)
        {
            qp[i] = 0;
            for (int j = 0; j < classes; j++) qp[i] += q[(i * classes) + j] * p[j];
            product += p[i] * qp[i];
        }

        for (int i = 0; i < classes; i++) error = Math.Max(error, Math.Abs(qp[i] - product));
        if (error < 0.005f / classes) return false;
        for (int i = 0; i < classes; i++)
        {
            float own = q[(i * classes) + i], step = (product - qp[i]) / own;
            p[i] += step;
            product = (product + (step * ((step * own) + (2 * qp[i])))) / (1 + step) / (1 + step);
            for (int j = 0; j < classes; j++)
            {
                qp[j] = (qp[j] + (step * q[(i * classes) + j])) / (1 + step);
                p[j] /= 1 + step;
            }
        }

        return true;
    }

    /// <summary>1 ÷ (1 + e⁻ˣ).</summary>
    private static float Logistic(float x)
    {
        float positive = 1 / (1 + MathF.Exp(-Math.Abs(x)));
        return x < 0 ? 1 - positive : positive;
    }
}
