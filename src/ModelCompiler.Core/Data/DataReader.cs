using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Data;

/// <summary>Whose samples are to be read, and which.</summary>
/// <param name="Graph">The network.</param>
/// <param name="File">How messages name the file or folder; its ending says which format it has.</param>
/// <param name="Options">How images become numbers.</param>
internal sealed record DataRequest(ModelGraph Graph, string File, CompilationOptions Options)
{
    /// <summary>Of a folder at most so many samples are read, evenly spread.</summary>
    public int Most { get; init; } = int.MaxValue;

    /// <summary>True to look for labels beside the samples, too.</summary>
    public bool HasLabels { get; init; } = true;

    /// <summary>The input of a network that has one.</summary>
    /// <param name="kind">What the data is, for the message.</param>
    /// <exception cref="ModelCompilationException">MC3010: it has another number.</exception>
    public Value OnlyInput(string kind)
    {
        Value[] inputs = [.. Graph.InputValues];
        return inputs.Length == 1 ? inputs[0] : throw new ModelCompilationException("MC3010",
            $"{kind} can stand for one input, and the network has {inputs.Length}.",
            $"Give an .npz file with arrays named after the inputs: {string.Join(", ", inputs.Select(v => $"'{v.Name}'"))}.", file: File);
    }
}

/// <summary>Samples and labels as arrays.</summary>
/// <param name="Arrays">What an .npz file would hold: arrays named after inputs (or <c>x</c>), and <c>y</c>.</param>
internal sealed record DataArrays(OrderedDictionary<string, NumpyArray> Arrays)
{
    /// <summary>The name of the array of labels and targets.</summary>
    public const string Labels = "y";

    /// <summary>The file of each sample, as messages name it, where every sample is a file.</summary>
    public IReadOnlyList<string>? Files { get; init; }

    /// <summary>The same, relative to the folder, with slashes.</summary>
    public IReadOnlyList<string>? Names { get; init; }

    /// <summary>What people may want to know.</summary>
    public IReadOnlyList<Diagnostic> Notices { get; init; } = [];

    /// <summary>Samples of one input, and labels if there are any.</summary>
    public static DataArrays Of(NumpyArray samples, NumpyArray? labels)
    {
        var arrays = new OrderedDictionary<string, NumpyArray>(StringComparer.Ordinal) { [NpzArchive.SingleArray] = samples };
        if (labels is not null) arrays.Add(Labels, labels);
        return new DataArrays(arrays);
    }
}

/// <summary>A format that data files may have.</summary>
/// <param name="Kind">What such data is called.</param>
/// <param name="Extensions">How its names end.</param>
internal sealed record DataFormat(string Kind, string[] Extensions)
{
    /// <summary>Reads a file of many samples; null where each file is one.</summary>
    public Func<ReadOnlyMemory<byte>, DataRequest, DataArrays>? Table { get; init; }

    /// <summary>Reads files of one sample each, which a folder may be full of.</summary>
    public Func<DataRequest, ISampleFormat>? Samples { get; init; }

    /// <summary>True for files of this format.</summary>
    public bool Has(string name) => Extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);
}

/// <summary>Reads data of every format. NumPy's is what files have that no other format knows by their names.</summary>
internal static class DataReader
{
    private static readonly DataFormat[] Formats =
    [
        new("Images", [".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tga", ".ppm", ".pgm"]) { Samples = request => new ImageSamples(request) },
        new("Recordings", [".wav"]) { Samples = request => new WaveSamples(request) },
        new("A table", [".csv"]) { Table = CsvSamples.Read },
        new("Raw numbers", [".bin", ".raw"]) { Table = RawSamples.Read },
    ];

    /// <summary>Reads samples and labels.</summary>
    /// <exception cref="ModelCompilationException">MC1005, MC1006, MC1015, MC3001, MC3003, MC3010, MC3012: the data cannot be read, or does not fit the
    /// network.</exception>
    public static DataArrays Read(DataFiles files, DataRequest request)
    {
        if (files.IsFolder) return SampleFolder.Read(files, FormatOf(files, request.File), request);
        DataFormat? format = Formats.FirstOrDefault(f => f.Has(request.File));
        if (format is { Samples: not null }) return SampleFolder.Read(files, format, request);
        ReadOnlyMemory<byte> bytes = files.Read(files.Names[0], request.File);
        return format?.Table is { } read ? read(bytes, request) : new DataArrays(NpzArchive.Read(bytes, request.File));
    }

    private static DataFormat FormatOf(DataFiles files, string folder)
    {
        DataFormat[] found = [.. Formats.Where(f => f.Samples is not null && files.Names.Any(f.Has))];
        if (found.Length == 1) return found[0];
        string endings = string.Join(", ", Formats.Where(f => f.Samples is not null).SelectMany(f => f.Extensions));
        throw found.Length == 0
            ? new ModelCompilationException("MC3010", "The folder holds no samples.", $"Names of images and recordings end in {endings}; name other files "
                + "themselves.", file: folder)
            : new ModelCompilationException("MC3010", "The folder holds images as well as recordings.", "Give a folder of one kind.", file: folder);
    }
}
