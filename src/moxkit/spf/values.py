"""What macro letters stand for in one evaluation (RFC 7208 §7.2, §7.3). Pure."""

from collections.abc import Callable
from datetime import datetime
from ipaddress import IPv4Address

from moxkit.domain import Domain
from moxkit.spf.result import Identity
from moxkit.spf.sender import Sender

__all__ = ["MacroValues"]


class MacroValues:
    """Values of all letters, made when they are asked for; two depend on the record that is being evaluated.

    Attributes:
        client_ip: Of the sender.
        has_ascii_localpart: Names with other localparts match nothing (RFC 8616 §4).
    """

    __slots__ = ("_localpart", "_made", "_now", "_origin", "_sender", "client_ip", "has_ascii_localpart")

    def __init__(self, sender: Sender, identity: Identity, origin: Domain, now: datetime) -> None:
        """Args: the origin is the domain of the identity."""
        self._sender = sender
        self._localpart = sender.localpart(identity)
        self._origin = origin.ascii
        self._now = now
        self._made: dict[str, str] = {}
        self.client_ip = sender.client_ip
        self.has_ascii_localpart = self._localpart.isascii()

    def of(self, domain: str, confirmed_name: str) -> Callable[[str], str]:
        """Return what gives the value of a letter.

        Args:
            domain: Whose record it is: the letter ``d``.
            confirmed_name: The letter ``p``.
        """

        def value(letter: str) -> str:
            if letter == "d":
                return domain
            if letter == "p":
                return confirmed_name
            made = self._made.get(letter)
            if made is None:
                made = self._made[letter] = self._make(letter)
            return made

        return value

    def _make(self, letter: str) -> str:
        sender, ip = self._sender, self.client_ip
        match letter:
            case "s":
                made = f"{self._localpart}@{self._origin}"
            case "l":
                made = self._localpart
            case "o":
                made = self._origin
            case "i":
                made = str(ip) if isinstance(ip, IPv4Address) else ".".join(f"{int(ip):032X}")
            case "v":
                made = "in-addr" if isinstance(ip, IPv4Address) else "ip6"
            case "h":
                made = sender.helo_text
            case "c":
                made = str(ip)
            case "r":
                made = "unknown" if sender.hostname is None else sender.hostname.ascii
            case _:
                # "t", the last that the parser lets pass.
                made = str(int(self._now.timestamp()))
        return made
