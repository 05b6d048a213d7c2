using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>ONNX Runtime as the oracle: one thread, and every operator as the model has it.</summary>
internal static class Ort
{
    /// <summary>Computes all outputs, in order.</summary>
    public static TensorData[] Run(byte[] model, IReadOnlyList<TensorData> inputs)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL };
        using var session = new InferenceSession(model, options);
        using var run = new RunOptions();
        OrtValue[] values = [.. inputs.Select(Wrap)];
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, session.InputNames, values, session.OutputNames);
            return [.. outputs.Select(Unwrap)];
        }
        finally
        {
            foreach (OrtValue value in values) value.Dispose();
        }
    }

    private static OrtValue Wrap(TensorData data)
    {
        long[] shape = [.. data.Shape.Select(d => (long)d)];
        return data.Type switch
        {
            ElementType.Float32 => OrtValue.CreateTensorValueFromMemory(data.Floats.ToArray(), shape),
            ElementType.Int64 => OrtValue.CreateTensorValueFromMemory(data.As<long>().ToArray(), shape),
            ElementType.UInt8 => OrtValue.CreateTensorValueFromMemory(data.Bytes, shape),
            ElementType.Int8 => OrtValue.CreateTensorValueFromMemory(data.As<sbyte>().ToArray(), shape),
            _ => throw new ArgumentException($"Inputs of type {data.Type} are not expected.", nameof(data)),
        };
    }

    private static TensorData Unwrap(OrtValue value)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        var shape = new Shape(info.Shape.Select(d => (int)d));
        return info.ElementDataType switch
        {
            TensorElementType.Float => TensorData.Of(shape, value.GetTensorDataAsSpan<float>()),
            TensorElementType.Int64 => TensorData.Of(shape, value.GetTensorDataAsSpan<long>()),
            TensorElementType.Int32 => TensorData.Of(shape, value.GetTensorDataAsSpan<int>()),
            TensorElementType.UInt8 => new TensorData(ElementType.UInt8, shape, value.GetTensorDataAsSpan<byte>().ToArray()),
            TensorElementType.Int8 => new TensorData(ElementType.Int8, shape,
                Array.ConvertAll(value.GetTensorDataAsSpan<sbyte>().ToArray(), v => unchecked((byte)v))),
            _ => throw new ArgumentException($"Outputs of type {info.ElementDataType} are not expected.", nameof(value)),
        };
    }
}
