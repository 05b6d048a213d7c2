using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Tool.Engines;

/// <summary>Runs an engine on samples.</summary>
internal static class SampleRunner
{
    /// <summary>
    /// True when the samples go to the fixed-point entry: every array has the element type of its input, and integers stand for real numbers in at least one.
    /// </summary>
    public static bool IsRaw(IEngine engine, SampleSet samples) => samples.IsRaw && engine.Inputs.Any(e => e.IsQuantized);

    /// <summary>Runs the samples in order and hands on the outputs of each; on several threads, in any order, when the engine allows.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="chosen">Which samples to run.</param>
    /// <param name="raw">True for the fixed-point entry.</param>
    /// <param name="resetEach">True to start every sample from fresh state; false to let state carry over from sample to sample.</param>
    /// <param name="receive">Takes the position in <paramref name="chosen"/> and the outputs.</param>
    public static void Run(IEngine engine, SampleSet samples, IReadOnlyList<int> chosen, bool raw, bool resetEach,
        Action<int, IReadOnlyList<TensorData>> receive)
    {
        if (engine.IsThreadSafe)
        {
            try
            {
                Parallel.For(0, chosen.Count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, RunOne);
            }
            catch (AggregateException e)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
            }
        }
        else
        {
            for (int i = 0; i < chosen.Count; i++) RunOne(i);
        }

        void RunOne(int i)
        {
            if (resetEach) engine.Reset();
            receive(i, raw ? engine.RunRaw(samples.Raw(chosen[i])) : engine.RunReal(samples.Real(chosen[i])));
        }
    }
}
