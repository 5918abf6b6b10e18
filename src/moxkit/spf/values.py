"""What macro letters stand for in one evaluation (RFC 7208 §7.2, §7.3). Pure."""

from collections.abc import Callable
from datetime import datetime
from ipaddress import IPv4Address

from moxkit.domain import Domain
from moxkit.spf.result import Identity
from moxkit.spf.sender import Sender

__all__ = ["MacroValues"]


class MacroValues:
    """Values of all letters; two of them depend on the record that is being evaluated.

    Attributes:
        client_ip: Of the sender.
        has_ascii_localpart: Names with other localparts match nothing (RFC 8616 §4).
    """

    __slots__ = ("_fixed", "_identity", "_now", "_origin", "_sender", "client_ip", "has_ascii_localpart")

    def __init__(self, sender: Sender, identity: Identity, origin: Domain, now: datetime) -> None:
        """Args: the origin is the domain to evaluate, for a sender whose own is malformed."""
        self._sender = sender
        self._identity = identity
        self._origin = origin
        self._now = now
        self._fixed: dict[str, str] | None = None
        self.client_ip = sender.client_ip
        self.has_ascii_localpart = sender.localpart(identity).isascii()

    def of(self, domain: str, confirmed_name: str) -> Callable[[str], str]:
        """Return what gives the value of a letter.

        Args:
            domain: Whose record it is: the letter ``d``.
            confirmed_name: The letter ``p``.
        """
        if self._fixed is None:
            self._fixed = self._fix()
        return {**self._fixed, "d": domain, "p": confirmed_name}.__getitem__

    def _fix(self) -> dict[str, str]:
        sender, ip = self._sender, self.client_ip
        localpart = sender.localpart(self._identity)
        origin = (sender.domain(self._identity) or self._origin).ascii
        is_ip4 = isinstance(ip, IPv4Address)
        return {
            "s": f"{localpart}@{origin}",
            "l": localpart,
            "o": origin,
            "i": str(ip) if is_ip4 else ".".join(f"{int(ip):032X}"),
            "v": "in-addr" if is_ip4 else "ip6",
            "h": sender.helo_text,
            "c": str(ip),
            "r": "unknown" if sender.hostname is None else sender.hostname.ascii,
            "t": str(int(self._now.timestamp())),
        }
