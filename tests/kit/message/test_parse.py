"""The part tree: offsets, tolerance, limits, and time on hostile input."""

import email
import email.policy
import mmap
import time
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from moxkit.message import Limits, Part, Source, parse

MIXED = (
    b'From: a@example.org\r\nContent-Type: multipart/mixed; boundary="b 1"\r\n\r\npreamble\r\n'
    b"--b 1\r\n\r\nplain text\r\n"
    b"--b 1  \r\nContent-Type: image/png; name*=utf-8''%e2%82%ac.png\r\nContent-Transfer-Encoding: BASE64\r\n"
    b'Content-ID: <c@x>\r\nContent-Disposition: Inline; filename="a\\"b.png"\r\n\r\nAAAA\r\n'
    b"--b 1--\r\nepilogue\r\n"
)
PIECES = st.lists(
    st.sampled_from(
        [
            b"\r\n", b"\n", b"\r", b"--b", b"--c", b"--", b" ", b"x", b"\0", b"\xff", b":", b'"', b";", b"=",
            b"Content-Type: multipart/mixed; boundary=b\r\n",
            b"Content-Type: multipart/digest; boundary=c\r\n",
            b"Content-Type: message/rfc822\r\n", b"Content-Type: text/plain",
            b"Content-Transfer-Encoding: 8bit",
            b"Content-Disposition:", b"From: a@b", b"\n\n", b"\r\n\r\n",
        ]
    ),
    max_size=60,
).map(b"".join)  # fmt: skip


def body(part: Part, source: bytes) -> bytes:
    return source[part.body_start : part.body_end]


def test_gives_offsets_of_each_part() -> None:
    part = parse(MIXED)
    assert (part.type, part.subtype, part.header_start, part.body_end) == (
        "multipart",
        "mixed",
        0,
        len(MIXED),
    )
    assert part.problems == ()
    text, image = part.parts
    assert (text.type, text.subtype, text.cte, body(text, MIXED)) == ("text", "plain", "7bit", b"plain text")
    assert body(image, MIXED) == b"AAAA"
    assert (image.type, image.subtype, image.cte) == ("image", "png", "base64")
    assert image.content_id == "<c@x>"
    assert image.params == {"name": "€.png"}
    assert image.disposition is not None
    assert (image.disposition.kind, image.filename) == ("inline", 'a"b.png')


def test_line_end_before_boundary_belongs_to_boundary() -> None:
    source = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n\r\n--b\r\n--b--\r\n"
    first, second = parse(source).parts
    assert body(first, source) == b"x\r\n"
    assert (second.header_start, second.body_end) == (second.header_end, second.header_end)


def test_longer_line_with_same_prefix_is_no_boundary() -> None:
    source = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--bc\r\n--b--x\r\n--b--\r\n"
    (part,) = parse(source).parts
    assert body(part, source) == b"--bc\r\n--b--x"


def test_outer_boundary_ends_an_unclosed_inner_multipart() -> None:
    source = (
        b"Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n"
        b"Content-Type: multipart/mixed; boundary=in\r\n\r\n"
        b"--in\r\n\r\none\r\n--out\r\n\r\ntwo\r\n--out--\r\n"
    )
    inner, second = parse(source).parts
    assert [body(p, source) for p in inner.parts] == [b"one"]
    assert inner.problems == ("no closing boundary",)
    assert body(second, source) == b"two"


def test_reads_bare_line_feeds() -> None:
    source = MIXED.replace(b"\r\n", b"\n")
    assert [body(p, source) for p in parse(source).parts] == [b"plain text", b"AAAA"]


def test_digest_parts_are_messages_by_default() -> None:
    source = b"Content-Type: multipart/digest; boundary=b\r\n\r\n"
    source += b"--b\r\n\r\nSubject: inner\r\n\r\nhello\r\n--b--\r\n"
    (part,) = parse(source).parts
    assert part.is_message
    assert part.message is not None
    assert body(part.message, source) == b"hello"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"", ("text", "plain")),
        (b"Content-Type: TEXT/HTML\r\n", ("text", "html")),
        (b"Content-Type: text (comment) / html (x)\r\n", ("text", "html")),
        (b"Content-Type: text\r\n", ("application", "octet-stream")),
        (b"Content-Type: multipart/mixed\r\n", ("application", "octet-stream")),
        (b"Content-Type:\r\n text/html\r\n", ("text", "html")),
    ],
)
def test_content_type(header: bytes, expected: tuple[str, str]) -> None:
    part = parse(header + b"\r\nbody")
    assert (part.type, part.subtype) == expected


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (b"Subject: x", "no blank line after header"),
        (b"Content-Type: x\r\n\r\n", "malformed content type"),
        (b"Content-Type: multipart/mixed\r\n\r\n", "multipart without boundary"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\nx", "multipart without parts"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx", "no closing boundary"),
        (b"Content-Type: text/a\r\nContent-Type: text/b\r\n\r\n", "repeated content field"),
        (b"Content-Transfer-Encoding: a b\r\n\r\n", "malformed content transfer encoding"),
        (b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n", "encoded message"),
        (
            b"Content-Type: multipart/x; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\n--b--",
            "encoded multipart",
        ),
        (b"Content-Type: multipart/x; boundary=" + b"b" * 71 + b"\r\n\r\n", "boundary too long"),
    ],
)  # fmt: skip
def test_notes_problems_without_refusing(source: bytes, problem: str) -> None:
    assert problem in parse(source).problems


