"""Names that no name server is asked about, since all know what they stand for (RFC 6761)."""

from ipaddress import ip_address
from typing import Any

from moxkit.dns.answer import Answer, NotFound
from moxkit.dns.bytype import RecordType

__all__ = ["special_answer"]

_LOOPBACK = {RecordType.A: ip_address("127.0.0.1"), RecordType.AAAA: ip_address("::1")}
# The names themselves do not change; it says how long somebody may keep the answer.
_TTL_S = 86400


def special_answer(name: str, kind: RecordType) -> Answer[Any] | None:
    """Return what is known of a special name; None if it is none.

    Args:
        name: Lower case, without a dot at the end.
        kind: Of record.

    Raises:
        NotFound: There is nothing of that type.
    """
    match name.rpartition(".")[2]:
        case "localhost":
            # RFC 6761 §6.3: the loopback addresses, and nothing else.
            if (address := _LOOPBACK.get(kind)) is None:
                raise NotFound(name)
            return Answer((address,), authentic=False, ttl=_TTL_S)
        case "invalid":
            # RFC 6761 §6.4.
            raise NotFound(name)
        case _:
            return None
