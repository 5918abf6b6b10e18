"""Counting by network in fixed windows."""

from datetime import UTC, datetime, timedelta

import pytest

from mox.listen import ConnectionLimits, Limiter, Window, networks_of

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_each_size_of_network_has_its_limit() -> None:
    limiter = Limiter(Window(60, (2, 3, 4)))
    assert [limiter.add("192.0.2.1", NOW) for _ in range(3)] == [True, True, False]
    # The neighbour shares the /26, which has room for one more.
    assert [limiter.add("192.0.2.2", NOW) for _ in range(2)] == [True, False]
    assert [limiter.add("192.0.2.200", NOW) for _ in range(2)] == [True, False]
    assert limiter.add("198.51.100.1", NOW)
    assert limiter.add("192.0.2.1", NOW + timedelta(minutes=1))


def test_addresses_of_ipv6_count_by_64_bits() -> None:
    limiter = Limiter(Window(60, (1, 9, 9)))
    assert limiter.add("2001:db8::1", NOW)
    assert not limiter.add("2001:db8::2", NOW)
    assert limiter.add("2001:db8:0:1::1", NOW)
    assert limiter.add("192.0.2.1", NOW)
    assert not limiter.add("::ffff:192.0.2.1", NOW)


def test_open_connections_are_taken_back() -> None:
    limits = ConnectionLimits()
    assert all(limits.opened("192.0.2.1", NOW) for _ in range(30))
    assert not limits.opened("192.0.2.1", NOW)
    limits.closed("192.0.2.1")
    assert limits.opened("192.0.2.1", NOW + timedelta(days=3))


def test_connection_rate() -> None:
    limits = ConnectionLimits()
    assert not any(limits.is_too_fast("192.0.2.1", NOW) for _ in range(300))
    assert limits.is_too_fast("192.0.2.1", NOW)


@pytest.mark.parametrize(
    ("ip", "networks"),
    [
        ("192.0.2.77", ("192.0.2.77/32", "192.0.2.64/26", "192.0.0.0/21")),
        ("::ffff:192.0.2.77", ("192.0.2.77/32", "192.0.2.64/26", "192.0.0.0/21")),
        ("2001:db8:1:2::3", ("2001:db8:1:2::/64", "2001:db8:1::/48", "2001:db8::/32")),
    ],
)
def test_networks_an_address_is_counted_with(ip: str, networks: tuple[str, str, str]) -> None:
    assert networks_of(ip) == networks
