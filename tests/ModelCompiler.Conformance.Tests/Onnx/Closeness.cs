using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>Compares with the oracle within the tolerance that different orders of summation need.</summary>
internal static class Closeness
{
    /// <summary>Every element within absolute + relative × |expected|.</summary>
    public static void AssertReal(TensorData expected, TensorData actual, double relative, double absolute)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal(expected.Type, actual.Type);
        for (int i = 0; i < expected.Count; i++)
        {
            (double wanted, double got) = (expected.ToDouble(i), actual.ToDouble(i));
            bool isClose = wanted.Equals(got) || Math.Abs(wanted - got) <= absolute + (relative * Math.Abs(wanted));
            Assert.True(isClose, $"Element {i} is {got}, ONNX Runtime says {wanted}.");
        }
    }

    /// <summary>At least 99.5 % of the elements within one step, none further off than two.</summary>
    /// <param name="expected">What ONNX Runtime says.</param>
    /// <param name="actual">Ours.</param>
    /// <param name="step">Real value of one integer step; 1 for integers.</param>
    public static void AssertSteps(TensorData expected, TensorData actual, double step)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal(expected.Type, actual.Type);
        int far = 0;
        for (int i = 0; i < expected.Count; i++)
        {
            double steps = Math.Round(Math.Abs(expected.ToDouble(i) - actual.ToDouble(i)) / step);
            Assert.True(steps <= 2, $"Element {i} is {actual.ToDouble(i)}, ONNX Runtime says {expected.ToDouble(i)}: {steps} steps.");
            if (steps > 1) far++;
        }

        Assert.True(far <= 0.005 * expected.Count, $"{far} of {expected.Count} elements are two steps off.");
    }
}