def test_counts_lines_of_text_and_messages_only() -> None:
    assert parse(b"\r\none\r\ntwo").lines == 2
    assert parse(b"\r\none\r\ntwo\r\n").lines == 2
    assert parse(b"Content-Type: image/png\r\n\r\none\r\n").lines == 0
    assert parse(b"Content-Type: message/rfc822\r\n\r\na: b\r\n\r\nx\r\n").lines == 3


def test_limits_stop_the_descent() -> None:
    many = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n\r\n" * 9
    limited = parse(many, limits=Limits(parts=4))
    assert (len(limited.parts), limited.problems) == (3, ("too many parts",))
    deep = parse(b"Content-Type: message/rfc822\r\n\r\n" * 9, limits=Limits(depth=3))
    assert [part.problems[:1] for part in deep.walk()] == [(), (), ("nested too deeply",)]
    big = parse(b"X: y\r\nContent-Type: text/html\r\n\r\n", limits=Limits(header_octets=5))
    assert (big.subtype, big.problems) == ("plain", ("header too large",))
    false = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--bx\r\n" * 9
    assert "too many false boundaries" in parse(false, limits=Limits(false_delimiters=5)).problems
    with pytest.raises(ValueError, match="depth"):
        Limits(depth=1000)


def test_every_kind_of_source_gives_the_same_tree(tmp_path: Path) -> None:
    path = tmp_path / "message"
    source = MIXED + b"x" * 600_000 + b"\r\n"
    path.write_bytes(source)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert parse(mapped) == parse(source) == parse(memoryview(source))


@given(PIECES)
def test_noise_gives_a_tree_within_bounds(source: bytes) -> None:
    tree = parse(source)
    for part in tree.walk():
        assert 0 <= part.header_start <= part.header_end <= part.body_end <= len(source)
        inside = [*part.parts, *([part.message] if part.message else [])]
        at = part.header_end
        for child in inside:
            assert at <= child.header_start
            assert child.body_end <= part.body_end
            at = child.body_end
        _ = (part.params, part.disposition, part.languages, part.filename, part.description, part.location)
    assert parse(memoryview(source)) == tree


@given(
    st.recursive(
        st.binary(max_size=40).map(lambda b: b.replace(b"--", b"").replace(b"\r", b"").replace(b"\n", b"")),
        lambda inner: st.lists(inner, min_size=1, max_size=4),
        max_leaves=12,
    )
)
def test_finds_the_parts_that_were_written(tree: object) -> None:
    def write(node: object, level: int) -> bytes:
        if isinstance(node, bytes):
            return b"Content-Type: text/plain\r\n\r\n" + node
        assert isinstance(node, list)
        boundary = b"=_%d" % level
        parts = b"".join(b"--" + boundary + b"\r\n" + write(child, level + 1) + b"\r\n" for child in node)
        head = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n'
        return head + parts + b"--" + boundary + b"--"

    def read(part: Part) -> object:
        return [read(p) for p in part.parts] if part.is_multipart else source[part.body_start : part.body_end]

    source = write(tree, 0)
    assert read(parse(source)) == tree


def test_agrees_with_stdlib_on_a_nested_message() -> None:
    source = MIXED.replace(b"plain text", b"zwei\r\nZeilen")
    theirs = email.message_from_bytes(source, policy=email.policy.compat32)
    assert [p.get_content_type() for p in theirs.walk()] == [
        f"{p.type}/{p.subtype}" for p in parse(source).walk()
    ]


HEAD = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
HOSTILE: list[Source] = [
    HEAD + b"--b\r\n\r\n\r\n" * 100_000,
    HEAD + b"--bx\n" * 1_000_000,
    HEAD + b"--x\n" * 1_250_000,
    HEAD * 1 + (b"--b\r\n" + HEAD) * 10_000,
    b"".join(b"Content-Type: multipart/x; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(10_000)),
    b"Content-Type: message/rfc822\r\n\r\n" * 100_000,
    b"Content-Type: a/b" + b'; a="' * 100_000,
    b"Content-Type: a/b" + b"; a*0" * 100_000,
    b"Content-Type: " + b"(" * 200_000,
    b"a:" + b"\n " * 500_000,
    b"Content-" * 100_000,
    HEAD + b"\n--b" + b" " * 2_000_000 + b"x",
]


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_input_takes_bounded_time(source: Source) -> None:
    started = time.process_time()
    for part in parse(source).walk():
        _ = part.params
    assert time.process_time() - started < 1
