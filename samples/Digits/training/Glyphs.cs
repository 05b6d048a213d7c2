using System.Globalization;
using System.Numerics;

namespace Digits.Training;

/// <summary>
/// How people write the ten digits, as pen strokes in a box of 100×100 (x to the right, y down). A stroke is a smooth curve
/// through its points; a corner is where one stroke ends (/) and the next begins.
/// </summary>
internal static class Glyphs
{
    private const float Step = 0.125f; // curve parameter per line segment

    /// <summary>For each digit its styles, for each style its strokes.</summary>
    public static IReadOnlyList<IReadOnlyList<Vector2[][]>> Styles { get; } =
    [
        Parse(
            "50,0 15,20 5,50 15,80 50,100 85,80 95,50 85,20 50,0",
            "60,2 25,12 8,50 22,90 50,100 82,86 94,48 78,12 48,0 38,8",
            "40,4 62,0 88,25 90,62 62,98 30,96 8,66 12,28 40,4 58,10"),
        Parse(
            "50,0 50,100",
            "28,24 55,0/55,0 55,100",
            "28,22 52,0/52,0 52,100/25,100 82,100"),
        Parse(
            "8,25 22,5 50,0 80,8 88,28 75,52 40,78 5,100/5,100 95,98",
            "8,25 22,5 50,0 80,8 86,28 70,55 35,85 12,98 5,88 18,80 45,90 75,100 95,94",
            "10,12 45,0 82,14 78,44 45,74 8,98/8,98 50,92 94,100"),
        Parse(
            "8,12 35,0 70,4 84,22 70,42 38,48/38,48 75,54 92,74 75,94 40,100 6,88",
            "8,2 85,2/85,2 42,42/42,42 78,50 92,72 75,94 40,100 6,88",
            "12,8 50,0 82,18 62,42 45,48 70,54 88,78 58,98 8,94"),
        Parse(
            "70,100 70,0/70,0 5,68/5,68 98,68",
            "15,0 10,50/10,50 92,52/75,0 70,100",
            "15,0 8,30 14,50 50,54 80,45/82,0 76,50 72,100"),
        Parse(
            "85,2 22,2/22,2 15,44/15,44 45,36 80,46 92,68 75,92 40,100 6,90",
            "88,4 50,3 25,6/25,6 18,42/18,42 50,38 84,52 88,76 64,97 30,100 8,90",
            "92,0 60,6 30,4/30,4 24,40 55,44 82,62 80,84 50,100 10,94"),
        Parse(
            "78,2 45,14 18,45 8,72 22,94 50,100 80,92 90,72 75,54 45,52 18,66 10,78",
            "70,0 40,25 15,60 10,80 28,98 60,98 86,84 84,64 60,54 30,60 13,75",
            "50,0 24,30 10,70 24,96 55,100 80,86 72,64 46,60 16,76"),
        Parse(
            "5,3 95,3/95,3 60,45 38,100",
            "5,3 95,3/95,3 60,45 40,100/28,50 82,50",
            "6,20 8,3/8,3 50,6 94,2/94,2 64,48 48,100"),
        Parse(
            "82,12 50,0 18,10 16,32 50,48 84,66 88,88 50,100 12,88 16,66 50,48 84,30 82,12",
            "50,0 20,10 15,25 25,42 50,48 75,42 85,25 78,8 50,0/50,48 18,58 8,76 20,94 50,100 80,94 92,76 82,58 50,48",
            "88,6 55,0 24,12 30,34 66,58 80,82 54,100 22,88 28,64 70,34 90,10"),
        Parse(
            "88,20 60,2 25,6 10,28 25,48 55,48 82,32 90,18/90,18 85,60 78,100",
            "88,22 62,2 28,5 12,28 26,48 58,46 84,26 88,18/88,18 88,60 70,90 40,100 15,92",
            "84,10 50,0 18,14 20,40 52,46 82,24/84,10 80,50 50,100"),
    ];

    private static Vector2[][][] Parse(params string[] styles) =>
        [.. styles.Select(style => style.Split('/').Select(stroke => Smooth([.. stroke.Split(' ').Select(ParsePoint)])).ToArray())];

    private static Vector2 ParsePoint(string text)
    {
        int comma = text.IndexOf(',');
        return new Vector2(
            int.Parse(text.AsSpan(0, comma), CultureInfo.InvariantCulture) / 100f,
            int.Parse(text.AsSpan(comma + 1), CultureInfo.InvariantCulture) / 100f);
    }

    /// <summary>A Catmull-Rom curve through all points, as a chain of short lines.</summary>
    private static Vector2[] Smooth(Vector2[] points)
    {
        var chain = new List<Vector2>();
        for (int i = 0; i + 1 < points.Length; i++)
        {
            Vector2 a = points[Math.Max(i - 1, 0)], b = points[i], c = points[i + 1], d = points[Math.Min(i + 2, points.Length - 1)];
            for (float t = 0; t < 1; t += Step)
            {
                chain.Add(0.5f * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * (t * t) + (3 * b - a - 3 * c + d) * (t * t * t)));
            }
        }

        chain.Add(points[^1]);
        return [.. chain];
    }
}
