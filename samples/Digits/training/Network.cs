using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Digits.Training;

/// <summary>Four 3×3 convolutions, each with batch normalisation and ReLU, and one dense layer: about 20 000 weights.</summary>
internal sealed class Network : Module<Tensor, Tensor>
{
    private static readonly int[] s_channels = [1, 8, 16, 32, 32];
    private static readonly int[] s_strides = [1, 2, 2, 2];

    private readonly Conv2d[] _convolutions = new Conv2d[4];
    private readonly BatchNorm2d[] _norms = new BatchNorm2d[4];
    private readonly Linear _dense;

    public Network()
        : base(nameof(Network))
    {
        for (int i = 0; i < _convolutions.Length; i++)
        {
            _convolutions[i] = Conv2d(s_channels[i], s_channels[i + 1], 3, stride: s_strides[i], padding: 1, bias: false);
            _norms[i] = BatchNorm2d(s_channels[i + 1]);
            register_module($"conv{i + 1}", _convolutions[i]);
            register_module($"norm{i + 1}", _norms[i]);
        }

        _dense = Linear(4 * 4 * s_channels[^1], 10);
        register_module("dense", _dense);
    }

    /// <summary>The logits: softmax belongs to the loss while training, and to the exported graph.</summary>
    public override Tensor forward(Tensor input)
    {
        for (int i = 0; i < _convolutions.Length; i++)
            input = functional.relu(_norms[i].forward(_convolutions[i].forward(input)));
        return _dense.forward(functional.dropout(input.flatten(1), 0.2, training));
    }

    /// <summary>Writes the graph as it was trained; folding the normalisation into the convolutions is the compiler's work.</summary>
    public void Export(string path)
    {
        var graph = new OnnxGraph();
        graph.Input("image", 1, 1, Preprocess.Size, Preprocess.Size);
        for (int i = 0; i < _convolutions.Length; i++)
        {
            string conv = $"conv{i + 1}", norm = $"norm{i + 1}";
            Save(graph, $"{conv}.weight", _convolutions[i].weight!);
            graph.Node(
                "Conv",
                conv,
                [$"{conv}.weight"],
                OnnxGraph.Attribute("kernel_shape", 3, 3),
                OnnxGraph.Attribute("pads", 1, 1, 1, 1),
                OnnxGraph.Attribute("strides", s_strides[i], s_strides[i]));

            Save(graph, $"{norm}.scale", _norms[i].weight!);
            Save(graph, $"{norm}.bias", _norms[i].bias!);
            Save(graph, $"{norm}.mean", _norms[i].running_mean!);
            Save(graph, $"{norm}.variance", _norms[i].running_var!);
            graph.Node(
                "BatchNormalization",
                norm,
                [$"{norm}.scale", $"{norm}.bias", $"{norm}.mean", $"{norm}.variance"],
                OnnxGraph.Attribute("epsilon", 1e-5f));
            graph.Node("Relu", $"relu{i + 1}", []);
        }

        graph.Node("Flatten", "flatten", [], OnnxGraph.Attribute("axis", 1L));
        Save(graph, "dense.weight", _dense.weight!);
        Save(graph, "dense.bias", _dense.bias!);
        graph.Node("Gemm", "dense", ["dense.weight", "dense.bias"], OnnxGraph.Attribute("transB", 1L));
        graph.Node("Softmax", "probabilities", [], OnnxGraph.Attribute("axis", 1L));
        graph.Output(1, 10);
        graph.Save(path);
    }

    private static void Save(OnnxGraph graph, string name, Tensor tensor) =>
        graph.Initializer(name, tensor.detach().contiguous().data<float>().ToArray(), tensor.shape);
}
