"""Annotations of mailboxes and of a server (RFC 5464)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from moxkit.imap import (
    GetMetadata,
    ListCommand,
    ListData,
    MetadataCode,
    MetadataData,
    MetadataProblem,
    SetMetadata,
)
from moxkit.imapclient.running import Running
from moxkit.wiretrace import Kind

__all__ = ["AnnotationPart", "Annotations"]


@dataclass(frozen=True, slots=True)
class Annotations:
    """Annotations by name, in lower case.

    Attributes:
        longest: Octets of the largest value that was left out for its size; None if none was.
    """

    values: Mapping[str, bytes] = field(repr=False)
    longest: int | None = None


class AnnotationPart(Running):
    """Commands about annotations; part of `ImapClient`."""

    async def get_metadata(
        self, mailbox: str, *entries: str, depth: int = 0, max_size: int | None = None
    ) -> Annotations:
        """Return annotations of a mailbox, or with the empty name those of the server.

        Args:
            mailbox: Its name.
            entries: Names of annotations.
            depth: Levels below them that are wanted too: 0, 1 or `moxkit.imap.ENTIRE_DEPTH`.
            max_size: Larger values are left out.

        Raises:
            ImapError: Refused.
        """
        answer = await self.run(GetMetadata(mailbox, entries, max_size, depth))
        values = {
            name.lower(): value
            for data in answer.untagged
            if isinstance(data, MetadataData)
            for name, value in data.entries
            if value is not None
        }
        code = answer.condition.code
        is_cut = isinstance(code, MetadataCode) and code.problem is MetadataProblem.LONGENTRIES
        return Annotations(values, code.octets if is_cut and isinstance(code, MetadataCode) else None)

    async def set_metadata(self, mailbox: str, values: Mapping[str, bytes | None]) -> None:
        """Set annotations, all or none; None removes one.

        Raises:
            ImapError: Refused, with a METADATA code if there are too many or they are too large.
        """
        await self.run(SetMetadata(mailbox, tuple(values.items())), Kind.DATA)

    async def list_with_metadata(self, pattern: str, *entries: str) -> dict[str, dict[str, bytes | None]]:
        """Return annotations of the mailboxes that match a pattern, by mailbox (RFC 9590).

        Raises:
            ImapError: Refused.
        """
        answer = await self.run(ListCommand("", (pattern,), extended=True, metadata=entries))
        found: dict[str, dict[str, bytes | None]] = {
            data.mailbox: {} for data in answer.untagged if isinstance(data, ListData)
        }
        for data in answer.untagged:
            if isinstance(data, MetadataData):
                found.setdefault(data.mailbox, {}).update(data.entries)
        return found
