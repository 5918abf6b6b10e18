"""Received-SPF: writing it for results, reading what others write (RFC 7208 §9.1)."""

import time
from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given, strategies as st

from moxkit.domain import parse_domain
from moxkit.spf import (
    Identity,
    ReceivedSpf,
    ReceivedSpfError,
    Result,
    Sender,
    Status,
    parse_received_spf,
    received_spf,
)

IP = ip_address("192.0.2.1")
SENDER = Sender(IP, "myname@example.com", "foo.example.com", hostname=parse_domain("mybox.example.org"))


def read(field: str) -> ReceivedSpf:
    name, _, value = field.partition(":")
    assert (name, field[-2:]) == ("Received-SPF", "\r\n")
    return parse_received_spf(value)


def test_field_of_a_pass() -> None:
    result = Result(Status.PASS, Identity.MAILFROM, parse_domain("example.com"), "ip4:192.0.2.0/24")
    assert str(received_spf(SENDER, result)) == (
        "Received-SPF: pass (mybox.example.org: domain of example.com designates\r\n"
        "\t192.0.2.1 as permitted sender) client-ip=192.0.2.1;\r\n"
        '\tenvelope-from="myname@example.com"; helo=foo.example.com;\r\n'
        '\treceiver=mybox.example.org; identity=mailfrom; mechanism="ip4:192.0.2.0/24"\r\n'
    )


@pytest.mark.parametrize("status", Status)
def test_field_of_each_status_is_read_again(status: Status) -> None:
    result = Result(status, Identity.HELO, None, problem='it (really) "fails" \\')
    sender = Sender(ip_address("2001:db8::1"), "", "[IPv6:2001:db8::1]")
    field = read(str(received_spf(sender, result)))
    assert field.comment.startswith("unknown: ")
    assert field == ReceivedSpf(
        status,
        field.comment,
        ip_address("2001:db8::1"),
        "",
        "[IPv6:2001:db8::1]",
        'it (really) "fails" \\',
        "unknown",
        Identity.HELO,
    )


READ = [
    # RFC 7208 §9.1.
    (
        "pass (mybox.example.org: domain of myname@example.com designates 192.0.2.1 as permitted sender) "
        'receiver=mybox.example.org; client-ip=192.0.2.1; envelope-from="myname@example.com"; '
        "helo=foo.example.com;",
        ReceivedSpf(
            Status.PASS,
            "mybox.example.org: domain of myname@example.com designates 192.0.2.1 as permitted sender",
            IP,
            "myname@example.com",
            "foo.example.com",
            receiver="mybox.example.org",
        ),
    ),
    (
        "fail (mybox.example.org: domain of\r\n myname@example.com does not designate\r\n"
        "\t192.0.2.1 as permitted sender)\r\n identity=mailfrom; client-ip=192.0.2.1;\r\n"
        ' envelope-from="myname@example.com"',
        ReceivedSpf(
            Status.FAIL,
            "mybox.example.org: domain of myname@example.com does not designate "
            "192.0.2.1 as permitted sender",
            IP,
            "myname@example.com",
            identity=Identity.MAILFROM,
        ),
    ),
    (
        "pass (mybox.example.org: domain of\r\n myname@example.com designates 192.0.2.1 as\r\n"
        " permitted sender) receiver=mybox.example.org; client-ip=192.0.2.1; mechanism=ip4:192.0.2.1",
        ReceivedSpf(
            Status.PASS,
            "mybox.example.org: domain of myname@example.com designates 192.0.2.1 as permitted sender",
            IP,
            receiver="mybox.example.org",
            mechanism="ip4:192.0.2.1",
        ),
    ),
    ("None", ReceivedSpf(Status.NONE)),
    (" (a(b)\\)c) NEUTRAL ", ReceivedSpf(Status.NEUTRAL, "a(b))c")),
    (
        'softfail HELO = "a\\"b" (x) ; (y) x-key=z; helo=second; identity=other',
        ReceivedSpf(Status.SOFTFAIL, helo='a"b'),
    ),
    ("temperror client-ip=2001:db8::1", ReceivedSpf(Status.TEMPERROR, client_ip=ip_address("2001:db8::1"))),
]


@pytest.mark.parametrize(("value", "field"), READ, ids=range(len(READ)))
def test_reads_what_others_write(value: str, field: ReceivedSpf) -> None:
    assert parse_received_spf(value) == field


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "no result"),
        ("hardfail", "no result"),
        ("pass (open", "comment without end"),
        ("pass (open\\", "comment without end"),
        ("pass =x", "no key"),
        ("pass ;", "no key"),
        ("pass helo", "no value"),
        ("pass helo=", "no value"),
        ('pass helo="open', "no value"),
        ("pass helo=a client-ip=192.0.2.1", "no semicolon"),
        ("pass client-ip=here", "bad client-ip"),
        ("pass " + "x" * 9000, "too long"),
    ],
    ids=lambda value: value[:20],
)
def test_malformed_field_is_refused(value: str, problem: str) -> None:
    with pytest.raises(ReceivedSpfError, match=problem):
        parse_received_spf(value)


TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=100)
FIELDS = st.builds(
    ReceivedSpf,
    st.sampled_from(Status),
    # White space in comments is not kept.
    TEXTS.map(lambda text: " ".join(text.split())),
    st.none() | st.ip_addresses(),
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    st.none() | st.sampled_from(Identity),
    TEXTS,
)


@given(FIELDS)
def test_what_is_written_is_read_again(field: ReceivedSpf) -> None:
    assert read(str(field)) == field


@given(st.text(max_size=500), st.text(max_size=500), st.text(max_size=500), st.text(max_size=500))
def test_nobody_writes_lines_of_ours(mail_from: str, helo: str, mechanism: str, problem: str) -> None:
    result = Result(Status.FAIL, Identity.MAILFROM, None, mechanism, problem)
    text = str(received_spf(Sender(IP, mail_from, helo), result))
    first, *others, last = text.split("\r\n")
    assert (first[:19], last) == ("Received-SPF: fail ", "")
    assert all(line[0] == "\t" and line.strip() for line in others)
    assert all(len(line) < 998 and line.isprintable() for line in [first, *(line[1:] for line in others)])
    assert "\n" not in text.replace("\r\n", "")
    assert read(text).status is Status.FAIL


@given(st.text(max_size=200), st.sampled_from(["", "pass ", "pass (", 'pass helo="', "fail helo=x;"]))
def test_noise_gives_a_field_or_the_declared_error(noise: str, before: str) -> None:
    with suppress(ReceivedSpfError):
        assert isinstance(parse_received_spf(before + noise), ReceivedSpf)


@pytest.mark.parametrize(
    "text", ["(" * 8000, "pass " + "(x)" * 2600, "pass (" + "\\" * 8000, 'pass a="' + "\\" * 8000]
)
def test_hostile_field_takes_bounded_time(text: str) -> None:
    began = time.process_time()
    with suppress(ReceivedSpfError):
        parse_received_spf(text)
    with suppress(ReceivedSpfError):
        parse_received_spf(text * 130)
    assert time.process_time() - began < 0.5
