"""FETCH answers for many messages, assembled inside SQLite: 10,000 in milliseconds.

A block covers a run of a session's view. It is right only if the database has the same messages in that run;
the count says so in the same statement: a session knows every UID up to its highest, so the live messages are
a subset of its view, and an equal count means equal sets.
"""

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache

from mox.database import Connection

__all__ = ["FetchColumn", "fetch_block"]


class FetchColumn(Enum):
    """Data items that need no file; the value is the SQL that writes it (RFC 9051 §7.5.2)."""

    UID = "'UID '||uid"
    FLAGS = "'FLAGS ('||flags_text||')'"
    MODSEQ = "'MODSEQ ('||modseq||')'"
    EMAILID = "'EMAILID (M'||(SELECT object_prefix FROM account)||'-'||coalesce(email_id, moved_to, id)||')'"
    THREADID = "'THREADID (T'||(SELECT object_prefix FROM account)||'-'||thread_id||')'"
    SIZE = "'RFC822.SIZE '||size"
    INTERNALDATE = "'INTERNALDATE \"'||internaldate||'\"'"
    ENVELOPE = "'ENVELOPE '||envelope"
    BODYSTRUCTURE = "'BODYSTRUCTURE '||bodystructure"
    BODY = "'BODY '||body"


_NARROW = {
    FetchColumn.UID,
    FetchColumn.FLAGS,
    FetchColumn.MODSEQ,
    FetchColumn.SIZE,
    FetchColumn.EMAILID,
    FetchColumn.THREADID,
}


@lru_cache(maxsize=256)
def _statement(
    columns: tuple[FetchColumn, ...], is_contiguous: bool, only_7bit: bool, uid_only: bool = False
) -> str:
    items = "||' '||".join(column.value for column in columns)
    # Without gaps the sequence number follows from the UID, which is twice as fast as counting rows.
    number = "(uid - :first_uid + :first_number)" if is_contiguous else "(:first_number - 1 + n)"
    count = "" if is_contiguous else ", row_number() OVER (ORDER BY uid) AS n"
    needs_content = not _NARROW.issuperset(columns)
    join = "JOIN content USING (id)" if needs_content else ""
    plain = "AND NOT needs_utf8" if needs_content and only_7bit else ""
    head = "'* '||uid||' UIDFETCH ('" if uid_only else f"'* '||{number}||' FETCH ('"
    line = f"{head}||{items}||')'||char(13, 10)"
    return f"""SELECT count(*), CAST(group_concat({line}, '') AS BLOB) FROM (
        SELECT * {count} FROM message {join}
        WHERE mailbox_id = :mailbox_id AND uid BETWEEN :first_uid AND :last_uid
          AND expunged_at IS NULL {plain}
        ORDER BY uid)"""  # noqa: S608  made of the constants above


def fetch_block(
    connection: Connection,
    mailbox_id: int,
    columns: Sequence[FetchColumn],
    uids: Sequence[int],
    first_number: int,
    *,
    only_7bit: bool,
    uid_only: bool = False,
) -> bytes | None:
    """Write the FETCH responses for a run of a session's view.

    Args:
        connection: The account's reader.
        mailbox_id: The selected mailbox.
        columns: What to write, in this order; not empty.
        uids: The run: ascending UIDs that stand one after the other in the session's view; some 500.
        first_number: Sequence number of the first.
        only_7bit: The client did not enable UTF-8, so renderings with UTF-8 do not do.
        uid_only: The client takes UIDFETCH responses (RFC 9586 §3.3).

    Returns:
        None if the database has other messages there, or some that need other renderings: the caller then
        goes message by message.
    """
    first, last = uids[0], uids[-1]
    count, octets = connection.row(
        _statement(tuple(columns), last - first == len(uids) - 1, only_7bit, uid_only),
        mailbox_id=mailbox_id,
        first_uid=first,
        last_uid=last,
        first_number=first_number,
    ) or (0, None)
    return octets if count == len(uids) else None
