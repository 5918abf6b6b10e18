"""Taking an https address apart."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from moxkit.domain import parse_domain
from moxkit.https.errors import HttpsError, Stage

__all__ = ["Url", "parse_url"]

# Visible ASCII (RFC 3986 §2); anything else could be a second header line.
_TARGET = re.compile(r"/[!-~]*")


@dataclass(frozen=True, slots=True)
class Url:
    """Host as A-labels, port, and path with query."""

    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """What the Host field says (RFC 9110 §7.2)."""
        return self.host if self.port == 443 else f"{self.host}:{self.port}"


def parse_url(url: str, default_port: int) -> Url:
    """Parse an address (RFC 9110 §4.2.2); names in Unicode are allowed.

    Raises:
        HttpsError: It is not ``https://``, or not one we would fetch.
    """
    try:
        parts = urlsplit(url)
        host, port = parse_domain(parts.hostname or "").ascii, parts.port or default_port
    except ValueError as error:
        raise HttpsError(Stage.CONNECT, f"{url!r} cannot be fetched: {error}") from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme != "https" or parts.username is not None or _TARGET.fullmatch(target) is None:
        raise HttpsError(Stage.CONNECT, f"{url!r} cannot be fetched: not a plain https address")
    return Url(host, port, target)
