"""One mail transaction: the envelope as accepted so far, and the content on its way (RFC 5321 §3.3)."""

import re
from dataclasses import dataclass, field

from mox.accounts import AddressUnknown, AliasRecipient, Recipient
from mox.store import Spool
from moxkit.smtp import MailFrom, RcptTo

__all__ = ["Transaction"]

_HEADER_OCTETS = 256 << 10
_RECEIVED = re.compile(rb"^Received:", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class Transaction:
    """From MAIL to the end of content.

    Attributes:
        mail: The accepted command.
        local: Recipients of this server.
        aliases: Addresses that stand for several of this server.
        unknown: Addresses that were accepted although nobody is there.
        remote: Recipients of a submission, in order.
        spool: The content, from DATA on.
        trouble: Why the content cannot be stored; the rest of it is dropped.
        started_at: Monotonic time of DATA.
        was_unwanted: A recipient's judgement refused the message.
    """

    mail: MailFrom
    local: dict[str, Recipient] = field(default_factory=dict)
    aliases: dict[str, AliasRecipient] = field(default_factory=dict)
    unknown: dict[str, AddressUnknown] = field(default_factory=dict)
    remote: dict[str, RcptTo] = field(default_factory=dict)
    spool: Spool | None = None
    trouble: OSError | None = None
    started_at: float = 0
    was_unwanted: bool = False
    _header: list[bytes] = field(default_factory=list)
    _header_octets: int = 0
    _is_header: bool = True

    @property
    def count(self) -> int:
        """How many recipients there are."""
        return len(self.local) + len(self.aliases) + len(self.unknown) + len(self.remote)

    async def add(self, octets: bytes) -> None:
        """Take a piece of content."""
        if self._is_header:
            self._header.append(octets)
            self._header_octets += len(octets)
            self._is_header = b"\r\n\r\n" not in octets and self._header_octets < _HEADER_OCTETS
        spool = self.spool
        if spool is None or self.trouble is not None:
            return
        try:
            spool.write(octets)
            if spool.wants_flush:
                await spool.flush()
        except OSError as error:
            self.trouble = error

    def received_count(self) -> int:
        """Count the Received fields, to find loops (RFC 5321 §6.3)."""
        header = b"".join(self._header)
        end = header.find(b"\r\n\r\n")
        return len(_RECEIVED.findall(header if end < 0 else header[: end + 2]))

    def discard(self) -> None:
        """Remove the temporary file."""
        if self.spool is not None:
            self.spool.discard()
            self.spool = None
