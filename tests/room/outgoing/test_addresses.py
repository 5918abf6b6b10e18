"""In which order addresses are tried, and which of ours mail comes from."""

from ipaddress import ip_address

import pytest

from mox.config import Listener, SMTPService
from mox.config.testing import make
from mox.outgoing import own_addresses
from mox.outgoing.addresses import LastAddresses, in_order
from moxkit.domain import parse_domain

A, B = ip_address("192.0.2.1"), ip_address("192.0.2.2")
SIX, SEVEN = ip_address("2001:db8::6"), ip_address("2001:db8::7")


@pytest.mark.parametrize(
    ("attempts", "last", "expected"),
    [
        (0, None, [SIX, SEVEN, A, B]),
        (1, None, [A, B, SIX, SEVEN]),
        (2, None, [SIX, SEVEN, A, B]),
        # The other kind than last time, and there the order of DNS.
        (1, SEVEN, [A, B, SEVEN, SIX]),
        (1, B, [SIX, SEVEN, B, A]),
        (2, B, [SIX, SEVEN, A, B]),
        (5, SIX, [A, B, SIX, SEVEN]),
    ],
)
def test_in_turns(attempts: int, last: object, expected: list[object]) -> None:
    assert list(in_order((A, SIX, B, SEVEN), attempts, last)) == expected  # type: ignore[arg-type]  # an address


def test_hosts_with_one_kind_are_tried_at_the_same_address_once_more() -> None:
    """Those who put off strangers remember them for each of their addresses."""
    assert in_order((A, B), 1, B) == (B, A)
    assert in_order((A, B), 2, B) == (A, B)


def test_only_the_latest_are_remembered() -> None:
    last, host = LastAddresses(), parse_domain("mx.mox.example")
    for number in range(10_001):
        last.note(number, host, A)
    last.note(10_000, host, B)
    assert [last.of(number, host) for number in (0, 1, 10_000)] == [None, A, B]


def listeners(*ips: tuple[str, ...], enabled: bool = True) -> dict[str, object]:
    return {
        "listeners": {
            str(n): Listener(ips=each, smtp=SMTPService(enabled=enabled)) for n, each in enumerate(ips)
        }
    }


@pytest.mark.parametrize(
    ("static", "expected"),
    [
        (listeners(("192.0.2.1",)), [A]),
        (listeners(("2001:db8::6", "192.0.2.1")), [A, SIX]),
        (listeners(("192.0.2.1",), ("127.0.0.1", "::1")), [A]),
        (listeners(("192.0.2.1",), ("192.0.2.1",)), [A]),
        (listeners(("192.0.2.1", "192.0.2.2")), []),
        (listeners(("192.0.2.1",), ("2001:db8::6", "2001:db8::7")), []),
        (listeners(("0.0.0.0", "::")), []),
        (listeners(("192.0.2.1", "::")), []),
        (listeners(("192.0.2.1",), enabled=False), []),
        ({"listeners": {"web": Listener(ips=("192.0.2.1",))}}, []),
    ],
)
def test_mail_comes_from_where_it_goes_to_if_that_is_one_place(
    static: dict[str, object], expected: list[object]
) -> None:
    assert list(own_addresses(make(static=static).static)) == expected
