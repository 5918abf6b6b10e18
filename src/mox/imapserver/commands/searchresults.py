"""The answer to a SEARCH or SORT, and what `$` becomes (RFC 4731, RFC 5182, RFC 5267, RFC 9394)."""

from collections.abc import Sequence
from dataclasses import dataclass

from mox.imapserver.selected import Selected
from mox.imapserver.session import Session
from mox.store import Mailbox, latest_modseq
from moxkit.imap import EsearchData, PartialRange, Search, SearchKey, Sort, ordered_set

__all__ = ["Found", "saved_uids", "write_extended"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    Attributes:
        key: What was looked for, by UIDs.
        uids: Of messages that the client knows, ascending, or in the order of a SORT.
        is_about_modseqs: The answer tells the latest of theirs (RFC 7162 §3.1.5).
        code: Response code for the end; empty: none.
    """

    key: SearchKey
    uids: list[int]
    is_about_modseqs: bool
    code: bytes = b""


def _part(found: Sequence[int], partial: PartialRange | None) -> list[int]:
    if partial is None:
        return []
    chosen = partial.select(range(len(found)))
    return [found[index] for index in chosen]


def _ends(found: Sequence[int], returns: frozenset[str]) -> list[int]:
    if not found:
        return []
    return ([found[0]] if "MIN" in returns else []) + ([found[-1]] if "MAX" in returns else [])


def _chosen(command: Search | Sort, found: Sequence[int]) -> Sequence[int]:
    """Return UIDs of what is spoken of: of all, or of PARTIAL, MIN and MAX (RFC 9394 §3.2)."""
    returns = command.returns or frozenset()
    if returns & {"ALL", "COUNT"} or not returns & {"MIN", "MAX", "PARTIAL"}:
        return found
    return [*_part(found, command.partial), *_ends(found, returns)]


def saved_uids(command: Search | Sort, found: Found) -> list[int]:
    """Return what SAVE keeps (RFC 5182 §2.4, RFC 9394 §3.2): UIDs, ascending."""
    return sorted(set(_chosen(command, found.uids)))


def write_extended(
    session: Session,
    tag: str,
    command: Search | Sort,
    found: Found,
    *,
    view: Selected,
    mailbox: Mailbox | None = None,
) -> None:
    """Write an ESEARCH response.

    Args:
        session: Whose client asked.
        tag: Of the command.
        command: What was asked for.
        found: What to tell.
        view: Where it was found.
        mailbox: Where, in answer to the ESEARCH command (RFC 7377 §2.1).
    """
    returns = command.returns or frozenset({"ALL"})
    numbers = found.uids if command.uid else view.numbers_of(found.uids)
    partial = None
    if command.partial is not None:
        part = _part(numbers, command.partial)
        partial = command.partial, ordered_set(part) if part else None
    modseq = None
    if found.is_about_modseqs:
        # Of the messages that are spoken of (RFC 4731 §3.2).
        modseq = latest_modseq(session.mail, view.mailbox_id, _chosen(command, found.uids))
    data = EsearchData(
        tag=tag,
        uid=command.uid,
        lowest=numbers[0] if numbers and "MIN" in returns else None,
        highest=numbers[-1] if numbers and "MAX" in returns else None,
        count=len(numbers) if "COUNT" in returns else None,
        all=ordered_set(numbers) if "ALL" in returns else None,
        partial=partial,
        modseq=modseq,
        mailbox=None if mailbox is None else mailbox.name,
        uidvalidity=None if mailbox is None else mailbox.uidvalidity,
    )
    session.write(data.encode(utf8=session.utf8))
