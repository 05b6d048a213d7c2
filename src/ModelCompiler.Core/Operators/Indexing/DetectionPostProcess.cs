using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Detections of an SSD network. Inputs: encoded boxes [1, N, 4 or more], scores [1, N, classes or one more], anchors [N, 4], all float. Outputs: boxes [1,
/// M, 4] as top, left, bottom and right, classes [1, M], scores [1, M] and the number of detections [1], all float;
/// M is <paramref name="Most"/> × <paramref name="ClassesPerBox"/>.
/// </summary>
/// <param name="Most">Most detections.</param>
/// <param name="ClassesPerBox">Classes of each detection, where boxes are chosen by their best class.</param>
/// <param name="BoxesPerClass">Most boxes of a class, where they are chosen for every class.</param>
/// <param name="ByClass">True to choose boxes for every class on its own.</param>
/// <param name="Classes">Number of classes.</param>
/// <param name="Least">Least score.</param>
/// <param name="Overlap">Largest intersection ÷ union of two boxes.</param>
/// <param name="Scales">Divisors of y, x, height and width.</param>
internal sealed record DetectionPostProcess(int Most, int ClassesPerBox, int BoxesPerClass, bool ByClass, int Classes, float Least, float Overlap,
    EquatableArray<float> Scales) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Shape encodings, Shape scores, Shape anchors) = (context[0].Shape, context[1].Shape, context[2].Shape);
        InferenceContext.Require(Enumerable.Range(0, 3).All(i => context[i].Type == ElementType.Float32), "Boxes, scores and anchors are not real numbers.");
        InferenceContext.Require(
            encodings.Rank == 3 && scores.Rank == 3 && anchors.Rank == 2 && encodings[0] == 1 && scores[0] == 1 && encodings[1] == scores[1]
            && encodings[1] == anchors[0] && encodings[2] >= 4 && anchors[1] == 4,
            $"Boxes of shape {encodings}, scores of shape {scores} and anchors of shape {anchors} do not belong together.");
        InferenceContext.Require(Classes > 0 && scores[2] - Classes is 0 or 1, $"There are {scores[2]} scores of a box for {Classes} classes.");
        InferenceContext.Require(Most >= 0 && ClassesPerBox > 0 && (!ByClass || BoxesPerClass > 0), "The number of detections is not positive.");
        InferenceContext.Require(Overlap is > 0 and <= 1, $"The overlap of {Overlap} is not above 0 and at most 1.");
        long room = (long)Most * ClassesPerBox;
        InferenceContext.Require(room <= int.MaxValue / 16, "There are more detections than fit in memory.");
        var list = new TensorType(ElementType.Float32, new Shape(1, (int)room));
        return [new TensorType(ElementType.Float32, new Shape(1, (int)room, 4)), list, list, new TensorType(ElementType.Float32, new Shape(1))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Shape encodings, int columns) = (context.Input(0).Shape, context.Input(1).Shape[2]);
        int count = encodings[1];
        return new LibraryCall("Detection.PostProcess").In(0, 1, 2).Out(0, 1, 2, 3)
            .Scratch(ElementType.Float32, 4 * count).Scratch(ElementType.Float32, count).Scratch(ElementType.Int32, (2 * count) + (4 * Most) + Classes)
            .Number(count, encodings[2], columns, Classes, Most, ClassesPerBox, BoxesPerClass, ByClass, Least, Overlap, Scales[0], Scales[1], Scales[2],
                Scales[3])
            .Costs((long)count * (ByClass ? (long)Classes * Math.Min(count, BoxesPerClass) : Math.Min(count, Most)));
    }

    // TFLite: options are a map. Quantised inputs are taken as the real numbers that they stand for.
    [TfLiteOperator("TFLite_Detection_PostProcess", Integers = IntegerSupport.ByWayOfFloat)]
    internal static void FromTfLite(TfLiteNode node)
    {
        var options = new FlexMap(node.CustomOptions.Span);
        float[] scales = [options.Single("y_scale"), options.Single("x_scale"), options.Single("h_scale"), options.Single("w_scale")];
        if (scales.Any(s => s == 0 || !float.IsFinite(s))) throw node.Malformed("A scale of the boxes is zero or not a finite number.");
        if (!float.IsFinite(options.Single("nms_score_threshold"))) throw node.Malformed("The least score is not a finite number.");
        var op = new DetectionPostProcess(
            options.Int32("max_detections"), options.Int32("max_classes_per_detection"), options.Int32("detections_per_class", 100),
            options.Int32("use_regular_nms") != 0, options.Int32("num_classes"),
            options.Single("nms_score_threshold"), options.Single("nms_iou_threshold"), scales.ToEquatableArray());
        for (int i = 0; i < node.OutputCount; i++)
        {
            if (node.Output(i).Type != ElementType.Float32)
                throw node.Unsupported($"Detections of type {node.Output(i).Type} are not supported.", "Convert the model with detections in float32.");
        }

        node.EmitStateful(op, [], [.. Enumerable.Range(0, 3)
            .Select(i => node.Value(i) is { Type: not ElementType.Float32, Quantization: not null } value ? node.Real(value, $"real{i}").Id
                : node.Value(i).Id)]);
    }
}
