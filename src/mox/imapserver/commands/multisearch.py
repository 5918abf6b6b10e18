"""ESEARCH: one search in several mailboxes (RFC 7377)."""

from collections.abc import Iterator

from mox.imapserver.commands.search import find
from mox.imapserver.commands.searchresults import saved_uids, write_extended
from mox.imapserver.contexts import Context, add_context
from mox.imapserver.errors import RefusedError
from mox.imapserver.mailboxfilters import covered_mailboxes
from mox.imapserver.selected import Selected
from mox.imapserver.session import Done, Session
from mox.store import Mailbox, live_uids
from moxkit.imap import ConditionKind, FilterKind, MailboxFilter, MultiSearch

__all__ = ["multi_search"]

_SELECTED = (MailboxFilter(FilterKind.SELECTED),)


async def multi_search(session: Session, tag: str, command: MultiSearch) -> Done:
    """Search each mailbox that is meant; only those in which something is found are told of."""
    _check(session, command)
    search, returns = command.search, command.search.returns or frozenset({"ALL"})
    for mailbox, view in _views(session, command):
        # RFC 7377 §2: a number beyond the last message is no error here.
        found = await find(session, tag, search, view, is_strict=False)
        if "SAVE" in returns:
            session.saved = saved_uids(search, found)
        if found.uids and returns != {"SAVE"}:
            write_extended(session, tag, search, found, view=view, mailbox=mailbox)
        if "UPDATE" in returns:
            add_context(session, Context(tag, found.key, found.uids, uid=True, items=search.update_items))
    return Done("searched")


def _check(session: Session, command: MultiSearch) -> None:
    """RFC 7377 §2.2: what is about the selected mailbox needs one, and cannot be about others too."""
    sources = command.sources or _SELECTED
    if session.selected is None and any(source.kind is FilterKind.SELECTED for source in sources):
        raise RefusedError("no mailbox is selected", kind=ConditionKind.BAD)
    returns = command.search.returns or frozenset()
    if returns & {"SAVE", "UPDATE"} and not command.is_selected_only:
        raise RefusedError("SAVE and UPDATE are for the selected mailbox alone", kind=ConditionKind.BAD)


def _views(session: Session, command: MultiSearch) -> Iterator[tuple[Mailbox, Selected]]:
    """Yield mailboxes with what is searched: of the selected one what the client knows, of others all."""
    reader, selected = session.mail.reader, session.selected
    selected_id = None if selected is None else selected.mailbox_id
    for mailbox in covered_mailboxes(reader, command.sources or _SELECTED, selected_id=selected_id):
        if selected is not None and mailbox.id == selected.mailbox_id:
            yield mailbox, selected
        elif mailbox.total:
            yield (
                mailbox,
                Selected(
                    mailbox_id=mailbox.id,
                    name=mailbox.name,
                    uids=live_uids(reader, mailbox.id),
                    modseq=mailbox.modseq,
                    keywords=mailbox.keywords,
                    read_only=True,
                ),
            )
