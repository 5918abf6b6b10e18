"""How one client wants messages of the selected mailbox told: what it enabled decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from moxkit.imap import ExpungeData, encode_vanished

__all__ = ["Dialect"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """A manner of speaking.

    Attributes:
        condstore: Modseqs are told (RFC 7162 §3.1).
        vanished: VANISHED instead of EXPUNGE (RFC 7162 §3.2.10, RFC 9586 §3.4).
        uid_only: UIDFETCH instead of FETCH: no message numbers at all (RFC 9586 §3.3).
        tells_new: New messages of others come with their UID and flags.
        tells_flags: Changes of flags by others are told.
    """

    condstore: bool = False
    vanished: bool = False
    uid_only: bool = False
    tells_new: bool = False
    tells_flags: bool = True

    def flags(self, number: int, uid: int, text: str, modseq: int | None) -> bytes:
        """Write the flags of one message; with its modseq if there is one and the client knows of such."""
        changed = f" MODSEQ ({modseq})" if modseq is not None and self.condstore else ""
        if self.uid_only:
            return f"* {uid} UIDFETCH (FLAGS ({text}){changed})\r\n".encode()
        return f"* {number} FETCH (UID {uid} FLAGS ({text}){changed})\r\n".encode()

    def removed(self, messages: Sequence[tuple[int, int]]) -> bytes:
        """Write that messages are gone: the number each had when those before it were gone, and its UID."""
        if self.vanished:
            return encode_vanished([uid for _, uid in messages])
        return b"".join(ExpungeData(number).encode() for number, _ in messages)
