"""Messages of all kinds, generated, on which implementations should agree."""

from hypothesis import strategies as st

__all__ = ["letters"]

_WORDS = st.sampled_from(
    ["a", "mail", "=20", "x;y", "b=", "h=from:to", "grüße", "日本", "(c)", '"q"', "1", "--", "\\", "\x7f"]
)
_GAPS = st.sampled_from([" ", "  ", "\t", " \t ", "\r\n ", "\r\n\t  "])
_NAMES = st.sampled_from(
    [
        "To",
        "Cc",
        "SUBJECT",
        "Received",
        "Date",
        "x-Test",
        "List-Id",
        "MIME-Version",
        "Content-Type",
        "Comments",
    ]
)
_COLONS = st.sampled_from([":", ": ", ":\t", ":   ", ":\r\n "])


@st.composite
def _values(draw: st.DrawFn) -> str:
    words = draw(st.lists(_WORDS, min_size=1, max_size=5))
    value = words[0]
    for word in words[1:]:
        value += draw(_GAPS) + word
    return value + draw(st.sampled_from(["", "", " ", "\t "]))


@st.composite
def _lines(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(["", "", " ", "\t"])) + draw(
        st.lists(_WORDS | st.sampled_from([" ", "  ", "\t", " \t"]), max_size=6).map("".join)
    )


@st.composite
def letters(draw: st.DrawFn) -> bytes:
    """Give messages with one From, CRLF line ends, and everything that mail may have besides."""
    fields = [
        draw(_NAMES) + draw(_COLONS) + draw(_values())
        for _ in range(draw(st.integers(min_value=0, max_value=8)))
    ]
    author = f"From: Joe <joe@mox.example>{draw(st.sampled_from(['', ' ', ' (x  y)']))}"
    fields.insert(draw(st.integers(0, len(fields))), author)
    body = "".join(line + "\r\n" for line in draw(st.lists(_lines(), max_size=8)))
    end = draw(st.sampled_from(["", "", "\r\n", "\r\n\r\n\r\n", " \r\n\t\r\n"]))
    return ("\r\n".join(fields) + "\r\n\r\n" + body + end).encode()
