"""ClientHellos of real clients, whole and in pieces; what is none is said to be none, noise included."""

import contextlib
import ssl

import pytest
from hypothesis import given, strategies as st

from moxkit.net.clienthello import MAX_HELLO_OCTETS, ClientHello, HelloIncompleteError, parse_client_hello


def hello(name: str | None = "Mail.mox.example", alpn: tuple[str, ...] = ("acme-tls/1", "h2")) -> bytes:
    """Return what the standard library's client sends first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def in_records(octets: bytes, size: int) -> bytes:
    """Break the one record into several (RFC 8446 §5.1)."""
    body = octets[5:]
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(octets[:3] + len(part).to_bytes(2, "big") + part for part in parts)


def test_name_and_protocols_are_read() -> None:
    assert parse_client_hello(hello()) == ClientHello("mail.mox.example", ("acme-tls/1", "h2"))
    assert parse_client_hello(hello(None, ())) == ClientHello(None, ())


def test_it_may_come_in_several_records() -> None:
    whole = hello()
    for records in (2, 3, 8):
        pieces = in_records(whole, -(-(len(whole) - 5) // records))
        assert parse_client_hello(pieces) == ClientHello("mail.mox.example", ("acme-tls/1", "h2"))


def test_many_tiny_records_are_not_looked_at() -> None:
    assert parse_client_hello(in_records(hello(), 1)) is None


def test_each_part_of_it_is_incomplete_and_what_follows_is_not_looked_at() -> None:
    whole = hello()
    for end in range(len(whole)):
        with pytest.raises(HelloIncompleteError):
            parse_client_hello(whole[:end])
    assert parse_client_hello(whole + b"more") == parse_client_hello(whole)


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\x02\x00\x00\x01\x01",
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
        b"\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03",
    ],
)
def test_what_is_no_hello_is_none(octets: bytes) -> None:
    assert parse_client_hello(octets) is None


def test_it_is_not_waited_for_without_end() -> None:
    endless = b"\x16\x03\x01\x3f\xff\x01\xff\xff\xff" + b"x" * MAX_HELLO_OCTETS
    with pytest.raises(HelloIncompleteError):
        parse_client_hello(endless[: MAX_HELLO_OCTETS - 1])
    assert parse_client_hello(endless[:MAX_HELLO_OCTETS]) is None


@given(st.binary(max_size=300), st.integers(0, 250))
def test_noise_gives_a_value_or_the_declared_error(noise: bytes, at: int) -> None:
    whole = hello()
    for octets in (noise, b"\x16\x03\x01" + noise, whole[:at] + noise):
        with contextlib.suppress(HelloIncompleteError):
            parse_client_hello(octets)
