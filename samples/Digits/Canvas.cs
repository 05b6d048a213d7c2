namespace Digits;

/// <summary>The sheet that one draws on in the terminal: 28×28 pixels and a soft round pen.</summary>
internal sealed class Canvas
{
    public const int Size = 28;

    public GrayImage Ink { get; } = new(Size, Size);

    public void Clear() => Array.Clear(Ink.Pixels);

    /// <summary>Puts the pen down on one pixel: full ink there, a little less around it.</summary>
    public void Dot(int x, int y)
    {
        for (int dy = -1; dy <= 1; dy++)
        {
            for (int dx = -1; dx <= 1; dx++)
            {
                int px = x + dx, py = y + dy;
                if ((uint)px >= Size || (uint)py >= Size)
                    continue;
                float strength = (dx * dx + dy * dy) switch { 0 => 1, 1 => 0.6f, _ => 0.25f };
                Ink[px, py] = MathF.Max(Ink[px, py], strength);
            }
        }
    }

    /// <summary>Draws a straight line, so that a fast mouse leaves no gaps.</summary>
    public void Line(int fromX, int fromY, int toX, int toY)
    {
        int steps = Math.Max(Math.Abs(toX - fromX), Math.Abs(toY - fromY));
        for (int i = 0; i <= steps; i++)
        {
            float t = steps == 0 ? 0 : (float)i / steps;
            Dot((int)MathF.Round(fromX + t * (toX - fromX)), (int)MathF.Round(fromY + t * (toY - fromY)));
        }
    }
}
