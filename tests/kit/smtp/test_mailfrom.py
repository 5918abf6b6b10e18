"""MAIL and RCPT grammar: what is accepted, what is refused and how, properties."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from moxkit.smtp import Body, CommandError, MailFrom, parse_mail_from, parse_path, parse_rcpt_to

PATHS = st.sampled_from([None, parse_path("alice@mox.example")])
SIZES = st.none() | st.integers(0, 10**20 - 1)
COMMANDS = st.builds(MailFrom, PATHS, st.none() | st.sampled_from(Body), SIZES, st.booleans(), st.booleans())
REFUSED = [
    (b"SEND:<>", 501),
    (b"FROM:<>SIZE=1", 501),
    (b"FROM:<> SIZE=1 SIZE=2", 501),
    (b"FROM:<> SIZE=" + b"1" * 21, 501),
    (b"FROM:<> SIZE=x", 501),
    (b"FROM:<> BODY=BINARYMIME", 555),
    (b"FROM:<> X=1", 555),
    (b"FROM:<> SMTPUTF8=1", 501),
    (b"FROM:<> AUTH=+g", 501),
    (b"FROM:<> HOLDFOR=0", 501),
    (b"FROM:<> HOLDFOR=1 HOLDUNTIL=2030-01-01T00:00:00Z", 501),
    (b"FROM:<> HOLDUNTIL=2030-13-01T00:00:00Z", 501),
    ("FROM:<ü@mox.example>".encode(), 550),
]


def test_accepts_space_after_colon_and_any_case() -> None:
    command = parse_mail_from(b"from: <alice@mox.example> size=5 body=8bitmime auth=<>")
    assert command == MailFrom(parse_path("alice@mox.example"), Body.EIGHT_BIT_MIME, size=5)
    with pytest.raises(CommandError):
        parse_mail_from(b"FROM: <>", is_pedantic=True)


def test_reads_hold() -> None:
    assert parse_mail_from(b"FROM:<> HOLDFOR=60").hold_for == 60
    until = parse_mail_from(b"FROM:<> HOLDUNTIL=2030-01-02T03:04:05Z").hold_until
    assert until == datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(("line", "code"), REFUSED)
def test_refuses_mail_with_reply_code(line: bytes, code: int) -> None:
    with pytest.raises(CommandError, match=f"^{code} "):
        parse_mail_from(line)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"TO:<>", 501),
        (b"FROM:<a@mox.example>", 501),
        (b"TO:<a@mox.example> X=1", 555),
        ("TO:<ü@mox.example>".encode(), 553),
    ],
)
def test_refuses_rcpt_with_reply_code(line: bytes, code: int) -> None:
    with pytest.raises(CommandError, match=f"^{code} "):
        parse_rcpt_to(line)


@given(COMMANDS)
def test_server_reads_what_client_writes(command: MailFrom) -> None:
    assert parse_mail_from(bytes(command)[len("MAIL ") : -2]) == command


@given(st.binary(max_size=80))
def test_noise_gives_a_value_or_a_command_error(noise: bytes) -> None:
    with suppress(CommandError):
        parse_mail_from(b"FROM:<> " + noise)
    with suppress(CommandError):
        parse_rcpt_to(b"TO:<a@mox.example>" + noise)
