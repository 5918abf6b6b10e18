"""The answer to a SEARCH or SORT, and what `$` becomes (RFC 4731, RFC 5182, RFC 5267, RFC 9394)."""

from collections.abc import Sequence
from dataclasses import dataclass

from mox.imapserver.session import Session
from mox.store import Mailbox
from moxkit.imap import EsearchData, PartialRange, Search, Sort, ordered_set

__all__ = ["KnownMessage", "saved_uids", "write_extended"]


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A message that was found, and that the client knows."""

    number: int
    uid: int
    modseq: int


def _part(found: Sequence[KnownMessage], partial: PartialRange | None) -> list[KnownMessage]:
    if partial is None:
        return []
    chosen = partial.select(range(len(found)))
    return [found[index] for index in chosen]


def _ends(found: Sequence[KnownMessage], returns: frozenset[str]) -> list[KnownMessage]:
    if not found:
        return []
    return ([found[0]] if "MIN" in returns else []) + ([found[-1]] if "MAX" in returns else [])


def _chosen(command: Search | Sort, found: Sequence[KnownMessage]) -> Sequence[KnownMessage]:
    """Return the messages that are spoken of: all, or those of PARTIAL, MIN and MAX (RFC 9394 §3.2)."""
    returns = command.returns or frozenset()
    if returns & {"ALL", "COUNT"} or not returns & {"MIN", "MAX", "PARTIAL"}:
        return found
    return [*_part(found, command.partial), *_ends(found, returns)]


def saved_uids(command: Search | Sort, found: Sequence[KnownMessage]) -> list[int]:
    """Return what SAVE keeps (RFC 5182 §2.4, RFC 9394 §3.2): UIDs, ascending."""
    return sorted({message.uid for message in _chosen(command, found)})


def write_extended(
    session: Session,
    tag: str,
    command: Search | Sort,
    found: Sequence[KnownMessage],
    *,
    with_modseq: bool,
    mailbox: Mailbox | None = None,
) -> None:
    """Write an ESEARCH response.

    Args:
        session: Whose client asked.
        tag: Of the command.
        command: What was asked for.
        found: In the order of the result.
        with_modseq: The highest modseq of the messages it speaks of is asked for (RFC 4731 §3.2).
        mailbox: Where, in answer to the ESEARCH command (RFC 7377 §2.1).
    """
    returns = command.returns or frozenset({"ALL"})
    numbers = [message.uid if command.uid else message.number for message in found]
    partial = None
    if command.partial is not None:
        part = [message.uid if command.uid else message.number for message in _part(found, command.partial)]
        partial = command.partial, ordered_set(part) if part else None
    modseqs = (message.modseq for message in _chosen(command, found)) if with_modseq else ()
    data = EsearchData(
        tag=tag,
        uid=command.uid,
        lowest=numbers[0] if numbers and "MIN" in returns else None,
        highest=numbers[-1] if numbers and "MAX" in returns else None,
        count=len(numbers) if "COUNT" in returns else None,
        all=ordered_set(numbers) if "ALL" in returns else None,
        partial=partial,
        modseq=max(modseqs, default=None),
        mailbox=None if mailbox is None else mailbox.name,
        uidvalidity=None if mailbox is None else mailbox.uidvalidity,
    )
    session.write(data.encode(utf8=session.utf8))
