using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core;

/// <summary>Marks a property of <see cref="CompilationOptions"/> as item metadata and command-line option.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionAttribute(string help) : Attribute
{
    /// <summary>One sentence for the command line and the documentation.</summary>
    public string Help { get; } = help;

    /// <summary>True when the value is a path, which hosts resolve against the project and read.</summary>
    public bool IsFile { get; init; }

    /// <summary>True when the option names the emitted class and does not change its arithmetic.</summary>
    public bool IsNaming { get; init; }
}

/// <summary>Numeric format the network is compiled to.</summary>
public enum Precision
{
    /// <summary>As the model is: float stays float, quantised stays quantised; a float model with calibration data becomes int8.</summary>
    Default,

    /// <summary>IEEE 754 binary32 throughout.</summary>
    Float32,

    /// <summary>As <see cref="Float32"/>, with the weights of layers rounded to IEEE 754 binary16 and stored as such.</summary>
    Float16,

    /// <summary>16-bit symmetric activations and 8-bit weights, sums of 64 bits: integers only, and nearly as accurate as floats.</summary>
    Int16,

    /// <summary>8-bit integers: per-channel symmetric weights, asymmetric activations, int32 accumulators.</summary>
    Int8,

    /// <summary>As <see cref="Int8"/>, with weights of 4 bits.</summary>
    Int4,

    /// <summary>As <see cref="Int8"/>, but weights of 3 to 8 bits layer by layer, as few as the limits ask for or the outputs bear.</summary>
    Auto,
}

/// <summary>
/// What the user asked for: the metadata of a <c>NeuralModel</c> item, equally the options of <c>modelc</c> (in kebab-case).
/// The properties marked <see cref="OptionAttribute"/> are the one list that the task, the targets, the tool and the docs follow.
/// </summary>
public sealed record CompilationOptions
{
    /// <summary>Name of the generated class.</summary>
    [Option("Name of the generated class; by default the file name in Pascal case.", IsNaming = true)]
    public string? ClassName { get; init; }

    /// <summary>Namespace of the generated class.</summary>
    [Option("Namespace of the generated class; by default the project's root namespace.", IsNaming = true)]
    public string? Namespace { get; init; }

    /// <summary><c>public</c> or <c>internal</c>.</summary>
    [Option("Accessibility of the generated class: public (default) or internal.", IsNaming = true)]
    public string Accessibility { get; init; } = "public";

    /// <summary>Shapes for named or unknown input dimensions.</summary>
    [Option("Shapes of inputs with unknown dimensions, such as 'image:1x3x224x224;mask:1x77' (the name may be left out when there is one input).")]
    public string? InputShapes { get; init; }

    /// <summary>Values for inputs that become constants.</summary>
    [Option("Inputs that become constants of the network, because shapes depend on them, such as 'axes:0,2;depth:10' (row-major).")]
    public string? InputValues { get; init; }

    /// <summary>Numeric format.</summary>
    [Option("Numeric format: Float32, Float16 (weights in half precision, computed in float32), Int16 (activations of 16 bits, weights "
        + "of 8), Int8, Int4 (Int8 with weights of 4 bits), or Auto (Int8 with "
        + "weights of 3 to 8 bits, layer by layer: what MaxWeightBytes asks for, else as few as the outputs bear); by default the model's own, or Int8 when "
        + "calibration data is given.")]
    public Precision Precision { get; init; }

    /// <summary>Numeric formats of single layers.</summary>
    [Option("Formats of single layers, in place of what Precision says, such as 'conv1=Float32;block3/*=Int4': names as inspect shows them, * for any letters; "
        + "Float32, Float16, Int16, Int8, or Int2 to Int7 for weights of so many bits. Of several that fit a layer the last counts.")]
    public string? LayerPrecision { get; init; }

    /// <summary>Bits of quantised weights, 0 for the default.</summary>
    [Option("Bits of the weights that post-training quantisation makes, 2 to 8; by default 7 on x64 where that costs no accuracy (7 bits multiply faster), "
        + "otherwise 8.")]
    public int WeightBits { get; init; }

    /// <summary>Bits of quantised weights that the user asked for in one way or the other, 0 for the default.</summary>
    internal int AskedWeightBits => WeightBits == 0 && Precision == Precision.Int4 ? 4 : WeightBits;

