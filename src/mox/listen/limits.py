"""Counting what an address does, in fixed windows and three sizes of network (reference smtp-incoming.md §2).

Pure: time comes in as an argument. One client is an IPv4 address or an IPv6 /64; its neighbours share
larger allowances, so that a rented network is not worth more than a few addresses.
"""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

__all__ = ["ConnectionLimits", "Limiter", "Window", "networks_of"]

_PREFIXES_4 = (32, 26, 21)
_PREFIXES_6 = (64, 48, 32)
# Networks counted at once; whoever commands more of them is not stopped by counting.
_MOST_NETWORKS = 200_000

_Network = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """How much is allowed.

    Attributes:
        seconds: Length, aligned to the epoch; None: for ever, for what is taken back.
        limits: For the smallest, middle and largest network.
    """

    seconds: int | None
    limits: tuple[int, int, int]


class Limiter:
    """Counts by network; what finds no room in any window is not counted."""

    __slots__ = ("_counts", "_starts", "_windows")

    def __init__(self, *windows: Window) -> None:
        self._windows = windows
        self._starts = [0] * len(windows)
        self._counts: list[dict[_Network, int]] = [{} for _ in windows]

    def add(self, ip: str, now: datetime) -> bool:
        """Count one more; return whether there was room."""
        networks = self._turn(ip, now)
        if not self._has_room(networks):
            return False
        for counts in self._counts:
            if len(counts) > _MOST_NETWORKS:
                counts.clear()
            for network in networks:
                counts[network] = counts.get(network, 0) + 1
        return True

    def has_room(self, ip: str, now: datetime) -> bool:
        """Say whether one more would be counted."""
        return self._has_room(self._turn(ip, now))

    def remove(self, ip: str) -> None:
        """Take one back."""
        networks = _networks(ip)
        for counts in self._counts:
            for network in networks:
                _subtract(counts, network, 1)

    def _turn(self, ip: str, now: datetime) -> tuple[_Network, ...]:
        seconds = int(now.timestamp())
        for index, window in enumerate(self._windows):
            start = 0 if window.seconds is None else seconds // window.seconds
            if start != self._starts[index]:
                self._starts[index] = start
                self._counts[index].clear()
        return _networks(ip)

    def _has_room(self, networks: tuple[_Network, ...]) -> bool:
        return all(
            counts.get(network, 0) < limit
            for counts, window in zip(self._counts, self._windows, strict=True)
            for network, limit in zip(networks, window.limits, strict=True)
        )


def _subtract(counts: dict[_Network, int], network: _Network, amount: int) -> None:
    left = counts.get(network, 0) - amount
    if left > 0:
        counts[network] = left
    else:
        counts.pop(network, None)


def networks_of(ip: str) -> tuple[str, str, str]:
    """Return the networks an address is counted with, smallest first, as text like ``192.0.2.0/26``."""
    small, middle, large = (
        str(ip_network((_plain(ip), prefix), strict=False)) for prefix in _prefixes(_plain(ip))
    )
    return small, middle, large


def _plain(ip: str) -> IPv4Address | IPv6Address:
    address = ip_address(ip)
    return address if isinstance(address, IPv4Address) else address.ipv4_mapped or address


def _prefixes(address: IPv4Address | IPv6Address) -> tuple[int, int, int]:
    return _PREFIXES_4 if isinstance(address, IPv4Address) else _PREFIXES_6


def _networks(ip: str) -> tuple[_Network, ...]:
    address = _plain(ip)
    prefixes = _prefixes(address)
    bits = address.max_prefixlen
    number = int(address)
    # The number of bits tells the sizes, and the families, apart.
    return tuple((bits * 1000 + prefix, number >> (bits - prefix)) for prefix in prefixes)


class ConnectionLimits:
    """How fast, and how many at once, connections of one protocol are served."""

    __slots__ = ("_open", "_rate")

    def __init__(self) -> None:
        self._rate = Limiter(Window(60, (300, 900, 2700)))
        self._open = Limiter(Window(None, (30, 90, 270)))

    def is_too_fast(self, ip: str, now: datetime) -> bool:
        """Count a connection; return whether its network connects too often."""
        return not self._rate.add(ip, now)

    def opened(self, ip: str, now: datetime) -> bool:
        """Count an open connection; return whether there was room. `closed` takes it back."""
        return self._open.add(ip, now)

    def closed(self, ip: str) -> None:
        """Take an open connection back."""
        self._open.remove(ip)
