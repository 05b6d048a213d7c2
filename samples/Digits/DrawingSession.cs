using System.Globalization;
using System.Text;

namespace Digits;

/// <summary>Lets the user draw a digit in the terminal and shows after every stroke what the network makes of it.</summary>
internal sealed class DrawingSession
{
    private const int Runs = 25;
    private const int ChartWidth = 30;

    private readonly Canvas _canvas = new();
    private readonly Recognizer _recognizer;
    private int _x = Canvas.Size / 2;
    private int _y = Canvas.Size / 2;
    private bool _penDown;
    private (int X, int Y)? _mouse;
    private bool _large;
    private (int Width, int Height) _window;

    private DrawingSession(Recognizer recognizer) => _recognizer = recognizer;

    public static int Run()
    {
        using var recognizer = new Recognizer();
        using var terminal = new Terminal();
        var session = new DrawingSession(recognizer);
        do
        {
            recognizer.Recognize(session._canvas.Ink, Runs);
            Console.Write(session.Frame());
        }
        while (session.HandleInputs());
        return 0;
    }

    /// <summary>Takes in everything that has happened; false when the user wants to leave.</summary>
    private bool HandleInputs()
    {
        do
        {
            Input input = Terminal.Read();
            if (input.Key == ConsoleKey.Q)
                return false;
            if (input.IsMouse)
                HandleMouse(input);
            else
                HandleKey(input.Key);
        }
        while (Terminal.HasInput);
        return true;
    }

    private void HandleKey(ConsoleKey key)
    {
        switch (key)
        {
            case ConsoleKey.LeftArrow or ConsoleKey.A:
                Move(-1, 0);
                break;
            case ConsoleKey.RightArrow or ConsoleKey.D:
                Move(1, 0);
                break;
            case ConsoleKey.UpArrow or ConsoleKey.W:
                Move(0, -1);
                break;
            case ConsoleKey.DownArrow or ConsoleKey.S:
                Move(0, 1);
                break;
            case ConsoleKey.Spacebar:
                _penDown = !_penDown;
                Move(0, 0);
                break;
            case ConsoleKey.C:
                _canvas.Clear();
                _penDown = false;
                break;
        }
    }

    private void Move(int dx, int dy)
    {
        _x = Math.Clamp(_x + dx, 0, Canvas.Size - 1);
        _y = Math.Clamp(_y + dy, 0, Canvas.Size - 1);
        if (_penDown)
            _canvas.Dot(_x, _y);
    }

    private void HandleMouse(Input input)
    {
        // In the large layout a pixel is two cells wide; in the small one a cell is two pixels high.
        int x = (input.Column - 1) / (_large ? 2 : 1), y = (input.Row - 1) * (_large ? 1 : 2);
        if (!input.Pressed || x < 0 || y < 0 || x >= Canvas.Size || y >= Canvas.Size)
        {
            _mouse = null;
            return;
        }

        (int fromX, int fromY) = _mouse ?? (x, y);
        _canvas.Line(fromX, fromY, x, y);
        (_x, _y) = (x, y);
        _mouse = (x, y);
        _penDown = false;
    }

    /// <summary>The whole picture as text with escape sequences, fitted to the window's present size.</summary>
    private string Frame()
    {
        var frame = new StringBuilder("\e[H");
        if (_window != (Console.WindowWidth, Console.WindowHeight))
        {
            _window = (Console.WindowWidth, Console.WindowHeight);
            _large = _window.Width >= 2 * Canvas.Size + 2 + ChartWidth && _window.Height >= Canvas.Size + 3;
            frame.Append("\e[2J");
        }

        int width = _large ? 2 * Canvas.Size : Canvas.Size, height = _large ? Canvas.Size : Canvas.Size / 2;
        frame.Append('┌').Append('─', width).Append("┐\r\n");
        for (int row = 0; row < height; row++)
        {
            frame.Append('│');
            for (int x = 0; x < Canvas.Size; x++)
            {
                if (_large)
                    frame.Append(CultureInfo.InvariantCulture, $"\e[48;5;{Color(x, row)}m  ");
                else
                    frame.Append(CultureInfo.InvariantCulture, $"\e[38;5;{Color(x, 2 * row)};48;5;{Color(x, 2 * row + 1)}m▀");
            }

            frame.Append("\e[0m│ ").Append(Side(row)).Append("\e[K\r\n");
        }

        frame.Append('└').Append('─', width).Append("┘\r\n");
        return frame.Append("arrows or WASD move, space pen up/down, or drag the mouse; c clear, q quit\e[K").ToString();
    }

    /// <summary>The line of the chart that stands beside a row of the canvas.</summary>
    private string Side(int row) => row switch
    {
        0 => _penDown ? "pen down" : "pen up",
        >= 2 and < 12 => Chart(row - 2),
        13 when _recognizer.Digit is not null => string.Create(CultureInfo.InvariantCulture, $"{_recognizer.Microseconds:F1} µs per inference"),
        _ => "",
    };

    private string Chart(int digit)
    {
        string line = Bars.Line(digit, _recognizer.Probabilities[digit]);
        return digit == _recognizer.Digit ? $"\e[1;32m{line}\e[0m" : line;
    }

    /// <summary>The grey steps of the 256-colour palette; the cursor is red with the pen down and blue with it up.</summary>
    private int Color(int x, int y)
    {
        if ((x, y) == (_x, _y))
            return _penDown ? 196 : 33;
        return 233 + (int)(22 * _canvas.Ink[x, y]);
    }
}
