"""Conversations of staged mail, worked out before the commit: among itself, and with what the account has.

An archive holds answers before what they answer: messages are looked at in the order in which they were
received, and only earlier ones can be parents, so there is no cycle. What comes to the account between here
and the commit is nobody's parent.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from mox.database import Connection, Row
from mox.store.mailboxes import find_mailbox
from mox.store.threads import AccountAncestors, Ancestor, ThreadPlace, find_place

__all__ = ["thread_staged"]

_INDEXES = (
    "CREATE INDEX message_by_message_id ON message(message_id) WHERE message_id IS NOT NULL",
    "CREATE INDEX message_by_subject ON message(mailbox_id, base_subject, received_at)"
    " WHERE base_subject IS NOT NULL",
    "CREATE INDEX message_by_time ON message(received_at)",
)
_MAILBOXES = "SELECT id, name FROM mailbox"
_PAGE = """SELECT id, mailbox_id, received_at, message_id, base_subject, thread_facts FROM message
  WHERE (received_at, id) > (:received_at, :id) ORDER BY received_at, id LIMIT 500"""
_EARLIER = "m.message_id = :message_id AND (m.received_at, m.id) < (:received_at, :id)"
_ANCESTOR = "SELECT m.id, m.thread_id, c.thread_parents FROM message m CROSS JOIN content c ON c.id = m.id"
_SAME = f"{_ANCESTOR} WHERE {_EARLIER} ORDER BY m.id LIMIT 1"
_REFERENCED = f"""{_ANCESTOR} WHERE {_EARLIER} AND (:any_subject OR m.base_subject IS :base_subject)
  ORDER BY m.id LIMIT 1"""
_SAME_SUBJECT = f"""{_ANCESTOR} WHERE m.mailbox_id = :mailbox_id AND m.base_subject = :base_subject
    AND m.received_at >= :earliest AND (m.received_at, m.id) < (:received_at, :id)
  ORDER BY m.received_at DESC, m.id DESC LIMIT 1"""
_SET_THREAD = "UPDATE message SET thread_id = :thread_id WHERE id = :id"
_SET_PARENTS = """UPDATE content SET thread_parents = :parents, thread_missing_link = :is_link_missing
  WHERE id = :id"""


@dataclass(frozen=True, slots=True)
class _Facts:
    message_id: str
    references: tuple[str, ...]
    base_subject: str
    is_reply: bool
    is_dsn: bool


class _Ancestors:
    """Parents of one staged message: in the account first, as what is there is older."""

    __slots__ = ("_account", "_at", "_mailbox_id", "_staged")

    def __init__(
        self, staged: Connection, account: AccountAncestors, mailbox_id: int, at: tuple[int, int]
    ) -> None:
        self._staged = staged
        self._account = account
        self._mailbox_id = mailbox_id
        self._at = at

    def same(self, message_id: str) -> Ancestor | None:
        """Look for the Message-ID."""
        received_at, id_ = self._at
        return self._account.same(message_id) or self._staged.row(
            _SAME, message_id=message_id, received_at=received_at, id=id_
        )

    def referenced(self, message_id: str, base_subject: str, *, any_subject: bool) -> Ancestor | None:
        """Look for the Message-ID and base subject."""
        received_at, id_ = self._at
        return self._account.referenced(
            message_id, base_subject, any_subject=any_subject
        ) or self._staged.row(
            _REFERENCED,
            message_id=message_id,
            base_subject=base_subject or None,
            any_subject=any_subject,
            received_at=received_at,
            id=id_,
        )

    def same_subject(self, base_subject: str, *, earliest: int, latest: int) -> Ancestor | None:
        """Look for the base subject in the mailbox."""
        received_at, id_ = self._at
        return self._staged.row(
            _SAME_SUBJECT,
            base_subject=base_subject,
            mailbox_id=self._mailbox_id,
            earliest=earliest,
            received_at=received_at,
            id=id_,
        ) or self._account.same_subject(base_subject, earliest=earliest, latest=latest)


def thread_staged(staged: Connection, account: Connection, is_cancelled: Callable[[], bool]) -> None:
    """Find the conversations of all staged messages; return early when cancelled.

    Args:
        staged: The staging database, in a transaction.
        account: Reads the account's index.
        is_cancelled: Asked now and then.
    """
    for statement in _INDEXES:
        staged.run(statement)
    mailboxes: dict[int, AccountAncestors] = {}
    for id_, name in staged.rows(_MAILBOXES):
        mailbox = find_mailbox(account, name)
        mailboxes[id_] = AccountAncestors(account, 0 if mailbox is None else mailbox.id)
    at = (-(2**62), 0)
    while rows := staged.rows(_PAGE, received_at=at[0], id=at[1]):
        if is_cancelled():
            return
        for row in rows:
            id_, mailbox_id, received_at = row[:3]
            at = (received_at, id_)
            ancestors = _Ancestors(staged, mailboxes[mailbox_id], mailbox_id, at)
            _set_place(staged, id_, find_place(_facts(row), ancestors, received_at=received_at))


def _facts(row: Row) -> _Facts:
    *_, message_id, base_subject, thread_facts = row
    references, is_reply, is_dsn = json.loads(thread_facts)
    return _Facts(message_id or "", tuple(references), base_subject or "", is_reply, is_dsn)


def _set_place(staged: Connection, id_: int, place: ThreadPlace) -> None:
    if place.thread_id is None:
        return
    staged.run(_SET_THREAD, id=id_, thread_id=place.thread_id)
    staged.run(
        _SET_PARENTS,
        id=id_,
        parents=json.dumps(place.parents, separators=(",", ":")),
        is_link_missing=place.is_link_missing,
    )
