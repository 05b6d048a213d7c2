using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>How <see cref="TreeEnsemble"/> reads from ONNX.</summary>
internal static class TreeBindings
{
    private static readonly string[] Modes = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"];

    // ai.onnx.ml 5: nodes and leaves are numbered through all trees; every leaf has one target.
    [OnnxOperator("TreeEnsemble", "ai.onnx.ml")]
    internal static void FromOnnx(OnnxNode node)
    {
        TensorData splits = node.Tensor("nodes_splits") ?? throw node.Malformed("The trees have no splits.");
        TensorData weights = node.Tensor("leaf_weights") ?? throw node.Malformed("The trees have no leaves.");
        int[] modes = node.Tensor("nodes_modes")?.ToInt32s() ?? [];
        int[] targets = node.Ints("leaf_targetids") ?? [], features = List("nodes_featureids"), roots = node.Ints("tree_roots") ?? [0];
        int[] whenTrue = List("nodes_truenodeids"), whenFalse = List("nodes_falsenodeids"), trueLeaves = List("nodes_trueleafs"),
            falseLeaves = List("nodes_falseleafs");
        int[] missing = node.Ints("nodes_missing_value_tracks_true") ?? new int[modes.Length];
        if (splits.Count != modes.Length || targets.Length != weights.Count || missing.Length != modes.Length)
            throw node.Malformed("The lists of the trees have different lengths.");
        float[] memberList = node.Tensor("membership_values")?.ToFloats() ?? [];
        var nodes = new List<int>();
        var sets = new List<int>();
        var members = new List<float>();
        int at = 0;
        for (int i = 0; i < modes.Length; i++)
        {
            nodes.AddRange([modes[i], features[i], Next(whenTrue[i], trueLeaves[i]), Next(whenFalse[i], falseLeaves[i]), missing[i]]);
            sets.Add(members.Count);
            if (modes[i] != 6) continue;
            // Sets stand in the order of their nodes, divided by NaN.
            while (at < memberList.Length && !float.IsNaN(memberList[at])) members.Add(memberList[at++]);
            at++;
        }

        sets.Add(members.Count);
        int[] leaves = [.. Enumerable.Range(0, targets.Length).SelectMany(i => new[] { i, 1 })];
        int combination = node.Int("aggregate_function", 1);
        Value y = Emit(node, nodes, leaves, targets, roots, sets, splits, weights, members, node.Int("n_targets", 1), combination);
        node.Bind(0, Transformed(node, y, node.Int("post_transform", 0)
            switch { 1 => "SOFTMAX", 2 => "LOGISTIC", 3 => "SOFTMAX_ZERO", 4 => "PROBIT", _ => "NONE" }));

        int[] List(string name) => node.Ints(name) is { } list && list.Length == modes.Length ? list
            : throw node.Malformed($"Attribute '{name}' does not have one entry per node.");

        int Next(int id, int isLeaf)
        {
            if (id < 0 || id >= (isLeaf != 0 ? targets.Length : modes.Length)) throw node.Malformed("A tree has a node that leads nowhere.");
            return isLeaf != 0 ? -1 - id : id;
        }
    }

    [OnnxOperator("TreeEnsembleRegressor", "ai.onnx.ml")]
    internal static void RegressorFromOnnx(OnnxNode node)
    {
        int targets = node.Int("n_targets", 1);
        Value y = Named(node, "target", targets, node.Text("aggregate_function", "SUM") switch { "AVERAGE" => 0, "MIN" => 2, "MAX" => 3, _ => 1 });
        if (node.Floats("base_values") is { Length: > 0 } bases) y = node.Call("Add", [y, Row(node, y, bases)]);
        node.Bind(0, node.Narrow(Transformed(node, y, node.Text("post_transform", "NONE")), ElementType.Float32));
    }

    [OnnxOperator("TreeEnsembleClassifier", "ai.onnx.ml")]
    internal static void ClassifierFromOnnx(OnnxNode node)
    {
        long[] labels = Classifiers.Labels(node, "classlabels_int64s");
        int[] ids = node.Ints("class_ids") ?? [];
        // With two classes, trees may vote for one of them only.
        bool binary = labels.Length == 2 && ids.Distinct().Count() == 1;
        Value y = Named(node, "class", binary ? 1 : labels.Length, 1, binary ? ids.FirstOrDefault() : 0);
        if (node.Floats("base_values") is { Length: > 0 } bases) y = node.Call("Add", [y, Row(node, y, bases)]);
        Classifiers.Emit(node, y, labels, binary, (node.Floats("class_weights") ?? []).All(w => w >= 0));
    }

