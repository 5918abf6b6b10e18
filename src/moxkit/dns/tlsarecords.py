"""TLSA records straight from the octets of an answer.

dnspython refuses a record whose data does not fit its matching type. To us it must not vanish: a record that
cannot be used still says that the host wants TLS (RFC 7672 §2.2, RFC 7671 §10).
"""

import dns.name
import dns.rdatatype
import dns.wire

from moxkit.dns.answer import Tlsa

__all__ = ["read_tlsa"]


def read_tlsa(wire: bytes, owner: dns.name.Name) -> tuple[Tlsa, ...]:
    """Return the TLSA records of `owner` in the answer section.

    Raises:
        dns.exception.DNSException: The message is malformed.
    """
    parser = dns.wire.Parser(wire, 4)
    questions, answers, _, _ = parser.get_struct("!HHHH")
    for _ in range(questions):
        parser.get_name(decompress=True)
        parser.get_struct("!HH")
    found = []
    for _ in range(answers):
        name = parser.get_name(decompress=True)
        kind, _, _, length = parser.get_struct("!HHIH")
        data = parser.get_bytes(length)
        if kind == dns.rdatatype.TLSA and name == owner and length >= 3:
            found.append(Tlsa(data[0], data[1], data[2], data[3:]))
    return tuple(found)
