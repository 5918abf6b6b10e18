"""Times and flags in mbox files (reference import-export.md §3)."""

import pytest
from hypothesis import given, strategies as st

from mox.moving.mboxheaders import flags_of, parse_from_line
from mox.store import parse_flags
from moxkit.message import Headers

T = 1136214245  # 2006-01-02 15:04:05 UTC

FROM_LINES = [
    (b"From x@mox.example Mon Jan  2 15:04:05 2006", T),
    (b"From - Mon Jan 02 15:04:05 2006", T),
    (b"From x Mon Jan  2 15:04 2006", T - 5),
    (b"From x Mon Jan  2 15:04:05 UTC 2006", T),
    (b"From x Mon Jan  2 15:04:05 MST 2006", T + 7 * 3600),
    (b"From 12@xxx Mon Jan 02 15:04:05 +0000 2006", T),
    (b"From 12@xxx Mon Jan 02 15:04:05 -0700 2006", T + 7 * 3600),
    (b"From x Mon Jan  2 15:04:05 2006 +0100", T - 3600),
    (b'From "a b"@mox.example Mon Jan  2 15:04:05 2006', T),
    (b"From x", None),
    (b"From x Mon Foo  2 15:04:05 2006", None),
    (b"From x Mon Jan 32 15:04:05 2006", None),
    (b"From x Mon Jan 02 15:04:05 +9999 2006", None),
    (b"From x 2006-01-02", None),
]


@pytest.mark.parametrize(("line", "at"), FROM_LINES)
def test_times_in_from_lines(line: bytes, at: int | None) -> None:
    assert parse_from_line(line) == at


@given(st.binary(max_size=120))
def test_noise_is_a_time_or_none(noise: bytes) -> None:
    parse_from_line(b"From x " + noise)
    flags_of(Headers(b"Status: " + noise + b"\r\nX-Keywords: " + noise + b"\r\n\r\n"))


FIELDS = [
    ("Status: RO", "\\Seen", []),
    ("Status: O", "", []),
    ("X-Status: AFTD", "\\Answered \\Flagged \\Draft \\Deleted", []),
    ("X-Keywords: Forwarded, $junk,NonJunk , Work", "$Forwarded $Junk $NotJunk work", []),
    # As Dovecot writes them.
    ("X-Keywords: $MDNSent phishing  home  ", "$MDNSent $Phishing home", []),
    ("X-Keywords: a(b), fine, \\Bad", "fine", ["a(b)", "\\Bad"]),
    ("X: Status: R", "", []),
]


@pytest.mark.parametrize(("field", "flags", "refused"), FIELDS)
def test_fields_say_flags(field: str, flags: str, refused: list[str]) -> None:
    assert flags_of(Headers(field.encode() + b"\r\n\r\n")) == (parse_flags(flags.split()), refused)
