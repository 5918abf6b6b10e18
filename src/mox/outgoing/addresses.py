"""In which order a host's addresses are tried, and from which of ours."""

from collections import OrderedDict
from collections.abc import Sequence
from ipaddress import ip_address

from mox.config import StaticConfig
from moxkit.dns import Address
from moxkit.domain import Domain

__all__ = ["LastAddresses", "in_order", "own_addresses"]

_MOST_REMEMBERED = 10_000


def in_order(addresses: Sequence[Address], attempts: int, last: Address | None = None) -> tuple[Address, ...]:
    """Return addresses as they are tried: IPv6 first, after a failure the other kind first.

    Whoever is refused over one of them is often let in over the other. The second attempt prefers the very
    address of the first, since hosts that put off strangers do so for each of their addresses.

    Args:
        addresses: Of a host, as DNS gave them.
        attempts: Made so far.
        last: Where the latest attempt went, if that is known.
    """
    first = 6 if attempts % 2 == 0 else 4
    if attempts and last is not None:
        first = 10 - last.version
    known = last if attempts == 1 else None
    return tuple(sorted(addresses, key=lambda address: (address.version != first, address != known)))


class LastAddresses:
    """Where messages were tried, for their next attempts; in memory, the latest only."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, Domain | Address], Address] = OrderedDict()

    def note(self, message_id: int, host: Domain | Address, address: Address) -> None:
        """Remember where a message was tried at a host."""
        self._known[message_id, host] = address
        self._known.move_to_end((message_id, host))
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)

    def of(self, message_id: int, host: Domain | Address) -> Address | None:
        """Return that; None if it is not known (any more)."""
        return self._known.get((message_id, host))


def own_addresses(static: StaticConfig) -> tuple[Address, ...]:
    """Return the addresses that mail is to come from: where mail comes in, if that is unambiguous.

    Hosts look at whether an address has a name, and the configured ones have. With several of one family, or
    with "all addresses", the system chooses. Loopback addresses lead nowhere and do not count.
    """
    listeners = [each for each in static.listeners.values() if each.smtp is not None and each.smtp.enabled]
    addresses = {ip_address(ip) for listener in listeners for ip in listener.ips}
    addresses = {address for address in addresses if not address.is_loopback}
    families = [address.version for address in addresses]
    if len(set(families)) != len(families) or any(address.is_unspecified for address in addresses):
        return ()
    return tuple(sorted(addresses, key=lambda address: address.version))
