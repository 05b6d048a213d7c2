using System.Runtime.InteropServices;
using System.Text;

namespace Digits;

/// <summary>What the user did: pressed a key, or moved the mouse with a button held (columns and rows count from 0).</summary>
internal readonly record struct Input(ConsoleKey Key, bool IsMouse = false, bool Pressed = false, int Column = 0, int Row = 0);

/// <summary>
/// Takes the terminal over for drawing and gives it back on disposal: second screen, no cursor, and mouse reports in the
/// SGR form (ESC [ &lt; button ; column ; row M or m), which terminals without a mouse ignore.
/// </summary>
internal sealed partial class Terminal : IDisposable
{
    private const char Escape = '\e';

    public Terminal()
    {
        if (OperatingSystem.IsWindows())
            EnableEscapeSequences();
        Console.OutputEncoding = Encoding.UTF8;
        Console.TreatControlCAsInput = true; // so that Ctrl+C, too, leaves a clean terminal behind
        Console.Write("\e[?1049h\e[?25l\e[?1002h\e[?1006h");
    }

    public void Dispose()
    {
        Console.Write("\e[?1006l\e[?1002l\e[0m\e[?25h\e[?1049l");
        Console.TreatControlCAsInput = false;
    }

    /// <summary>True while something is waiting, so that many inputs can share one redraw.</summary>
    public static bool HasInput => Console.KeyAvailable;

    /// <summary>Waits for the next input.</summary>
    public static Input Read()
    {
        ConsoleKeyInfo key = Console.ReadKey(intercept: true);
        if (key.Key == ConsoleKey.C && key.Modifiers.HasFlag(ConsoleModifiers.Control))
            return new Input(ConsoleKey.Q);
        return key.KeyChar == Escape && HasInput ? ReadSequence() : new Input(key.Key);
    }

    /// <summary>The rest of an escape sequence that Console.ReadKey does not know, which the mouse's are.</summary>
    private static Input ReadSequence()
    {
        if (Next() != '[')
            return default;
        var text = new StringBuilder();
        char last = Next();
        for (; last is (>= '0' and <= '9') or ';' or '<'; last = Next())
            text.Append(last);

        string[] numbers = text.ToString().TrimStart('<').Split(';');
        if (last is not ('M' or 'm') || numbers.Length != 3)
            return default;
        int[] values = Array.ConvertAll(numbers, number => int.TryParse(number, out int value) ? value : 0);
        // The low bits 0, 1 and 2 are the buttons; 64 and above are the wheel.
        bool pressed = last == 'M' && values[0] < 64 && (values[0] & 3) != 3;
        return new Input(default, IsMouse: true, pressed, values[1] - 1, values[2] - 1);

        static char Next() => Console.ReadKey(intercept: true).KeyChar;
    }

    private static void EnableEscapeSequences()
    {
        const int StandardOutput = -11;
        const uint VirtualTerminalProcessing = 4;
        nint output = GetStdHandle(StandardOutput);
        if (GetConsoleMode(output, out uint mode))
            _ = SetConsoleMode(output, mode | VirtualTerminalProcessing);
    }

    [LibraryImport("kernel32.dll")]
    private static partial nint GetStdHandle(int number);

    [LibraryImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetConsoleMode(nint handle, out uint mode);

    [LibraryImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetConsoleMode(nint handle, uint mode);
}
