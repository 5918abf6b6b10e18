"""Messages for people: newest first, page by page."""

from mox.store import Store, expunge_messages, get_mailbox, list_messages, read_message
from room.deposits import Deposit


async def test_lists_live_messages_of_all_mailboxes(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    for n in range(4):
        octets = (
            f"From: a{n}@x.example\r\nTo: Bob <b@y.example>\r\nSubject: n {n}\r\n\r\nhello {n}\r\n".encode()
        )
        await deposit(account, octets, "Inbox" if n % 2 else "Archive")
    inbox = get_mailbox(account.reader, "Inbox").id
    await account.write(lambda tx: expunge_messages(tx, inbox, [1]))
    listed = list(list_messages(account.reader))
    assert [(m.subject, m.mailbox) for m in listed] == [
        ("n 3", "Inbox"),
        ("n 2", "Archive"),
        ("n 0", "Archive"),
    ]
    assert listed[0].preview == "hello 3"
    assert listed[0].matches(to="BOB", from_="a3@", subject="N 3")
    assert not listed[0].matches(subject="n 2")
    found = read_message(account, listed[2].id)
    assert found is not None
    assert found[1].endswith(b"hello 0\r\n")
    assert read_message(account, 99) is None
