using System.Text;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Evaluation;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Tests.Data;

namespace ModelCompiler.Core.Tests.Evaluation;

public class SampleGroupsTests
{
    [Fact]
    public void Numbers_group_in_their_order()
    {
        IReadOnlyList<SampleGroup> groups = SampleGroups.Find("patient", Data(("patient", NumpyArray.Of<int>([10, 2, 10, 2, 7]))), 5, "d.npz");
        Assert.Equal(["2", "7", "10"], groups.Select(g => g.Name));
        Assert.Equal([[1, 3], [4], [0, 2]], groups.Select(g => g.Samples));
    }

    [Fact]
    public void Texts_group_too()
    {
        byte[] header = Encoding.ASCII.GetBytes("{'descr': '<U3', 'fortran_order': False, 'shape': (3,), }\n");
        byte[] file = [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header, .. Encoding.UTF32.GetBytes("b\0\0äöü" + "b\0\0")];
        NumpyArray texts = NpyFormat.Read(file);
        Assert.Equal(["b", "äöü", "b"], texts.Texts!);
        IReadOnlyList<SampleGroup> groups = SampleGroups.Find("site", Data(("site", texts)), 3, "d.npz");
        Assert.Equal(["b", "äöü"], groups.Select(g => g.Name));
    }

    [Fact]
    public void A_column_of_a_table_is_no_element_of_the_input()
    {
        DataArrays data = Read(Encoding.UTF8.GetBytes("a,b,site,y\n1,2,north,0\n3,4,south,1\n5,6,north,1\n"), new() { GroupBy = "site" });
        Assert.Equal([1f, 2, 3, 4, 5, 6], data.Arrays["x"].ToFloats());
        Assert.Equal([0f, 1, 1], data.Arrays["y"].ToFloats());
        Assert.Equal([[0, 2], [1]], SampleGroups.Find("site", data, 3, "d.csv").Select(g => g.Samples));
    }

    [Fact]
    public void Levels_of_folders_group()
    {
        byte[] red = TestFiles.Png(1, 3, 255, 0, 0);
        string[] names = ["0/north/a.png", "0/south/b.png", "1/north/c.png"];
        DataArrays data = DataReader.Read(new DataFiles(names, _ => red), new(Graph(1, 3, 2, 2), "my/images", new()));
        Assert.Equal(["0", "1"], SampleGroups.Find("folder", data, 3, "my/images").Select(g => g.Name));
        Assert.Equal([[0, 2], [1]], SampleGroups.Find("folder:2", data, 3, "my/images").Select(g => g.Samples));
        Assert.Contains("does not lie 3 folders deep", Assert.Throws<ModelCompilationException>(() => SampleGroups.Find("folder:3", data, 3, "my/images"))
            .Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("age")]
    [InlineData("folder")]
    [InlineData("x")]
    public void What_is_not_there_is_an_error(string groupBy)
    {
        DataArrays data = Data(("x", NumpyArray.Of<float>(new float[12], 3, 4)), ("patient", NumpyArray.Of<int>([1, 2, 3])));
        Assert.Equal("MC3015", Assert.Throws<ModelCompilationException>(() => SampleGroups.Find(groupBy, data, 3, "d.npz")).Code);
    }

    [Fact]
    public void A_group_that_loses_is_found_and_told_from_noise()
    {
        // Of 20 samples of group a all become wrong; of b one does, another becomes right.
        double[] before = [.. Enumerable.Repeat(1.0, 20), .. Enumerable.Repeat(1.0, 19), 0], after = [.. new double[20], 0, .. Enumerable.Repeat(1.0, 19)];
        SampleGroup[] groups = [new("a", [.. Enumerable.Range(0, 20)]), new("b", [.. Enumerable.Range(20, 20)])];
        IReadOnlyList<GroupAccuracy> accuracies = GroupAccuracy.Of(Metric.Top1, groups, before, after);
        Assert.Equal(1, accuracies[0].Drop);
        Assert.True(accuracies[0].Chance < 1e-5);
        Assert.Equal(0, accuracies[1].Drop!.Value, 1e-12);
        Assert.True(accuracies[1].Chance > 0.5);
    }

    [Fact]
    public void Texts_are_no_inputs()
    {
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(() =>
            SampleSet.For(Graph(1, 1), Data(("x", NumpyArray.OfTexts(["a", "b"]))).Arrays, "d.npz"));
        Assert.Equal("MC3003", error.Code);
    }

    private static DataArrays Data(params (string Name, NumpyArray Array)[] arrays) =>
        new(new OrderedDictionary<string, NumpyArray>(arrays.Select(a => KeyValuePair.Create(a.Name, a.Array)), StringComparer.Ordinal));

    private static DataArrays Read(byte[] table, CompilationOptions options) => DataReader.Read(((DataFiles?)table)!, new(Graph(1, 2), "d.csv", options));

    private static ModelGraph Graph(params int[] shape)
    {
        var editor = new GraphEditor();
        Value x = editor.AddValue("x", new TensorType(ElementType.Float32, new Shape(shape)));
        editor.Inputs.Add(x.Id);
        editor.Outputs.Add(x.Id);
        editor.OutputNames.Add("y");
        return editor.ToGraph();
    }
}
