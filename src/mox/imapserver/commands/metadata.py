"""GETMETADATA and SETMETADATA (RFC 5464): annotations of mailboxes and of the server."""

from mox.imapserver.commands.filters import check_filters
from mox.imapserver.session import Done, Session
from mox.store import Annotation, get_mailbox, list_annotations, set_annotations
from moxkit.imap import (
    ENTIRE_DEPTH,
    GetMetadata,
    MetadataCode,
    MetadataData,
    MetadataProblem,
    SetMetadata,
    check_mailbox_name,
)

__all__ = ["get_metadata", "metadata_of", "set_metadata"]


def _place(session: Session, mailbox: str) -> tuple[int | None, str]:
    """Return the id and the name of the mailbox; no id for the server's own annotations."""
    if not mailbox:
        return None, ""
    found = get_mailbox(session.mail.reader, check_mailbox_name(mailbox))
    return found.id, found.name


def _is_wanted(name: str, entry: str, depth: int) -> bool:
    """Whether an annotation is an entry that was asked for, or so far below it (RFC 5464 §4.2.2)."""
    if name == entry:
        return True
    above = entry.rstrip("/") + "/"
    if depth == 0 or not name.startswith(above):
        return False
    return depth == ENTIRE_DEPTH or "/" not in name[len(above) :]


def _wanted(command: GetMetadata, annotations: list[Annotation]) -> list[Annotation]:
    if command.depth == 0:
        entries = set(command.entries)
        return [each for each in annotations if each.name in entries]
    return [
        each
        for each in annotations
        if any(_is_wanted(each.name, entry, command.depth) for entry in command.entries)
    ]


async def get_metadata(session: Session, _tag: str, command: GetMetadata) -> Done:
    """Tell annotations; nothing is said of those that are not there."""
    mailbox_id, name = _place(session, command.mailbox)
    found = _wanted(command, list_annotations(session.mail.reader, mailbox_id))
    limit = command.max_size
    fitting = [each for each in found if limit is None or len(each.value) <= limit]
    if fitting:
        data = MetadataData(name, tuple((each.name, each.value) for each in fitting))
        session.write(data.encode(utf8=session.utf8))
    if len(fitting) < len(found):
        longest = max(len(each.value) for each in found)
        return Done("some are longer", bytes(MetadataCode(MetadataProblem.LONGENTRIES, longest)))
    return Done("annotations told")


async def set_metadata(session: Session, _tag: str, command: SetMetadata) -> Done:
    """Set annotations: all of them, or none."""
    mailbox_id, _ = _place(session, command.mailbox)
    if mailbox_id is None:
        check_filters(command.entries)
    await session.mail.write(lambda tx: set_annotations(tx, mailbox_id, command.entries), session)
    return Done("annotations set")


def metadata_of(session: Session, mailbox_id: int, name: str, entries: tuple[str, ...]) -> bytes:
    """Write METADATA for a line of LIST; NIL for what is not there (RFC 9590 §3)."""
    values = {each.name: each.value for each in list_annotations(session.mail.reader, mailbox_id)}
    data = MetadataData(name, tuple((entry, values.get(entry)) for entry in entries))
    return data.encode(utf8=session.utf8)
