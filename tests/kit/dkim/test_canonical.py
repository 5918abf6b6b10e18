"""Canonical header fields: the example of the RFC, white space, and the removal of b=."""

import re

import pytest
from hypothesis import given, strategies as st

from moxkit.dkim import Canonicalization, canonical_field, without_signature

# RFC 6376 §3.4.5.
EXAMPLES = [(b"A: X\r\n", b"a:X\r\n"), (b"B : Y\t\r\n\tZ  \r\n", b"b:Y Z\r\n")]
RELAXED = [
    *EXAMPLES,
    (b"A:\r\n", b"a:\r\n"),
    (b"A: \t \r\n", b"a:\r\n"),
    (b"SubJect:\t a  b \t c\r\n", b"subject:a b c\r\n"),
    (b"A: x\r\n \r\n y\r\n", b"a:x y\r\n"),
    # Only space and tab are white space, only CRLF is a line end.
    (b"A: a\x0b \x0cb\n\rc\r\n", b"a:a\x0b \x0cb\n\rc\r\n"),
    ("A: grüße  Ü\r\n".encode(), "a:grüße Ü\r\n".encode()),
    (b"A: b: c : d\r\n", b"a:b: c : d\r\n"),
]


@pytest.mark.parametrize(("octets", "canonical"), RELAXED)
def test_relaxed(octets: bytes, canonical: bytes) -> None:
    assert canonical_field(octets, Canonicalization.RELAXED) == canonical


@given(st.text(alphabet="aB \t\r\n:\x0b").map(str.encode))
def test_relaxed_as_the_rfc_says_step_by_step(value: bytes) -> None:
    """RFC 6376 §3.4.2, in its words."""
    octets = b"Name" + b": " + value + b"\r\n"
    unfolded = octets.removesuffix(b"\r\n").replace(b"\r\n", b"")
    reduced = re.sub(rb"[ \t]+", b" ", unfolded)
    name, _, rest = reduced.partition(b":")
    expected = name.lower().strip(b" ") + b":" + rest.strip(b" ") + b"\r\n"
    assert canonical_field(octets, Canonicalization.RELAXED) == expected


@pytest.mark.parametrize("octets", [octets for octets, _ in RELAXED])
def test_simple_changes_nothing(octets: bytes) -> None:
    assert canonical_field(octets, Canonicalization.SIMPLE) == octets


@pytest.mark.parametrize(
    ("field", "rest"),
    [
        # RFC 6376 §3.7: the value and all white space around it; bh= is another tag.
        (b"S: a=1; b=QUI=; c=2", b"S: a=1; b=; c=2"),
        (b"S: bh=x; b = QU\r\n\tI= \r\n", b"S: bh=x; b ="),
        (b"S:b=x;bh=y", b"S:b=;bh=y"),
        (b"S: bh=b=x; b=y", b"S: bh=b=x; b="),
        (b"S: a=1", b"S: a=1"),
        (b"S: b=;c", b"S: b=;c"),
    ],
)
def test_signature_is_removed(field: bytes, rest: bytes) -> None:
    assert without_signature(field) == rest
