"""BODY sections: the example tree of RFC 9051 §6.4.5.1 and what does not exist."""

import pytest

from moxkit.message import Limits, Section, find_part, parse, section


def multipart(name: str, *parts: bytes) -> bytes:
    """Write a multipart with its header."""
    boundary = f"--{name}\r\n".encode()
    head = f"Content-Type: multipart/mixed; boundary={name}\r\nX-Id: {name}\r\n\r\n".encode()
    return head + b"".join(boundary + part + b"\r\n" for part in parts) + f"--{name}--\r\n".encode()


def leaf(kind: str, text: str) -> bytes:
    """Write a leaf part."""
    return f"Content-Type: {kind}\r\n\r\n{text}".encode()


# The tree of the RFC: 1 TEXT, 2 APPLICATION, 3 MESSAGE (3.1, 3.2), 4 MULTIPART (4.1 IMAGE, 4.2 MESSAGE, ...)
INNER_4_2_2 = multipart("d", leaf("text/plain", "4.2.2.1"), leaf("text/richtext", "4.2.2.2"))
SOURCE = multipart(
    "a",
    leaf("text/plain", "1"),
    leaf("application/octet-stream", "2"),
    b"Content-Type: message/rfc822\r\n\r\n"
    + multipart("b", leaf("text/plain", "3.1"), leaf("application/octet-stream", "3.2")),
    multipart(
        "c",
        leaf("image/gif", "4.1"),
        b"Content-Type: message/rfc822\r\n\r\n" + multipart("e", leaf("text/plain", "4.2.1"), INNER_4_2_2),
    ),
)
TREE = parse(SOURCE)


def cut(path: tuple[int, ...], kind: Section = Section.BODY) -> bytes | None:
    span = section(TREE, path, kind)
    return None if span is None else SOURCE[span.start : span.end]


@pytest.mark.parametrize("path", [(1,), (2,), (3, 1), (3, 2), (4, 1), (4, 2, 1), (4, 2, 2, 1), (4, 2, 2, 2)])
def test_finds_each_leaf(path: tuple[int, ...]) -> None:
    assert cut(path) == ".".join(map(str, path)).encode()


def test_cuts_headers_and_text() -> None:
    assert cut(()) == SOURCE
    assert cut((), Section.HEADER) == SOURCE[: TREE.header_end]
    assert cut((), Section.TEXT) == SOURCE[TREE.header_end :]
    assert cut((1,), Section.MIME) == b"Content-Type: text/plain\r\n\r\n"
    assert cut((3,), Section.MIME) == b"Content-Type: message/rfc822\r\n\r\n"
    header = cut((3,), Section.HEADER)
    text = cut((3,), Section.TEXT)
    assert header is not None
    assert text is not None
    assert b"X-Id: b" in header
    assert header + text == cut((3,))
    assert (cut((4, 2), Section.HEADER) or b"").count(b"X-Id: e") == 1


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ((0,), Section.BODY),
        ((5,), Section.BODY),
        ((1, 1), Section.BODY),
        ((3, 3), Section.BODY),
        ((3, 1, 1), Section.BODY),
        ((4, 2, 2, 3), Section.BODY),
        ((1,), Section.HEADER),
        ((4,), Section.TEXT),
        ((), Section.MIME),
        ((5, 1), Section.MIME),
    ],
)
def test_tells_what_does_not_exist(path: tuple[int, ...], kind: Section) -> None:
    assert section(TREE, path, kind) is None


def test_part_one_of_a_single_part_message_is_its_body() -> None:
    source = b"Subject: x\r\n\r\nbody"
    tree = parse(source)
    assert section(tree, (1,)) == (14, 18)
    assert section(tree, (1,), Section.MIME) == (0, 14)
    assert section(tree, (1,), Section.TEXT) is None
    assert find_part(tree, (1, 1)) is None
    assert find_part(tree, (2,)) is None


def test_part_one_inside_an_embedded_single_part_message() -> None:
    source = b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody"
    tree = parse(source)
    span = section(tree, (1, 1))
    assert span is not None
    assert source[span.start : span.end] == b"body"
    assert section(tree, (1,), Section.TEXT) == span
    assert section(tree, (1, 1, 1)) is None


def test_embedded_message_that_was_not_parsed_has_no_sections() -> None:
    tree = parse(b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody", limits=Limits(depth=1))
    assert section(tree, (1,), Section.HEADER) is None
    assert section(tree, (1, 1)) is None


def test_multipart_without_parts_has_one_empty_part() -> None:
    tree = parse(b"Content-Type: multipart/mixed; boundary=b\r\n\r\nno boundary")
    span = section(tree, (1,))
    assert span is not None
    assert span.start == span.end
    assert section(tree, (2,)) is None
