"""Whether an account's index agrees with itself and with the files (reference store.md §15). Blocking.

Nothing is repaired here; what is found is told in sentences.
"""

import json
from collections.abc import Iterator

from mox.database import Connection
from mox.store.account import Account
from mox.store.files import MessageFiles
from mox.store.flags import Flag, Flags

__all__ = ["check_consistency", "check_index"]

# Of one kind of fault; the first ones tell the story.
_MOST_OF_A_KIND = 20

# Each statement yields one row for each fault; its columns fill the sentence.
_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "mailbox {0!r} has no parent {1!r}",
        """SELECT m.name, p.name FROM mailbox m LEFT JOIN mailbox p ON p.id = m.parent_id
           WHERE m.expunged_at IS NULL AND (
             CASE WHEN m.parent_id IS NULL THEN instr(m.name, '/') > 0
             ELSE p.expunged_at IS NOT NULL OR m.name NOT LIKE '%/%'
               OR substr(m.name, 1, length(p.name) + 1) <> p.name || '/'
               OR instr(substr(m.name, length(p.name) + 2), '/') > 0 END)""",
    ),
    (
        "mailbox {0!r}: uidvalidity {1} is not below the next one {2}",
        """SELECT name, uidvalidity, next_uidvalidity FROM mailbox, account
           WHERE uidvalidity >= next_uidvalidity""",
    ),
    (
        "mailbox {0!r}: create sequence {1} and modseq {2} do not fit the account's {3}",
        """SELECT name, create_seq, m.modseq, a.modseq FROM mailbox m, account a
           WHERE create_seq <= 0 OR create_seq > m.modseq OR m.modseq > a.modseq""",
    ),
    (
        "message {0}: create sequence {1} and modseq {2} do not fit its mailbox's {3}",
        """SELECT m.id, m.create_seq, m.modseq, b.modseq FROM message m JOIN mailbox b ON b.id = m.mailbox_id
           WHERE m.create_seq <= 0 OR m.create_seq > m.modseq OR m.modseq > b.modseq""",
    ),
    (
        "message {0}: UID {1} is not below the mailbox's next {2}",
        """SELECT m.id, m.uid, b.uidnext FROM message m JOIN mailbox b ON b.id = m.mailbox_id
           WHERE m.uid >= b.uidnext OR m.uid < 1""",
    ),
    (
        "message {0} is not below the account's next id {1}",
        "SELECT m.id, next_message_id FROM message m, account WHERE m.id >= next_message_id",
    ),
    (
        "message {0} lives in the removed mailbox {1!r}",
        """SELECT m.id, b.name FROM message m JOIN mailbox b ON b.id = m.mailbox_id
           WHERE m.expunged_at IS NULL AND b.expunged_at IS NOT NULL""",
    ),
    (
        "message {0} has no content",
        """SELECT m.id FROM message m LEFT JOIN content c ON c.id = m.id
           WHERE m.expunged_at IS NULL AND c.id IS NULL""",
    ),
    (
        "removed message {0} has content and no erasure planned",
        """SELECT m.id FROM message m JOIN content c ON c.id = m.id LEFT JOIN erasure e ON e.id = m.id
           WHERE m.expunged_at IS NOT NULL AND e.id IS NULL""",
    ),
    (
        "an erasure of message {0} is planned, which lives",
        "SELECT e.id FROM erasure e JOIN message m ON m.id = e.id WHERE m.expunged_at IS NULL",
    ),
    (
        "tombstone {0} points to {1}, which is not there",
        """SELECT m.id, m.moved_to FROM message m LEFT JOIN message t ON t.id = m.moved_to
           WHERE m.moved_to IS NOT NULL AND (t.id IS NULL OR m.expunged_at IS NULL)""",
    ),
    ("message {0} is in no thread", "SELECT id FROM message WHERE thread_id <= 0"),
    (
        "account: {0} octets used, {1} counted",
        """SELECT used_octets, counted FROM account, (
             SELECT coalesce((SELECT sum(size) FROM message WHERE expunged_at IS NULL), 0)
                  + coalesce((SELECT sum(octets) FROM erasure), 0) AS counted)
           WHERE used_octets <> counted""",
    ),
)
_COUNTERS = """SELECT b.name, b.total, b.unseen, b.deleted, b.deleted_octets, b.octets,
    count(m.id), coalesce(sum(NOT m.flags & :seen), 0), coalesce(sum(m.flags & :deleted <> 0), 0),
    coalesce(sum(iif(m.flags & :deleted, m.size, 0)), 0), coalesce(sum(m.size), 0)
  FROM mailbox b LEFT JOIN message m ON m.mailbox_id = b.id AND m.expunged_at IS NULL GROUP BY b.id"""
