"""What servers say, as results of the queue: pure, but for reading a message's file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mox.queue import Delivered, Failed, Result, Retry
from moxkit.dns import Address
from moxkit.smtp import Reply

__all__ = ["in_order", "is_about_us", "read_pieces", "result_of"]

_PIECE_OCTETS = 256 << 10


def result_of(reply: Reply, host: str) -> Result:
    """Return what a reply to a recipient, or to the content, means for it."""
    enhanced = reply.enhanced or f"{reply.code // 100}.0.0"
    if reply.is_positive:
        return Delivered(reply.code, enhanced, reply.text, host)
    kind = Failed if reply.code >= 500 else Retry
    return kind(reply.code, enhanced, reply.text, host)


def is_about_us(result: Result) -> bool:
    """Say whether a refusal is for security or policy reasons (RFC 3463 §3.8), so perhaps for our address."""
    return isinstance(result, Failed) and result.enhanced.startswith("5.7.")


def in_order(addresses: Sequence[Address], attempts: int) -> tuple[Address, ...]:
    """Return addresses as they are tried: IPv6 first, after a failure IPv4 first, and so on in turns.

    Whoever is refused over one of them is often let in over the other.
    """
    first = 6 if attempts % 2 == 0 else 4
    return tuple(sorted(addresses, key=lambda address: address.version != first))


def read_pieces(prefix: bytes, content: Path) -> Iterator[bytes]:
    """Yield a message's octets, a bounded piece at a time.

    Raises:
        OSError: Its file cannot be read.
    """
    yield prefix
    with content.open("rb") as file:
        while piece := file.read(_PIECE_OCTETS):
            yield piece
