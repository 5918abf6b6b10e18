"""HTML to text: what a reader sees, in linear time."""

import time

import pytest
from hypothesis import given, strategies as st

from moxkit.message import html_to_text


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>one <b>t</b>wo</p><p>three", "one two\nthree"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<td>a</td><td>b</td>", "a b"),
        ("&lt;x&gt; &amp; &eacute;&#233;&nbsp;&zzz;", "<x> & éé &zzz;"),
        ("a<!-- <p>no --> b", "a b"),
        ("<!doctype html><?xml a?>x", "x"),
        ("<head><title>t</title><style>p{}</style></head>b", "b"),
        ("<head><title>t</title><body>b", "b"),
        ("a<script>if (a < b) '</p>'</script>b<style>c</STYLE >d", "abd"),
        ("a<svg><svg>x</svg>y</svg>b", "ab"),
        ("<math><script></math></script>x</math>y", "y"),
        ("<a title=\"x > y\" href='>'>z</a>", "z"),
        ('<a title="x>y</a> <p>z', "y\nz"),
        ("<blockquote>q<blockquote>r</blockquote></blockquote>s", "> q\n> > r\ns"),
        ("</blockquote>a", "a"),
        ("1 < 2 <3", "1 < 2 <3"),
        ("a\u200c \u200c\u200c b\u200dc", "a b\u200dc"),
        ("<p", ""),
        ("a<", "a"),
        ("<!-- x", ""),
        ("<script>x", ""),
        ("&#" + "1" * 5000 + ";", "1" * 5000 + ";"),
    ],
)
def test_gives_what_a_reader_sees(html: str, expected: str) -> None:
    assert html_to_text(html, limit=100_000) == expected


def test_stops_at_the_limit() -> None:
    assert len(html_to_text("<p>abc" * 100_000, limit=100)) < 200
    assert len(html_to_text("a" * 1_000_000, limit=100)) <= 400


MARKUP = [*"<>\"'/!-&;# ax\0é", "<script>", "</script>", "<p>", "<svg>", "<blockquote>", "<!--"]


@given(st.lists(st.sampled_from(MARKUP)))
def test_noise_gives_text(pieces: list[str]) -> None:
    html_to_text("".join(pieces), limit=1000)


HOSTILE = [
    "<", "<a ", '<a "', "<a '\"", "<!--", "<!", "</", "<script>", "<script", "<svg>", "<blockquote>",
    "&", "&#1", "&amp", "<a \"'>", "<p>", "\u200b", "\u200b ", "< ", "<a b=\"c'>", "</script><svg>",
    "<head><style>",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_html_takes_linear_time(piece: str) -> None:
    started = time.process_time()
    html_to_text(piece * (1_000_000 // len(piece)), limit=1_000_000)
    assert time.process_time() - started < 4