    /// <summary>True when weights are to take few bytes also where unpacking them takes as long as what they are used for.</summary>
    internal bool WantsSmallWeights => AskedWeightBits is > 0 and < 7 || Clusters > 0 || Precision is Precision.Auto or Precision.Float16
        || LayerPrecision is not null;

    /// <summary>How much of the multiply-accumulate operations stays when layers become chains of thinner ones.</summary>
    [Option("The share of all multiply-accumulates that is kept when layers become chains of thinner ones (low rank), such as 0.75; or Auto: as few as the "
        + "limits of accuracy allow, without them as few as the outputs bear. Needs calibration data.")]
    public string? LowRank { get; init; }

    /// <summary>What goes together when a network is pruned.</summary>
    [Option("What goes together: Channels (whole filters and neurons, so that layers are smaller), or weights that become zero: Unstructured (the default with "
        + "Sparsity), N:M such as 2:4 (of every four weights of an output two stay), or blocks of outputs × inputs that kernels skip, such as Block1x4 or "
        + "Block16x4. Needs calibration data.")]
    public string? Pruning { get; init; }

    /// <summary>How much goes when a network is pruned.</summary>
    [Option("The share of all weights that becomes zero (of Channels: of all multiply-accumulates that goes), such as 0.5, the layers that bear it best first; "
        + "or Auto: as much as the limits of accuracy allow, without them as much as the outputs bear.")]
    public string? Sparsity { get; init; }

    /// <summary>How many values weights share, 0 for any number.</summary>
    [Option("How many different values the weights of a layer share, each times the scale of its output: 2 to 256. Needs calibration data.")]
    public int Clusters { get; init; }

    /// <summary>How accumulators become activations.</summary>
    [Option("How int32 accumulators become 8-bit activations: Float (default, as ONNX Runtime) or FixedPoint (integers only, bit-exact with the TFLite "
        + "reference kernels).")]
    public RequantizationMode Requantization { get; init; }

    /// <summary>Calibration data.</summary>
    [Option("Representative inputs for post-training quantisation: an .npz file (arrays named after the inputs, or x); for one input also an .npy, .csv or "
        + ".bin file, or a folder of images or .wav files.", IsFile = true)]
    public string? Calibration { get; init; }

    /// <summary>How activation ranges are chosen.</summary>
    [Option("How activation ranges are chosen from calibration data: MinMax, Percentile (default), a percentile such as Percentile:99.99, Mse (least square "
        + "error), Entropy (least divergence), or Auto (value by value, by what a range costs the outputs).")]
    public string? CalibrationMethod { get; init; }

    /// <summary>Upper bound of calibration samples used.</summary>
    [Option("At most this many calibration samples, evenly spread, are used (default 256).")]
    public int CalibrationSamples { get; init; } = 256;

    /// <summary>How images become inputs.</summary>
    [Option("How images of calibration and evaluation data become inputs, such as 'resize=short:256;crop=224;mean=0.485,0.456,0.406;std=0.229,0.224,0.225'; "
        + "keys: layout, resize, crop, scale or range, mean, std. By default they are resized to the input's size, and float inputs get 0 to 1.")]
    public string? Preprocess { get; init; }

    /// <summary>Data to measure accuracy on.</summary>
    [Option("Inputs with labels or targets, on which the build measures the compiled network, beside the float network: an .npz file (array y); for one "
        + "input also a .csv file (column y), or a folder of images or .wav files with a sub-folder for each class or a labels.csv.", IsFile = true)]
    public string? Evaluation { get; init; }

    /// <summary>What is measured on it.</summary>
    [Option("What is measured on the evaluation data: top1, top5, mse, mae or agreement (with the original, on the largest element along the last axis of "
        + "every output); by default top1 for labels, mse for targets, agreement without either.")]
    public string? Metric { get; init; }

    /// <summary>How much worse than the float network the compiled one may be.</summary>
    [Option("How much worse than the float network the compiled one may be on the evaluation data, such as 0.01 for a point of top1 (of mse and mae, relative "
        + "to the float network's); more is an error.")]
    public double? MaxAccuracyDrop { get; init; }

    /// <summary>How good the compiled network must be.</summary>
    [Option("How good the compiled network must be on the evaluation data, such as 0.9 for 90 % (of mse and mae, the most that they may be); else it is an "
        + "error.")]
    public double? MinAccuracy { get; init; }

