using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// TFLite's resource variables. They are no operators here: a variable has a value at the start of a run, reading gives the value it has at this point of
/// the model, and assigning gives it another.
/// </summary>
internal static class VariableBindings
{
    // TFLite: options are container, shared_name.
    [TfLiteOperator(TfLiteBuiltinOperator.VarHandle, Integers = IntegerSupport.Any)]
    internal static void HandleFromTfLite(TfLiteNode node) =>
        node.Subgraph.BindResource(node.OutputTensor(0), $"{node.Options.Text(0)}/{node.Options.Text(1)}");

    [TfLiteOperator(TfLiteBuiltinOperator.ReadVariable, Integers = IntegerSupport.Any)]
    internal static void ReadFromTfLite(TfLiteNode node)
    {
        string key = Key(node);
        node.Bind(0, node.Graph[node.Subgraph.State.Read(key, key.TrimStart('/'), node.Output(0))]);
    }

    [TfLiteOperator(TfLiteBuiltinOperator.AssignVariable, Integers = IntegerSupport.Any)]
    internal static void AssignFromTfLite(TfLiteNode node)
    {
        string key = Key(node);
        Value value = node.Value(1);
        if (node.Subgraph.IsInitialisation) node.Subgraph.State.Initialise(key, node.ConstantInput(1, "first content of a variable"));
        else node.Subgraph.State.Write(key, key.TrimStart('/'), value);
    }

    // TFLite: the option is the subgraph that runs before the first call.
    [TfLiteOperator(TfLiteBuiltinOperator.CallOnce, Integers = IntegerSupport.Any)]
    internal static void CallOnceFromTfLite(TfLiteNode node) => node.Subgraph.ReadCalled(node.Options.Int32(0), [], initialise: true);

    private static string Key(TfLiteNode node) => node.Subgraph.ResourceOf(node.InputTensor(0))
        ?? throw node.Malformed("Input 0 is not the handle of a variable.");
}
