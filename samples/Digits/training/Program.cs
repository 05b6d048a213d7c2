using System.Diagnostics;
using System.Runtime.CompilerServices;
using Digits.Training;
using TorchSharp;
using static TorchSharp.torch;

const int Epochs = 60;
const int BatchSize = 64;
const int Seed = 1;

string sample = Path.GetFullPath(Path.Combine(SourceFolder(), ".."));
if (args is ["--assets"])
{
    WriteAssets();
    return 0;
}

if (args is not [var data])
{
    Console.Error.WriteLine("Usage: dotnet run -c Release -- <folder with train.npz and test.npz> | --assets");
    return 2;
}

WriteAssets();
random.manual_seed(Seed);
set_num_threads(2); // sums are grouped by thread: another number gives slightly different weights
var train = new TrainingData(Path.Combine(data, "train.npz"));
var test = new TrainingData(Path.Combine(data, "test.npz"));
using var network = new Network();
Console.WriteLine($"{network.parameters().Sum(p => p.numel())} weights, {train.Count} training and {test.Count} test scans");

using optim.Optimizer optimizer = optim.AdamW(network.parameters(), lr: 3e-3, weight_decay: 1e-2);
int steps = Epochs * ((train.Count + 2 * train.Count / 3 + BatchSize - 1) / BatchSize);
optim.lr_scheduler.LRScheduler schedule = optim.lr_scheduler.OneCycleLR(optimizer, max_lr: 6e-3, total_steps: steps);
var watch = Stopwatch.StartNew();
for (int epoch = 1; epoch <= Epochs; epoch++)
{
    using DisposeScope epochScope = NewDisposeScope();
    (Tensor x, Tensor y) = train.Epoch(seed: epoch);
    network.train();
    double loss = 0;
    for (int start = 0; start < y.shape[0]; start += BatchSize)
    {
        using DisposeScope stepScope = NewDisposeScope();
        int end = Math.Min(start + BatchSize, (int)y.shape[0]);
        optimizer.zero_grad();
        Tensor error = nn.functional.cross_entropy(network.forward(x[start..end]), y[start..end], label_smoothing: 0.05);
        error.backward();
        optimizer.step();
        schedule.step();
        loss += error.item<float>() * (end - start);
    }

    Console.WriteLine($"epoch {epoch,2}: loss {loss / y.shape[0]:F4}, {watch.Elapsed.TotalSeconds:F0} s");
}

Console.WriteLine($"test scans: {Accuracy(test.Plain()):P2} right");
Console.WriteLine($"new drawings: {Accuracy(TrainingData.Drawings(2000, firstSeed: 10_000_000)):P2} right");
network.Export(Path.Combine(sample, "digits.onnx"));
return 0;

void WriteAssets()
{
    Assets.WriteImages(Path.Combine(sample, "images"));
    Assets.WriteCalibration(Path.Combine(sample, "calibration.npz"));
}

double Accuracy((Tensor X, Tensor Y) samples)
{
    network.eval();
    using IDisposable gradients = no_grad();
    return network.forward(samples.X).argmax(1).eq(samples.Y).to(float32).mean().item<float>();
}

static string SourceFolder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
