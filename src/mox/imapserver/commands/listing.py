"""LIST and LSUB (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 9590; RFC 3501 §6.3.9)."""

import re

from mox.imapserver.commands.metadata import metadata_of
from mox.imapserver.commands.status import status_data
from mox.imapserver.errors import RefusedError
from mox.imapserver.session import Done, Session
from mox.store import Mailbox, list_mailboxes as all_mailboxes, list_subscriptions
from moxkit.imap import ConditionKind, ListCommand, ListData, Lsub, LsubData

__all__ = ["list_mailboxes", "lsub"]


def _matcher(reference: str, patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Turn patterns into one expression: `*` is anything, `%` anything but a separator; Inbox in any case."""
    alternatives = []
    for pattern in patterns:
        whole = reference + pattern
        if whole[:5].upper() == "INBOX" and whole[5:6] in ("", "/", "*", "%"):
            whole = "Inbox" + whole[5:]
        # Several wildcards in a row mean what the strongest means; this also keeps matching linear.
        whole = re.sub(r"[*%]*\*[*%]*", "*", re.sub(r"%+", "%", whole))
        parts = (".*" if c == "*" else "[^/]*" if c == "%" else re.escape(c) for c in whole)
        alternatives.append("".join(parts))
    return re.compile("|".join(alternatives), re.DOTALL)


def _check_patterns(patterns: tuple[str, ...]) -> None:
    # Each wildcard multiplies the work of a match that fails; nobody needs so many.
    if sum(pattern.count("*") + pattern.count("%") for pattern in patterns) > 12:
        raise RefusedError("too many wildcards", "LIMIT")


async def list_mailboxes(session: Session, _tag: str, command: ListCommand) -> Done:
    """List mailboxes, and on request what is subscribed and absent."""
    if not command.extended and command.patterns == ("",):
        # Asks for the separator only (RFC 3501 §6.3.8).
        session.write(b'* LIST () "/" ""\r\n')
        return Done("separator listed")
    if "RECURSIVEMATCH" in command.selection and not command.selection - {"RECURSIVEMATCH", "REMOTE"}:
        raise RefusedError("RECURSIVEMATCH needs another selection option", kind=ConditionKind.BAD)
    _check_patterns(command.patterns)
    matches = _matcher(command.reference, command.patterns).fullmatch
    reader = session.mail.reader
    mailboxes = {mailbox.name: mailbox for mailbox in all_mailboxes(reader)}
    subscribed = set(list_subscriptions(reader))
    above_subscribed = {parent for name in subscribed for parent in _parents(name)}
    only_subscribed = "SUBSCRIBED" in command.selection
    names = subscribed if only_subscribed else set(mailboxes)
    if only_subscribed and "RECURSIVEMATCH" in command.selection:
        names = names | above_subscribed
    parents = {parent for name in mailboxes for parent in _parents(name)}
    for name in sorted(filter(matches, names)):
        mailbox = mailboxes.get(name)
        if "SPECIAL-USE" in command.selection and (mailbox is None or mailbox.special_use is None):
            continue
        child_info: tuple[str, ...] = ()
        if "RECURSIVEMATCH" in command.selection and name in above_subscribed:
            child_info = ("SUBSCRIBED",)
        if only_subscribed and name not in subscribed and not child_info:
            continue
        flags = _flags(command, mailbox, has_children=name in parents, is_subscribed=name in subscribed)
        session.write(ListData(flags, "/", name, child_info=child_info).encode(utf8=session.utf8))
        if command.status and mailbox is not None:
            session.write(status_data(session, mailbox, command.status))
        if command.metadata and mailbox is not None:
            session.write(metadata_of(session, mailbox.id, name, command.metadata))
    return Done("listed")


def _parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def _flags(
    command: ListCommand, mailbox: Mailbox | None, *, has_children: bool, is_subscribed: bool
) -> tuple[str, ...]:
    flags = []
    tells_subscribed = command.extended or "SUBSCRIBED" in command.returns | command.selection
    if is_subscribed and tells_subscribed:
        flags.append("\\Subscribed")
    if mailbox is None:
        return (*flags, "\\NonExistent")
    # CHILDREN (RFC 3348): always told in the basic form, which clients draw trees from.
    if not command.extended or "CHILDREN" in command.returns:
        flags.append("\\HasChildren" if has_children else "\\HasNoChildren")
    if mailbox.special_use is not None:
        flags.append(mailbox.special_use)
    return tuple(flags)


async def lsub(session: Session, _tag: str, command: Lsub) -> Done:
    """List subscriptions; `%` also shows the parents of what it hides (RFC 3501 §6.3.9)."""
    _check_patterns((command.pattern,))
    matches = _matcher(command.reference, (command.pattern,)).fullmatch
    subscribed = set(list_subscriptions(session.mail.reader))
    hidden = set[str]()
    if command.pattern.endswith("%"):
        hidden = {parent for name in subscribed for parent in _parents(name)} - subscribed
    for name in sorted(filter(matches, subscribed | hidden)):
        flags = ("\\NoSelect",) if name in hidden else ()
        session.write(LsubData(flags, "/", name).encode(utf8=session.utf8))
    return Done("listed")
