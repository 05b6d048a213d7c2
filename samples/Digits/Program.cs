using System.Text;
using Digits;

switch (args)
{
    case [] when !Console.IsInputRedirected && !Console.IsOutputRedirected:
        return DrawingSession.Run();
    case [] or ["--images"]:
        Console.OutputEncoding = Encoding.UTF8;
        return Gallery.RunBundled();
    case ["-h" or "--help", ..]:
        Console.WriteLine("""
            digits              draw a digit in the terminal (without a terminal: the same as --images)
            digits --images     recognise the bundled pictures; exit code 0 when all are right
            digits FILE.png...  recognise your own pictures
            """);
        return 0;
    default:
        Console.OutputEncoding = Encoding.UTF8;
        return Gallery.RunFiles(args);
}
