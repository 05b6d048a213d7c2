using System.Globalization;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Core.Data;

/// <summary>Reads files of one sample each for the only input of a network.</summary>
internal interface ISampleFormat
{
    /// <summary>Element type of the samples.</summary>
    ElementType Type { get; }

    /// <summary>Shape of a sample: the input's.</summary>
    IReadOnlyList<int> Shape { get; }

    /// <summary>What people may want to know.</summary>
    IReadOnlyList<Diagnostic> Notices { get; }

    /// <summary>The elements of a file's sample. It is called from several threads.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="file">Name for messages.</param>
    byte[] Read(ReadOnlyMemory<byte> bytes, string file);

    /// <summary>To call once all files are read: what they must have in common.</summary>
    void Finish();
}

/// <summary>Samples of files that are one sample each: of a folder at most as many as asked for are opened, in ordinal order of their paths.</summary>
internal static class SampleFolder
{
    // What all samples may take together.
    private const long MaxBytes = 1L << 30;

    // Decoding a large image takes hundreds of megabytes.
    private const int MostAtOnce = 4;

    /// <summary>Reads samples and labels.</summary>
    public static DataArrays Read(DataFiles files, DataFormat format, DataRequest request)
    {
        ISampleFormat reader = format.Samples!(request);
        string[] names = files.IsFolder ? [.. files.Names.Where(format.Has)] : [files.Names[0]];
        long size = reader.Shape.Aggregate((long)reader.Type.Size(), (a, b) => a * b);
        int fitting = (int)Math.Clamp(MaxBytes / size, 1, int.MaxValue);
        string[] chosen = [.. Spread(names, Math.Min(request.Most, fitting))];
        string[] paths = [.. chosen.Select(n => PathOf(n, request))];
        List<Diagnostic> notices = [];
        if (chosen.Length == fitting && fitting < Math.Min(names.Length, request.Most))
        {
            notices.Add(new("MC3014", DiagnosticSeverity.Info, request.File, null, string.Create(CultureInfo.InvariantCulture,
                $"Of {names.Length} files {fitting}, evenly spread, are used: they take 1 GiB as numbers."), "Give a folder with fewer files to choose them."));
        }

        (NumpyArray? labels, Diagnostic? classes) = request.HasLabels && files.IsFolder ? FolderLabels.Find(files, names, chosen, request) : default;
        if (classes is not null) notices.Add(classes);
        byte[] samples = ReadAll(files, chosen, paths, reader, (int)size);
        return DataArrays.Of(new NumpyArray(reader.Type, [chosen.Length, .. reader.Shape], samples), labels) with { Files = paths, Names = chosen,
            Notices = [.. reader.Notices, .. notices] };
    }

    /// <summary>How messages name a file of a folder.</summary>
    public static string PathOf(string name, DataRequest request) => name.Length == 0 ? request.File : $"{request.File}/{name}";

    // The same ones as of arrays.
    private static IEnumerable<string> Spread(string[] names, int most) => names.Length <= most ? names
        : Enumerable.Range(0, most).Select(i => names[(int)((long)i * names.Length / most)]);

    private static byte[] ReadAll(DataFiles files, string[] names, string[] paths, ISampleFormat reader, int size)
    {
        var samples = new byte[names.Length * (long)size];
        var errors = new ModelCompilationException?[names.Length];
        Parallel.For(0, names.Length, new ParallelOptions { MaxDegreeOfParallelism = Math.Min(Environment.ProcessorCount, MostAtOnce) }, (i, loop) =>
        {
            // What comes after an error need not be read; what comes before is, so that the first error is told.
            if (loop.ShouldExitCurrentIteration && loop.LowestBreakIteration < i) return;
            try
            {
                reader.Read(files.Read(names[i], paths[i]), paths[i]).CopyTo(samples, i * (long)size);
            }
            catch (ModelCompilationException e)
            {
                errors[i] = e;
                loop.Break();
            }
        });
        if (errors.FirstOrDefault(e => e is not null) is { } error) throw error;
        reader.Finish();
        return samples;
    }
}