    // ai.onnx.ml 1 and 3: nodes by number of tree and node; leaves list what they add to which target.
    private static Value Named(OnnxNode node, string prefix, int outputs, int combination, int firstTarget = 0)
    {
        int[] trees = node.Ints("nodes_treeids") ?? [], ids = node.Ints("nodes_nodeids") ?? [], features = node.Ints("nodes_featureids") ?? [];
        int[] whenTrue = node.Ints("nodes_truenodeids") ?? [], whenFalse = node.Ints("nodes_falsenodeids") ?? [];
        string[] modes = node.Texts("nodes_modes") ?? [];
        float[] values = node.Floats("nodes_values") ?? node.Tensor("nodes_values_as_tensor")?.ToFloats() ?? [];
        int[] missing = node.Ints("nodes_missing_value_tracks_true") is { Length: > 0 } tracked ? tracked : new int[ids.Length];
        int[] leafTrees = node.Ints($"{prefix}_treeids") ?? [], leafNodes = node.Ints($"{prefix}_nodeids") ?? [], targetIds = node.Ints($"{prefix}_ids") ?? [];
        float[] weights = node.Floats($"{prefix}_weights") ?? node.Tensor($"{prefix}_weights_as_tensor")?.ToFloats() ?? [];
        if (new[] { trees.Length, features.Length, whenTrue.Length, whenFalse.Length, modes.Length, values.Length, missing.Length }.Any(n => n != ids.Length)
            || new[] { leafNodes.Length, targetIds.Length, weights.Length }.Any(n =>
                n != leafTrees.Length)) throw node.Malformed("The lists of the trees have different lengths.");
        Dictionary<(int, int), int> numbers = [];
        Dictionary<(int, int), int> leafNumbers = [];
        for (int i = 0; i < ids.Length; i++)
            (modes[i] == "LEAF" ? leafNumbers : numbers).Add((trees[i], ids[i]), modes[i] == "LEAF" ? leafNumbers.Count : numbers.Count);
        ILookup<(int, int), int> votes = Enumerable.Range(0, leafTrees.Length).ToLookup(i => (leafTrees[i], leafNodes[i]));
        var leaves = new List<int>();
        var order = new List<int>();
        foreach ((int, int) leaf in leafNumbers.Keys)
        {
            leaves.AddRange([order.Count, votes[leaf].Count()]);
            order.AddRange(votes[leaf]);
        }

        var nodes = new List<int>();
        var splits = new List<float>();
        for (int i = 0; i < ids.Length; i++)
        {
            if (modes[i] == "LEAF") continue;
            int mode = Array.IndexOf(Modes, modes[i]);
            if (mode < 0) throw node.Malformed($"'{modes[i]}' is not a mode of a node.");
            nodes.AddRange([mode, features[i], Next(trees[i], whenTrue[i]), Next(trees[i], whenFalse[i]), missing[i]]);
            splits.Add(values[i]);
        }

        int[] roots = [.. Enumerable.Range(0, ids.Length).DistinctBy(i => trees[i]).Select(i => Next(trees[i], ids[i]))];
        int[] targets = [.. order.Select(i => targetIds[i] - firstTarget)];
        if (targets.Any(t => t < 0 || t >= outputs)) throw node.Malformed("A leaf votes for a target that there is not.");
        TensorData Floats(IEnumerable<float> list) => list.ToArray() is { Length: > 0 } some ? TensorData.Of(new Shape(some.Length), some)
            : TensorData.Of(new Shape(1), [0f]);
        return Emit(node, nodes, [.. leaves], targets, roots, new int[(nodes.Count / 5) + 1], Floats(splits), Floats(order.Select(i => weights[i])), [],
            outputs, combination);

        int Next(int tree, int id) => numbers.TryGetValue((tree, id), out int inner) ? inner : leafNumbers.TryGetValue((tree, id), out int leaf) ? -1 - leaf
            : throw node.Malformed("A tree has a node that leads nowhere.");
    }

