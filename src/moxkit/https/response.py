"""What comes back, and the seam that others depend on."""

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Get", "Response"]


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response.

    Attributes:
        status: As 200 (RFC 9110 §15).
        content_type: Media type without parameters, lower case; empty without.
        location: Where else to look (RFC 9110 §10.2.2); empty without.
        body: All of it.
    """

    status: int
    content_type: str
    location: str
    body: bytes


class Get(Protocol):
    """Fetches a document; `HttpsClient.get` is one, a test passes another."""

    async def __call__(self, url: str, *, max_octets: int) -> Response:
        """Return the response, redirects included.

        Raises:
            HttpsError: There is none.
        """
