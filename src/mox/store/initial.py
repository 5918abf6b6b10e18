"""What a new account holds: the Inbox and the mailboxes with a special use, all subscribed."""

from collections.abc import Sequence

from mox.database import Connection

__all__ = ["DEFAULT_MAILBOXES", "create_initial"]

# Reference configuration: InitialMailboxes.
DEFAULT_MAILBOXES: tuple[tuple[str, str | None], ...] = (
    ("Sent", "\\Sent"),
    ("Archive", "\\Archive"),
    ("Trash", "\\Trash"),
    ("Drafts", "\\Drafts"),
    ("Junk", "\\Junk"),
)

_EXISTS = "SELECT 1 FROM account"
# The first modseq given is 2, so that a client's 1 is older than any change.
_ACCOUNT = """INSERT INTO account(id, next_uidvalidity, modseq, object_prefix)
  VALUES (1, :next_uidvalidity, 2, lower(hex(randomblob(4))))"""
_MAILBOX = """INSERT INTO mailbox(name, uidvalidity, special_use, create_seq, modseq)
              VALUES (:name, :uidvalidity, :special_use, 2, 2)"""
_SUBSCRIBE = "INSERT INTO subscription(name) VALUES (:name)"


def create_initial(connection: Connection, *, now: int, mailboxes: Sequence[tuple[str, str | None]]) -> None:
    """Fill a new database; leave one that has content alone."""
    if connection.row(_EXISTS):
        return
    # All first mailboxes share it; half the time in seconds leaves room for 31 bits until 2106.
    uidvalidity = now >> 1
    with connection.writing():
        if connection.row(_EXISTS):
            return  # Another process was faster.
        connection.run(_ACCOUNT, next_uidvalidity=uidvalidity + 1)
        for name, special_use in (("Inbox", None), *mailboxes):
            connection.run(_MAILBOX, name=name, uidvalidity=uidvalidity, special_use=special_use)
            connection.run(_SUBSCRIBE, name=name)
