using System.Text;
using ModelCompiler.Tool;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
return ModelcApp.Run(args, Console.Out, Console.Error);
