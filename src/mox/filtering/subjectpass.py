"""A token that lets a sender in who was refused: whoever reads the refusal can put it into the subject.

Reference junk-and-reputation.md §5: sixteen octets, of which twelve sign the time and the author.
"""

import base64
import binascii
import hmac
import re
from datetime import datetime, timedelta

from mox.filtering.evidence import PassToken

__all__ = ["check_token", "make_token", "refusal_text"]

_TOKEN = re.compile(r"\(pass:([A-Za-z0-9_-]{1,64})\)")
_OCTETS, _SIGNED = 16, 4
_VERSION = 0


def make_token(key: bytes, author: str, now: datetime) -> str:
    """Return the token, as it stands in a subject.

    Args:
        key: Of the recipient's address.
        author: Canonical address of the sender, who alone can use it.
        now: From when it counts.
    """
    seconds = int(now.timestamp())
    head = bytes([_VERSION << 4 | seconds >> 32 & 0x0F]) + (seconds >> 8 & 0xFFFFFF).to_bytes(3, "big")
    token = base64.urlsafe_b64encode(head + _signature(key, head, author)).rstrip(b"=").decode()
    return f"(pass:{token})"


def refusal_text(token: str) -> str:
    """Return what a refused sender is told."""
    return f"your message looks like junk; to deliver it, send it again with {token} in the subject"


def check_token(subject: str, key: bytes, author: str, *, now: datetime, period: timedelta) -> PassToken:
    """Say what the token in a subject is worth.

    Args:
        subject: Decoded.
        key: Of the recipient's address.
        author: Canonical address of the sender; empty if there is none.
        now: For its age.
        period: How long it counts.
    """
    found = _TOKEN.search(subject)
    if found is None:
        return PassToken.ABSENT
    try:
        octets = base64.urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4))
    except (binascii.Error, ValueError):
        return PassToken.MALFORMED
    head, signature = octets[:_SIGNED], octets[_SIGNED:]
    if len(octets) != _OCTETS or head[0] >> 4 != _VERSION or not author:
        return PassToken.MALFORMED
    if not hmac.compare_digest(signature, _signature(key, head, author)):
        return PassToken.FORGED
    made_at = (head[0] & 0x0F) << 32 | int.from_bytes(head[1:], "big") << 8
    age = now.timestamp() - made_at
    return PassToken.VALID if age <= period.total_seconds() else PassToken.EXPIRED


def _signature(key: bytes, head: bytes, author: str) -> bytes:
    return hmac.digest(key, head + author.encode(), "sha256")[: _OCTETS - _SIGNED]
