"""A mailbox's counters: kept beside each change, so that STATUS never counts messages."""

from dataclasses import dataclass

from mox.database import Connection
from mox.store.flags import Flag

__all__ = ["CounterChange"]

_APPLY = """UPDATE mailbox SET total = total + :total, unseen = unseen + :unseen,
  deleted = deleted + :deleted,
  deleted_octets = deleted_octets + :deleted_octets, octets = octets + :octets, modseq = max(modseq, :modseq)
  WHERE id = :mailbox_id"""
_SEEN, _DELETED = int(Flag.SEEN), int(Flag.DELETED)


@dataclass(slots=True)
class CounterChange:
    """What a change adds to a mailbox's counters; gathered over its messages, applied once."""

    total: int = 0
    unseen: int = 0
    deleted: int = 0
    deleted_octets: int = 0
    octets: int = 0

    def add(self, bits: int, size: int) -> None:
        """Count a message in."""
        self._count(bits, size, 1)

    def remove(self, bits: int, size: int) -> None:
        """Count a message out."""
        self._count(bits, size, -1)

    def replace(self, old_bits: int, bits: int, octets: int, *, count: int = 1) -> None:
        """Count other flags of some messages, which have so many octets together."""
        if (old_bits ^ bits) & (_SEEN | _DELETED):
            self._count(old_bits, octets, -1, count)
            self._count(bits, octets, 1, count)

    def _count(self, bits: int, octets: int, sign: int, count: int = 1) -> None:
        self.total += sign * count
        self.octets += sign * octets
        if not bits & _SEEN:
            self.unseen += sign * count
        if bits & _DELETED:
            self.deleted += sign * count
            self.deleted_octets += sign * octets

    def apply(self, connection: Connection, mailbox_id: int, modseq: int) -> None:
        """Write it, with the modseq of the change."""
        connection.run(
            _APPLY,
            mailbox_id=mailbox_id,
            modseq=modseq,
            total=self.total,
            unseen=self.unseen,
            deleted=self.deleted,
            deleted_octets=self.deleted_octets,
            octets=self.octets,
        )
