using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Fourier transform of real sequences [.., n], filled up with zeros, to spectra [.., length + 2] of length ÷ 2 + 1 complex numbers; or the inverse,
/// from spectra to sequences [.., length]. Int16 and int32 numbers are fractions and shrink by the length on the way, as kissfft does it.
/// </summary>
/// <param name="Length">Numbers of a transform; even.</param>
/// <param name="Inverse">True for spectra to sequences.</param>
internal sealed record SignalFourier(int Length, bool Inverse) : Operator
{
    /// <inheritdoc/>
    public override string Name => Inverse ? "SignalIrfft" : "SignalRfft";

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        if (input.Type is not (ElementType.Int16 or ElementType.Int32 or ElementType.Float32))
            throw new ModelCompilationException("MC2003", $"'{input.Name}' has elements of type {input.Type}, which a Fourier transform does not take.",
                "Use int16, int32 or float32.");
        InferenceContext.Require(input.Shape.Rank > 0 && Length >= 2 && Length % 2 == 0 && Length <= 1 << 24,
            $"A Fourier transform of {Length} numbers is not possible.");
        InferenceContext.Require(Inverse ? input.Shape[-1] == Length + 2 : input.Shape[-1] > 0 && input.Shape[-1] <= Length,
            $"A tensor of shape {input.Shape} does not fit a transform of {Length} numbers.");
        return [new TensorType(input.Type, input.Shape.With(-1, Inverse ? Length : Length + 2))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Value input = context.Input(0);
        int[] factors = Factors(Length / 2);
        string number = input.Type switch { ElementType.Int16 => "FourierInt16", ElementType.Int32 => "FourierInt32", _ => "FourierFloat" };
        return new LibraryCall(Inverse ? "Fourier.Inverse" : "Fourier.Forward", input.Type.Name(), number).In(0).Out(0)
            .Weights(Twiddles(input.Type)).Scratch(input.Type, (2 * Length) + (2 * factors.Where((_, i) => i % 2 == 0).Max()))
            .Table("Factors", factors).Number(input.Shape.Elements / input.Shape[-1], input.Shape[-1], Length);
    }

    // Fours first, then twos, threes and odd numbers; each with what is left.
    private static int[] Factors(int n)
    {
        var factors = new List<int>();
        double root = Math.Floor(Math.Sqrt(n));
        int p = 4;
        do
        {
            while (n % p != 0)
            {
                p = p switch { 4 => 2, 2 => 3, _ => p + 2 };
                if (p > root) p = n;
            }

            n /= p;
            factors.AddRange([p, n]);
        }
        while (n > 1);
        return [.. factors];
    }

    private TensorData Twiddles(ElementType type)
    {
        int n = Length / 2;
        var data = new TensorData(type, new Shape((2 * n) + (2 * (n / 2))));
        double scale = type switch { ElementType.Int16 => short.MaxValue, ElementType.Int32 => int.MaxValue, _ => 1 };
        for (int i = 0; i < n; i++) Set(i, -2 * Math.PI * i / n);
        for (int i = 0; i < n / 2; i++) Set(n + i, -Math.PI * (((double)(i + 1) / n) + 0.5));
        return data;

        void Set(int at, double phase)
        {
            (double sine, double cosine) = Math.SinCos(Inverse ? -phase : phase);
            data.Set(2 * at, type == ElementType.Float32 ? cosine : Math.Floor(0.5 + (scale * cosine)));
            data.Set((2 * at) + 1, type == ElementType.Float32 ? sine : Math.Floor(0.5 + (scale * sine)));
        }
    }

    [TfLiteOperator("SignalRfft", Integers = IntegerSupport.Fixed)]
    internal static void ForwardFromTfLite(TfLiteNode node) =>
        node.Emit(new SignalFourier(new FlexMap(node.CustomOptions.Span).Int32("fft_length"), false), node.Input(0));

    [TfLiteOperator("SignalIrfft", Integers = IntegerSupport.Fixed)]
    internal static void InverseFromTfLite(TfLiteNode node) =>
        node.Emit(new SignalFourier(new FlexMap(node.CustomOptions.Span).Int32("fft_length"), true), node.Input(0));
}