    private static Value Emit(OnnxNode node, IReadOnlyList<int> nodes, int[] leaves, int[] targets, int[] roots, IReadOnlyList<int> sets, TensorData splits,
        TensorData weights, List<float> members, int outputs, int combination)
    {
        if (roots.Any(r => r >= nodes.Count / 5 || -1 - r >= leaves.Length / 2) || targets.Any(t => t < 0 || t >= outputs))
            throw node.Malformed("A tree has a root or a target that there is not.");
        RequireTrees(node, nodes, roots);
        Value x = node.Value(0);
        if (x.Type is not (ElementType.Float32 or ElementType.Float64)) x = Cast.To(node, x, ElementType.Float32);
        var op = new TreeEnsemble(nodes.ToEquatableArray(), leaves.ToEquatableArray(), targets.ToEquatableArray(), roots.ToEquatableArray(),
            sets.ToEquatableArray(), outputs, combination);
        return node.Add("trees", op, x.Id, Constant(splits), Constant(weights),
            Constant(TensorData.Of(new Shape(Math.Max(members.Count, 1)), members.Count > 0 ? CollectionsMarshal.AsSpan(members) : [0f])));

        int Constant(TensorData data) => Cast.To(node, node.Graph.AddConstant($"{node.Name}/constant", data), x.Type).Id;
    }

    // A node that is reached twice would make the evaluation run in circles.
    private static void RequireTrees(OnnxNode node, IReadOnlyList<int> nodes, int[] roots)
    {
        var seen = new HashSet<int>();
        var open = new Stack<int>(roots.Where(r => r >= 0));
        while (open.Count > 0)
        {
            int at = open.Pop();
            if (!seen.Add(at)) throw node.Malformed("A node belongs to two trees, or twice to one.");
            foreach (int next in new[] { nodes[(at * 5) + 2], nodes[(at * 5) + 3] }.Distinct().Where(n => n >= 0)) open.Push(next);
        }
    }

    private static Value Row(OnnxNode node, Value like, float[] values) =>
        node.Narrow(node.Graph.AddConstant($"{node.Name}/base", TensorData.Of(new Shape(values.Length), values)), like.Type);

    /// <summary>What becomes of scores.</summary>
    public static Value Transformed(OnnxNode node, Value y, string transform) => transform switch
    {
        "NONE" => y,
        "LOGISTIC" => node.Call("Sigmoid", [y]),
        "SOFTMAX" => node.Call("Softmax", [y], ("axis", -1)),
        "SOFTMAX_ZERO" => SoftmaxZero(node, y),
        "PROBIT" => Probit(node, y),
        _ => throw node.Unsupported($"Transformation '{transform}' is not supported.", "Use NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT."),
    };

    // √2 · erf⁻¹(2y − 1), approximated as ONNX Runtime does (Winitzki).
    private static Value Probit(OnnxNode node, Value y)
    {
        const float a = 0.147f;
        Value x = node.Call("Sub", [node.Call("Mul", [y, node.ScalarLike(y, 2)]), node.ScalarLike(y, 1)]);
        Value log = node.Call("Log", [node.Call("Mul", [node.Call("Sub", [node.ScalarLike(y, 1), x]), node.Call("Add", [node.ScalarLike(y, 1), x])])]);
        Value half = node.Call("Add", [node.Call("Mul", [log, node.ScalarLike(y, 0.5)]), node.ScalarLike(y, 2 / (3.14159f * a))]);
        Value root = node.Call("Sqrt", [node.Call("Sub", [node.Call("Mul", [half, half]), node.Call("Mul", [log, node.ScalarLike(y, 1 / a)])])]);
        Value size = node.Call("Mul", [node.Call("Sqrt", [node.Call("Sub", [root, half])]), node.ScalarLike(y, 1.41421356f)]);
        return node.Call("Where", [node.Call("Less", [x, node.ScalarLike(y, 0)]), node.Call("Neg", [size]), size]);
    }

    // A softmax of what is not zero; zeros stay.
    private static Value SoftmaxZero(OnnxNode node, Value y)
    {
        Value isZero = node.Call("Equal", [y, node.ScalarLike(y, 0)]);
        Value exponential = node.Call("Exp", [node.Call("Sub", [y, node.Call("ReduceMax", [y, node.Constant(-1)])])]);
        Value kept = node.Call("Where", [isZero, node.ScalarLike(y, 0), exponential]);
        Value sum = node.Call("ReduceSum", [kept, node.Constant(-1)]);
        return node.Call("Div", [kept, node.Call("Where", [node.Call("Equal", [sum, node.ScalarLike(y, 0)]), node.ScalarLike(y, 1), sum])]);
    }
}
