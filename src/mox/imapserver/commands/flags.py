"""STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3)."""

from mox.imapserver.commands.hello import enable_condstore
from mox.imapserver.errors import RefusedError
from mox.imapserver.messagelimit import limited
from mox.imapserver.progress import Progress
from mox.imapserver.session import Done, Session
from mox.store import FlagChange, FlagsAction, change_flags, parse_flags
from moxkit.imap import Store, StoreAction, encode_numbers

__all__ = ["store"]

_ACTIONS = {
    StoreAction.ADD: FlagsAction.ADD,
    StoreAction.REMOVE: FlagsAction.REMOVE,
    StoreAction.REPLACE: FlagsAction.REPLACE,
}


async def store(session: Session, tag: str, command: Store) -> Done:
    """Change flags of messages the client knows; those that are gone are passed over."""
    view = session.view
    if view.read_only:
        raise RefusedError("mailbox is open for reading only")
    if command.unchanged_since is not None:
        enable_condstore(session)
    change = FlagChange(_ACTIONS[command.action], parse_flags(command.flags))
    spans = session.spans(command.numbers, by_uid=command.uid)
    spans, limit_code = limited(view, spans, session.services.message_limit)
    ranges = view.uid_ranges(spans)
    work = session.mail.write(
        lambda tx: change_flags(tx, view.mailbox_id, ranges, change, unchanged_since=command.unchanged_since),
        session,
    )
    result = await Progress(session, tag, sum(stop - start for start, stop in spans)).watch(work)
    told: list[tuple[int, str, int]] = []
    if not command.silent or session.condstore:
        # Silent, but the client has to learn the new modseq (RFC 7162 §3.1.3).
        told += [(uid, text, result.modseq or 0) for uid, text in result.changed]
    if not command.silent and result.unchanged:
        told = sorted((*told, *result.unchanged))
    numbers, write = view.numbers_of([uid for uid, _, _ in told]), session.dialect.flags
    session.write(
        b"".join(
            write(number, uid, text, modseq)
            for number, (uid, text, modseq) in zip(numbers, told, strict=True)
        )
    )
    if result.conflicts:
        conflicts = result.conflicts if command.uid else view.numbers_of(result.conflicts)
        return Done("some were changed by others", b"MODIFIED " + encode_numbers(conflicts))
    if limit_code:
        return Done("flags of the newest stored", limit_code)
    return Done("flags stored")