    /// <summary>What groups the samples of the evaluation data.</summary>
    [Option("Measures groups of the evaluation data, too: the name of an array with one number or text for each sample, of a column of a table, or folder:1, "
        + "folder:2 … for a level of sub-folders.")]
    public string? GroupBy { get; init; }

    /// <summary>How much worse than the float network the compiled one may be for any group.</summary>
    [Option("How much worse than the float network the compiled one may be for any group of GroupBy, as in MaxAccuracyDrop; more is an error.")]
    public double? MaxGroupDrop { get; init; }

    /// <summary>Most bytes of weights, 0 for any number.</summary>
    [Option("Most bytes that the weights may take, tables beside them included; more is an error, and what Precision Auto aims at.")]
    public int MaxWeightBytes { get; init; }

    /// <summary>Most bytes of working memory, 0 for any number.</summary>
    [Option("Most bytes of working memory that an instance may take; more is an error.")]
    public int MaxArenaBytes { get; init; }

    /// <summary>Machine to compile for.</summary>
    [Option("Machine to compile for; by default any, with AVX2 where there is.")]
    public string? Target { get; init; }

    /// <summary>All options, in declaration order.</summary>
    public static ImmutableArray<PropertyInfo> All { get; } =
        [.. typeof(CompilationOptions).GetProperties().Where(p => p.GetCustomAttribute<OptionAttribute>() is not null)];

    /// <summary>
    /// Reads options from metadata; empty values count as absent.
    /// </summary>
    /// <exception cref="ModelCompilationException">MC9002: an unknown name or an unreadable value.</exception>
    public static CompilationOptions Parse(IEnumerable<KeyValuePair<string, string>> metadata)
    {
        var options = new CompilationOptions();
        foreach ((string name, string text) in metadata)
        {
            if (string.IsNullOrWhiteSpace(text)) continue;
            PropertyInfo property = All.FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                ?? throw new ModelCompilationException("MC9002", $"There is no option '{name}'.",
                    $"Options are: {string.Join(", ", All.Select(p => OptionText.Of(p.Name)))}.");
            property.SetValue(options, ParseValue(property, text.Trim()));
        }

        return options;
    }

    private static object ParseValue(PropertyInfo property, string text)
    {
        Type type = property.PropertyType;
        if (type == typeof(string)) return text;
        if (type == typeof(int) && int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int number) && number > 0) return number;
        if (type == typeof(double?) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) && real >= 0
            && double.IsFinite(real)) return real;
        if (type.IsEnum && Enum.TryParse(type, text, ignoreCase: true, out object? value) && Enum.IsDefined(type, value!) && !char.IsDigit(text[0]))
            return value!;
        string expected = type.IsEnum ? string.Join(", ", Enum.GetNames(type)) : type == typeof(double?) ? "a number from 0 up, such as 0.01"
            : "a positive integer";
        throw new ModelCompilationException("MC9002", $"'{text}' is not a value of option '{OptionText.Of(property.Name)}'.", $"Give {expected}.");
    }

    /// <summary>The texts that an option takes; none where any text or number of some form will do.</summary>
    public static IReadOnlyList<string> ValuesOf(PropertyInfo option) =>
        option.Name == nameof(Target) ? [.. CodeGen.Emit.Target.Names] : option.PropertyType.IsEnum ? Enum.GetNames(option.PropertyType) : [];

    /// <summary>The name of a file or folder without those above it.</summary>
    internal static string FileName(string path) => Path.GetFileName(path.TrimEnd('/', Path.DirectorySeparatorChar));

    /// <summary>The options that differ from the defaults as canonical text, file options by file name only, for the plan's header.</summary>
    public string ToCanonicalText()
    {
        var defaults = new CompilationOptions();
        var text = new StringBuilder();
        foreach (PropertyInfo property in All)
        {
            OptionAttribute option = property.GetCustomAttribute<OptionAttribute>()!;
            object? value = property.GetValue(this);
            if (option.IsNaming || Equals(value, property.GetValue(defaults))) continue;
            if (option.IsFile) value = FileName((string)value!);
            if (text.Length > 0) text.Append(' ');
            text.Append(CultureInfo.InvariantCulture, $"{property.Name}={value}");
        }

        return text.ToString();
    }
}
