using System.Globalization;

namespace ModelCompiler.Core.Data;

/// <summary>The header of a <c>.npy</c> file: a Python dictionary with the keys descr, fortran_order and shape.</summary>
/// <param name="Descr">Element type as NumPy spells it, such as <c>&lt;f4</c>; null for a record type.</param>
/// <param name="FortranOrder">True when the first dimension runs fastest.</param>
/// <param name="Shape">Dimensions.</param>
internal sealed record NpyHeader(string? Descr, bool FortranOrder, long[] Shape)
{
    /// <summary>Reads the dictionary.</summary>
    /// <exception cref="FormatException">It is not one that NumPy writes.</exception>
    public static NpyHeader Parse(string text)
    {
        var parser = new Parser(text);
        string? descr = null;
        bool? fortran = null;
        long[]? shape = null;
        bool hasDescr = false;
        parser.Expect('{');
        while (!parser.TryTake('}'))
        {
            string key = parser.Quoted();
            parser.Expect(':');
            switch (key)
            {
                case "descr":
                    hasDescr = true;
                    descr = parser.QuotedOrList();
                    break;
                case "fortran_order":
                    fortran = parser.Truth();
                    break;
                case "shape":
                    shape = parser.Numbers();
                    break;
                default:
                    throw new FormatException($"unknown key '{key}'");
            }

            if (!parser.TryTake(','))
            {
                parser.Expect('}');
                break;
            }
        }

        return hasDescr && fortran is { } order && shape is not null ? new(descr, order, shape) : throw new FormatException("a key is missing");
    }

    private sealed class Parser(string text)
    {
        private int _at;

        public bool TryTake(char expected)
        {
            while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
            if (_at >= text.Length || text[_at] != expected) return false;
            _at++;
            return true;
        }

        public void Expect(char expected)
        {
            if (!TryTake(expected)) throw new FormatException($"'{expected}' is missing");
        }

        public string Quoted()
        {
            char quote = TryTake('\'') ? '\'' : TryTake('"') ? '"' : throw new FormatException("a quoted text is missing");
            int end = text.IndexOf(quote, _at);
            if (end < 0) throw new FormatException("a quote is not closed");
            string result = text[_at..end];
            _at = end + 1;
            return result;
        }

        /// <summary>A quoted text, or null for a list, which describes the fields of a record.</summary>
        public string? QuotedOrList()
        {
            if (!TryTake('[')) return Quoted();
            for (int depth = 1; depth > 0; _at++)
            {
                if (_at >= text.Length) throw new FormatException("a bracket is not closed");
                depth += text[_at] == '[' ? 1 : text[_at] == ']' ? -1 : 0;
            }

            return null;
        }

        public bool Truth() => Word() switch
        {
            "True" => true,
            "False" => false,
            var word => throw new FormatException($"'{word}' is neither True nor False"),
        };

        public long[] Numbers()
        {
            var numbers = new List<long>();
            Expect('(');
            while (!TryTake(')'))
            {
                // Python 2 wrote long integers with an L.
                string word = Word().TrimEnd('L');
                numbers.Add(long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number
                    : throw new FormatException($"'{word}' is not a dimension"));
                if (!TryTake(','))
                {
                    Expect(')');
                    break;
                }
            }

            return [.. numbers];
        }

        private string Word()
        {
            while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
            int start = _at;
            while (_at < text.Length && char.IsLetterOrDigit(text[_at])) _at++;
            return text[start.._at];
        }
    }
}
