"""MAIL and RCPT grammar: what is accepted, what is refused and how, properties."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from moxkit.smtp import (
    Body,
    CommandError,
    MailFrom,
    Notify,
    RcptTo,
    RecipientAddress,
    Ret,
    parse_mail_from,
    parse_path,
    parse_rcpt_to,
)

PATHS = st.sampled_from([None, parse_path("alice@mox.example")])
SIZES = st.none() | st.integers(0, 10**20 - 1)
COMMANDS = st.builds(
    MailFrom,
    PATHS,
    st.none() | st.sampled_from(Body),
    SIZES,
    st.booleans(),
    st.booleans(),
    ret=st.none() | st.sampled_from(Ret),
    envid=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=33),
)
WISHES = st.just(frozenset({Notify.NEVER})) | st.frozensets(
    st.sampled_from([Notify.SUCCESS, Notify.FAILURE, Notify.DELAY])
)
RECIPIENTS = st.builds(
    RcptTo,
    st.just(parse_path("bob@mox.example")),
    WISHES,
    st.none()
    | st.builds(
        RecipientAddress,
        st.just("rfc822"),
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=150),
    )
    | st.just(RecipientAddress("utf-8", "zoë@\u20ac.example")),
)
REFUSED = [
    (b"SEND:<>", 501),
    (b"FROM:<>SIZE=1", 501),
    (b"FROM:<> SIZE=1 SIZE=2", 501),
    (b"FROM:<> SIZE=" + b"1" * 21, 501),
    (b"FROM:<> SIZE=x", 501),
    (b"FROM:<> BODY=BINARY", 555),
    (b"FROM:<> X=1", 555),
    (b"FROM:<> SMTPUTF8=1", 501),
    (b"FROM:<> AUTH=+g", 501),
    (b"FROM:<> HOLDFOR=0", 501),
    (b"FROM:<> HOLDFOR=1 HOLDUNTIL=2030-01-01T00:00:00Z", 501),
    (b"FROM:<> HOLDUNTIL=2030-13-01T00:00:00Z", 501),
    (b"FROM:<> RET=", 501),
    (b"FROM:<> RET=BODY", 501),
    (b"FROM:<> ENVID", 501),
    (b"FROM:<> ENVID=" + b"x" * 101, 501),
    (b"FROM:<> ENVID=+7", 501),
    (b"FROM:<> ENVID=+00", 501),
    ("FROM:<> ENVID=ü".encode(), 501),
    (b"FROM:<> NOTIFY=NEVER", 555),
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
        (b"TO:<a@mox.example> NOTIFY", 501),
        (b"TO:<a@mox.example> NOTIFY=NEVER,DELAY", 501),
        (b"TO:<a@mox.example> NOTIFY=NEVER,NEVER", 501),
        (b"TO:<a@mox.example> NOTIFY=DELAY,,FAILURE", 501),
        (b"TO:<a@mox.example> NOTIFY=SUCCESS NOTIFY=SUCCESS", 501),
        (b"TO:<a@mox.example> ORCPT=rfc822;", 501),
        (b"TO:<a@mox.example> ORCPT=" + b"x" * 501, 501),
        (b"TO:<a@mox.example> ORCPT=rfc822;" + b"x" * 494, 501),
        ("TO:<a@mox.example> ORCPT=utf-8;ü@x".encode(), 501),
        ("TO:<ü@mox.example>".encode(), 553),
    ],
)
def test_refuses_rcpt_with_reply_code(line: bytes, code: int) -> None:
    with pytest.raises(CommandError, match=f"^{code} "):
        parse_rcpt_to(line)


def test_parameters_that_were_not_offered_are_unknown() -> None:
    assert parse_mail_from(b"FROM:<> BODY=binarymime").body is Body.BINARYMIME
    with pytest.raises(CommandError, match=r"^555 "):
        parse_mail_from(b"FROM:<> BODY=BINARYMIME", allows_binary=False)
    for line in (b"FROM:<> RET=FULL", b"FROM:<> ENVID=1"):
        with pytest.raises(CommandError, match=r"^555 "):
            parse_mail_from(line, allows_dsn=False)
    for line in (b"TO:<a@x.example> NOTIFY=NEVER", b"TO:<a@x.example> ORCPT=rfc822;a@x.example"):
        with pytest.raises(CommandError, match=r"^555 "):
            parse_rcpt_to(line, allows_dsn=False)


def test_largest_parameters_are_read() -> None:
    """RFC 3461 §5.4: at least these sizes."""
    assert parse_mail_from(b"FROM:<> ENVID=" + b"x" * 100).envid == "x" * 100
    rcpt = parse_rcpt_to(b"TO:<a@x.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;" + b"x" * 493)
    assert rcpt.orcpt == RecipientAddress("rfc822", "x" * 493)
    assert len(rcpt.notify) == 3


def test_utf8_in_orcpt_needs_smtputf8() -> None:
    """RFC 6533 §3: encoded otherwise."""
    zoe = RecipientAddress("utf-8", "zoë@x.example")
    assert parse_rcpt_to("TO:<a@x.example> ORCPT=utf-8;zoë@x.example".encode(), smtputf8=True).orcpt == zoe
    assert parse_rcpt_to(rb"TO:<a@x.example> ORCPT=utf-8;zo\x{EB}@x.example").orcpt == zoe


@given(COMMANDS)
def test_server_reads_what_client_writes(command: MailFrom) -> None:
    assert parse_mail_from(bytes(command)[len("MAIL ") : -2]) == command


@given(RECIPIENTS)
def test_server_reads_recipients_that_client_writes(command: RcptTo) -> None:
    assert parse_rcpt_to(bytes(command)[len("RCPT ") : -2]) == command


@given(st.binary(max_size=80))
def test_noise_gives_a_value_or_a_command_error(noise: bytes) -> None:
    with suppress(CommandError):
        parse_mail_from(b"FROM:<> " + noise)
    with suppress(CommandError):
        parse_rcpt_to(b"TO:<a@mox.example>" + noise)
    with suppress(CommandError):
        parse_mail_from(b"FROM:<> ENVID=" + noise)
    with suppress(CommandError):
        parse_rcpt_to(b"TO:<a@mox.example> ORCPT=rfc822;" + noise, smtputf8=True)
