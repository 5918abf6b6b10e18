"""Annotations: set, removed, bounded, told, and gone with their mailbox (RFC 5464)."""

import pytest

from mox.store import (
    INBOX,
    MOST_ANNOTATION_OCTETS,
    MOST_ANNOTATIONS,
    Account,
    AnnotationsChanged,
    AnnotationsTooLargeError,
    MailboxUnknownError,
    Store,
    TooManyAnnotationsError,
    create_mailbox,
    delete_mailbox,
    get_mailbox,
    highest_modseq,
    list_annotations,
    set_annotations,
)


@pytest.fixture
def account(store: Store) -> Account:
    return store.account("mox")


def found(account: Account, mailbox_id: int | None) -> dict[str, bytes]:
    return {each.name: each.value for each in list_annotations(account.reader, mailbox_id)}


async def test_sets_replaces_and_removes(account: Account) -> None:
    inbox = get_mailbox(account.reader, INBOX)
    listener = account.switchboard.listen()
    await account.write(
        lambda tx: set_annotations(tx, inbox.id, [("/private/a", b"1"), ("/shared/b", b"\0")])
    )
    assert found(account, inbox.id) == {"/private/a": b"1", "/shared/b": b"\0"}
    await account.write(lambda tx: set_annotations(tx, inbox.id, [("/private/a", b"2"), ("/shared/b", None)]))
    assert found(account, inbox.id) == {"/private/a": b"2"}
    modseq = highest_modseq(account.reader)
    # RFC 7162 §3.2: the mailbox's modseq moves.
    assert get_mailbox(account.reader, INBOX).modseq == modseq
    changes = [change for batch in listener.take() for change in batch.changes]
    both = ("/private/a", "/shared/b")
    assert changes == [
        AnnotationsChanged(inbox.id, modseq - 1, INBOX, both),
        AnnotationsChanged(inbox.id, modseq, INBOX, both),
    ]


async def test_nothing_is_told_if_nothing_changes(account: Account) -> None:
    await account.write(lambda tx: set_annotations(tx, None, [("/private/a", b"")]))
    modseq = highest_modseq(account.reader)
    await account.write(
        lambda tx: set_annotations(tx, None, [("/private/a", b""), ("/private/nothing", None)])
    )
    assert highest_modseq(account.reader) == modseq


async def test_account_has_its_own(account: Account) -> None:
    inbox = get_mailbox(account.reader, INBOX)
    listener = account.switchboard.listen()
    await account.write(lambda tx: set_annotations(tx, None, [("/private/a", b"account")]))
    assert found(account, None) == {"/private/a": b"account"}
    assert found(account, inbox.id) == {}
    (batch,) = listener.take()
    assert batch.changes == (AnnotationsChanged(None, highest_modseq(account.reader), "", ("/private/a",)),)


async def test_limits_are_of_the_account_and_leave_everything_as_it_was(account: Account) -> None:
    inbox = get_mailbox(account.reader, INBOX)
    full = [(f"/private/{n}", b"") for n in range(MOST_ANNOTATIONS)]
    await account.write(lambda tx: set_annotations(tx, None, full))
    with pytest.raises(TooManyAnnotationsError):
        await account.write(lambda tx: set_annotations(tx, inbox.id, [("/private/x", b"")]))
    # Removing and replacing still works, one for one too.
    await account.write(lambda tx: set_annotations(tx, None, [("/private/0", None), ("/private/y", b"")]))
    large = b"x" * MOST_ANNOTATION_OCTETS
    with pytest.raises(AnnotationsTooLargeError):
        await account.write(lambda tx: set_annotations(tx, None, [("/private/1", large)]))
    assert found(account, None)["/private/1"] == b""
    assert found(account, inbox.id) == {}


async def test_mailbox_that_is_not_there(account: Account) -> None:
    with pytest.raises(MailboxUnknownError):
        await account.write(lambda tx: set_annotations(tx, 999, [("/private/a", b"")]))


async def test_go_with_their_mailbox(account: Account) -> None:
    await account.write(lambda tx: create_mailbox(tx, "x"))
    mailbox = get_mailbox(account.reader, "x")
    await account.write(lambda tx: set_annotations(tx, mailbox.id, [("/private/a", b"1")]))
    await account.write(lambda tx: delete_mailbox(tx, "x"))
    assert found(account, mailbox.id) == {}