_FLAGS = """SELECT m.id, m.flags, m.keywords, m.flags_text, b.keywords
  FROM message m JOIN mailbox b ON b.id = m.mailbox_id WHERE m.expunged_at IS NULL"""
_THREADS = "SELECT m.id, c.thread_parents FROM message m JOIN content c USING (id)"
_FILES = "SELECT m.id, m.size, length(c.prefix) FROM message m JOIN content c USING (id)"


def check_consistency(account: Account) -> list[str]:
    """Return what does not agree, in sentences; empty if all is well. Nothing else may write meanwhile."""
    return check_index(account.reader, account.files)


def check_index(connection: Connection, files: MessageFiles) -> list[str]:
    """Do the same with an index that is not in use, and its files."""
    found: list[str] = []
    with connection.snapshot():
        for sentence, sql in _CHECKS:
            found += [sentence.format(*row) for row in connection.rows(sql)[:_MOST_OF_A_KIND]]
        for check in (_counters, _flags, _threads):
            found += list(check(connection))[:_MOST_OF_A_KIND]
        found += list(_files(connection, files))[:_MOST_OF_A_KIND]
    return found


def _counters(connection: Connection) -> Iterator[str]:
    for name, *numbers in connection.rows(_COUNTERS, seen=int(Flag.SEEN), deleted=int(Flag.DELETED)):
        kept, counted = numbers[:5], numbers[5:]
        if kept != counted:
            yield f"mailbox {name!r}: counters {kept}, counted {counted}"


def _flags(connection: Connection) -> Iterator[str]:
    for id_, bits, keywords, text, known in connection.rows(_FLAGS):
        if Flags(Flag(bits), tuple(keywords.split())).text != text:
            yield f"message {id_}: flags {bits} {keywords!r} are not {text!r}"
        if not set(keywords.split()) <= set(known.split()):
            yield f"message {id_}: its mailbox does not know all keywords of {keywords!r}"


def _threads(connection: Connection) -> Iterator[str]:
    parents = {id_: tuple(json.loads(text)) for id_, text in connection.rows(_THREADS)}
    for id_, ancestors in parents.items():
        if id_ in ancestors or len(set(ancestors)) != len(ancestors):
            yield f"message {id_} is its own ancestor: {ancestors}"
        elif ancestors and ancestors[0] in parents:
            above = parents[ancestors[0]]
            if ancestors[1 : 1 + len(above)] != above[: len(ancestors) - 1]:
                yield f"message {id_}: ancestors {ancestors} do not end in its parent's {above}"


def _files(connection: Connection, files: MessageFiles) -> Iterator[str]:
    on_disk = set(files.ids())
    expected: set[int] = set()
    for id_, size, prefix_size in connection.rows(_FILES):
        expected.add(id_)
        if id_ not in on_disk:
            yield f"message {id_} has no file"
        elif (file_size := files.path(id_).stat().st_size) + prefix_size != size:
            yield f"message {id_}: size {size}, but prefix and file have {prefix_size} + {file_size}"
    for id_ in sorted(on_disk - expected):
        yield f"file {id_} belongs to no message"
