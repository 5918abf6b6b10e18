"""Message identifiers and references (RFC 5322 §3.6.4, RFC 5256 §3)."""

import pytest
from hypothesis import given, strategies as st

from moxkit.message import Headers, message_id, normalise_message_id, references


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<A.b@Example.ORG>", "a.b@example.org"),
        ("  <a@b>  ", "a@b"),
        ("<a@b> (added by x)", "a@b"),
        ("<a@b>x", None),
        ('<"a"@b>', "a@b"),
        ('<"a b"@c>', "ab@c"),
        ('<"a\\"b"@c>', '"a\\"b"@c'),
        ("<no-at>", "no-at"),
        ("<a@b", None),
        ("a@b", None),
        ("<>", None),
        ("", None),
        ("<" + "x" * 999 + ">", None),
    ],
)
def test_normalises(text: str, expected: str | None) -> None:
    assert normalise_message_id(text) == expected


def test_reads_the_message_id() -> None:
    assert message_id(Headers(b"Message-Id:\r\n <A@b>\r\n")) == "a@b"
    assert message_id(Headers(b"")) is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"References: <a@b>\r\n <C@d> <broken <e@f>\r\nIn-Reply-To: <x@y>\r\n", ("a@b", "c@d", "e@f")),
        (b"References: <a@b>\r\nReferences: <c@d>\r\n", ("a@b", "c@d")),
        (b"References: <a\r\n @b>\r\n", ("a@b",)),
        (b"In-Reply-To: <x@y> <z@y>\r\n", ("x@y",)),
        (b"References: none\r\nIn-Reply-To: your mail <x@y>\r\n", ("x@y",)),
        (b"", ()),
    ],
)
def test_collects_references(header: bytes, expected: tuple[str, ...]) -> None:
    assert references(Headers(header)) == expected


def test_keeps_the_last_of_many_references() -> None:
    header = b"References: " + b" ".join(b"<%d@x>" % number for number in range(5000)) + b"\r\n"
    found = references(Headers(header))
    assert (len(found), found[-1]) == (1000, "4999@x")


@given(st.text(max_size=50))
def test_normalising_twice_changes_nothing(text: str) -> None:
    found = normalise_message_id(f"<{text}>")
    assert found is None or normalise_message_id(f"<{found}>") == found
