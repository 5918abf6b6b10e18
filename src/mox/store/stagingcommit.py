"""The moment at which staged mail becomes an account's: one transaction, however much it is.

All that takes long is done before: renderings, threads, files on stable storage, and the wide rows of
`content`, which are copied some hundreds at a time between deliveries. Without a row in `message` nobody sees
them. Then narrow rows are copied by SQLite itself, and directories of files are renamed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mox.store.automaticflags import automatic_flags
from mox.store.changes import MessagesAdded, MessagesInARow
from mox.store.counters import CounterChange
from mox.store.errors import StagingOvertakenError, UidsExhaustedError
from mox.store.files import directory_name, ids_per_directory
from mox.store.flagging import add_keywords
from mox.store.flags import Flag, Flags
from mox.store.mailboxes import Mailbox, ensure_mailbox
from mox.store.prepared import RENDER_VERSION
from mox.store.quota import check_quota
from mox.store.stagingplace import StagingPlace
from mox.store.transaction import Tx

__all__ = ["Committed", "commit_staged", "copy_contents", "drop_contents"]

_TOTALS = "SELECT count(*), coalesce(sum(size), 0) FROM staged.message"
_MAILBOXES = "SELECT id, name, messages FROM staged.mailbox ORDER BY id"
_COMBINATIONS = "SELECT DISTINCT mailbox_id, flags, late_flags, keywords FROM staged.message"
_TAKE_IDS = """UPDATE account SET next_message_id = :next, used_octets = used_octets + :octets
  WHERE next_message_id <= :first"""
_TAKE_UIDS = "UPDATE mailbox SET uidnext = uidnext + :count WHERE id = :id RETURNING uidnext - :count"
# What follows from the mailbox, for each combination that occurs: few, however many messages there are.
_CREATE = """CREATE TEMP TABLE staged_flags (
  staged_id INTEGER, flags INTEGER, late_flags INTEGER, keywords TEXT,
  mailbox_id INTEGER, first_uid INTEGER, new_flags INTEGER, text TEXT,
  PRIMARY KEY (staged_id, flags, late_flags, keywords)) WITHOUT ROWID"""
_DROP = "DROP TABLE temp.staged_flags"
_ADD = """INSERT INTO temp.staged_flags VALUES (:staged_id, :flags, :late_flags, :keywords,
  :mailbox_id, :first_uid, :new_flags, :text)"""
_COPY_MESSAGES = """INSERT INTO main.message(id, mailbox_id, uid, create_seq, modseq, flags, keywords,
    flags_text, received_at, saved_at, size, thread_id, message_id, base_subject, original_mailbox_id,
    email_id)
  SELECT s.id, f.mailbox_id, f.first_uid + s.place, :modseq, :modseq, f.new_flags, s.keywords, f.text,
    s.received_at, :now, s.size, s.thread_id, s.message_id, s.base_subject, f.mailbox_id, s.email_id
  FROM staged.message s CROSS JOIN temp.staged_flags f
    ON f.staged_id = s.mailbox_id AND f.flags = s.flags AND f.late_flags = s.late_flags
      AND f.keywords = s.keywords
  ORDER BY s.id"""
_COPY_CONTENTS = """INSERT INTO main.content(id, prefix, header, internaldate, envelope, bodystructure, body,
    render_version, needs_utf8, preview, problems, thread_parents, thread_missing_link, identities)
  SELECT c.id, x'', header, internaldate, envelope, bodystructure, body,
    :render_version, needs_utf8, preview, problems, thread_parents, thread_missing_link, m.identities
  FROM staged.content c CROSS JOIN staged.message m ON m.id = c.id
  WHERE c.id BETWEEN :first AND :last ORDER BY c.id"""
# Triggers do this where a content comes after its message.
_COPY_IDENTITIES = """INSERT OR IGNORE INTO main.identity SELECT * FROM main.identity_of
  WHERE id IN (SELECT id FROM staged.message WHERE identities <> '[]')"""
_DROP_CONTENTS = """DELETE FROM content WHERE id IN (SELECT c.id FROM content c
  WHERE c.id >= :first_id AND NOT EXISTS (SELECT 1 FROM message m WHERE m.id = c.id) LIMIT 1000)"""
_COUNTERS = """SELECT s.mailbox_id, count(*), sum(NOT f.new_flags & :seen), sum(f.new_flags & :deleted <> 0),
    sum(iif(f.new_flags & :deleted, s.size, 0)), sum(s.size)
  FROM staged.message s CROSS JOIN temp.staged_flags f
    ON f.staged_id = s.mailbox_id AND f.flags = s.flags AND f.late_flags = s.late_flags
      AND f.keywords = s.keywords
  GROUP BY s.mailbox_id"""
# One row for many: a row each would give way to the loop's thread each time.
_ADDED = """SELECT json_group_array(flags_text) FROM (
  SELECT flags_text FROM main.message WHERE mailbox_id = :id AND uid BETWEEN :first AND :last ORDER BY uid)"""
_TOGETHER = 1000
_NEXT_ID = "SELECT next_message_id FROM account"
# So many messages do not come while rows are copied.
_CLOSE = 1 << 16
_LAST_UID = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Committed:
    """What an account got."""

    messages: int
    octets: int
    mailboxes: int


@dataclass(frozen=True, slots=True)
class _Target:
    """A mailbox of the account that gets messages; `staged_id` names it in the staging."""

    staged_id: int
    mailbox: Mailbox
    first_uid: int
    messages: int


def copy_contents(tx: Tx, place: StagingPlace, first_id: int, last_id: int) -> None:
    """Copy the wide rows of some messages, ahead of the commit.

    Raises:
        StagingOvertakenError: Their ids will soon be given to others.
    """
    if tx.connection.value(_NEXT_ID) > place.first_id - _CLOSE:
        raise StagingOvertakenError
    tx.attach(place.database, "staged")
    tx.connection.run(_COPY_CONTENTS, first=first_id, last=last_id, render_version=RENDER_VERSION)


def drop_contents(tx: Tx, first_id: int) -> bool:
    """Remove some rows of `copy_contents` that no commit used; return whether more may be there."""
    tx.connection.run(_DROP_CONTENTS, first_id=first_id)
    return tx.connection.changed > 0


def commit_staged(tx: Tx, place: StagingPlace) -> Committed:
    """File all staged mail, whose contents are copied, and announce it; make mailboxes that are missing.

    Raises:
        OverQuotaError: There is no room for all of it.
        UidsExhaustedError: A mailbox gave its last UID.
        StagingOvertakenError: The ids it chose were given meanwhile.
    """
    tx.attach(place.database, "staged")
    messages, octets = tx.connection.row(_TOTALS) or (0, 0)
    check_quota(tx, octets, messages)
    tx.connection.run(_TAKE_IDS, first=place.first_id, next=place.first_id + messages, octets=octets)
    if not tx.connection.changed:
        raise StagingOvertakenError
    targets = [_target(tx, *row) for row in tx.connection.rows(_MAILBOXES)]
    by_id = {target.staged_id: target for target in targets}
    tx.connection.run(_CREATE)
    keywords = _combine(tx, by_id)
    tx.connection.run(_COPY_MESSAGES, modseq=tx.modseq, now=tx.now)
    tx.connection.run(_COPY_IDENTITIES)
    _count(tx, by_id)
    tx.connection.run(_DROP)
    for target in targets:
        _announce(tx, target, keywords.get(target.staged_id, set()))
    _move_directories(tx, place, messages)
    return Committed(messages, octets, len(targets))


def _target(tx: Tx, staged_id: int, name: str, messages: int) -> _Target:
    mailbox = ensure_mailbox(tx, name)
    first_uid = tx.connection.value(_TAKE_UIDS, id=mailbox.id, count=messages)
    if first_uid + messages - 1 > _LAST_UID:
        raise UidsExhaustedError(mailbox.id)
    return _Target(staged_id, mailbox, first_uid, messages)


def _combine(tx: Tx, targets: Mapping[int, _Target]) -> dict[int, set[str]]:
    """Work out the flags of all combinations; return the keywords that each mailbox gets."""
    keywords: dict[int, set[str]] = {}
    rows: list[dict[str, object]] = []
    for staged_id, flags, late_flags, words in tx.connection.rows(_COMBINATIONS):
        target = targets[staged_id]
        mailbox = target.mailbox
        bits = automatic_flags(tx.junk_flag_rules, mailbox.name, mailbox.special_use, flags) | late_flags
        each = tuple(words.split())
        keywords.setdefault(staged_id, set()).update(each)
        rows.append(
            {
                "staged_id": staged_id,
                "flags": flags,
                "late_flags": late_flags,
                "keywords": words,
                "mailbox_id": mailbox.id,
                "first_uid": target.first_uid,
                "new_flags": bits,
                "text": Flags(Flag(bits), each).text,
            }
        )
    tx.connection.run_many(_ADD, rows)
    return keywords


def _count(tx: Tx, targets: Mapping[int, _Target]) -> None:
    rows = tx.connection.rows(_COUNTERS, seen=int(Flag.SEEN), deleted=int(Flag.DELETED))
    for staged_id, *numbers in rows:
        CounterChange(*numbers).apply(tx.connection, targets[staged_id].mailbox.id, tx.modseq)


def _announce(tx: Tx, target: _Target, keywords: set[str]) -> None:
    if not target.messages:
        return
    mailbox_id = target.mailbox.id
    add_keywords(tx, mailbox_id, sorted(keywords))
    tx.announce(MessagesAdded(mailbox_id, tx.modseq, MessagesInARow(target.first_uid, _flags(tx, target))))


def _flags(tx: Tx, target: _Target) -> Iterator[str]:
    """Yield the flags of the messages that a mailbox got, in the order of their UIDs."""
    end = target.first_uid + target.messages
    for first in range(target.first_uid, end, _TOGETHER):
        last = min(first + _TOGETHER, end) - 1
        yield from json.loads(tx.connection.value(_ADDED, id=target.mailbox.id, first=first, last=last))


def _move_directories(tx: Tx, place: StagingPlace, messages: int) -> None:
    last_id = place.first_id + messages - 1
    for first_id in range(place.first_id, last_id + 1, ids_per_directory()):
        name = directory_name(first_id)
        tx.adopt_directory(place.directory / name, name)
