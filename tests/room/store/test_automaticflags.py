"""Junk flags that follow from mailboxes."""

import pytest

from mox.config import compile_pattern
from mox.store import (
    Flag,
    JunkFlagRules,
    Store,
    check_consistency,
    copy_messages,
    get_mailbox,
    message_rows,
    move_messages,
)
from mox.store.automaticflags import automatic_flags
from room.deposits import Deposit

USUAL = JunkFlagRules(junk=compile_pattern("^(junk|spam)"), neutral=compile_pattern("^(inbox|rejects)"))
JUNK, NOTJUNK, SEEN = int(Flag.JUNK), int(Flag.NOTJUNK), int(Flag.SEEN)


@pytest.mark.parametrize(
    ("rules", "name", "special_use", "before", "after"),
    [
        (USUAL, "Junk/2030", None, SEEN, SEEN | JUNK),
        (USUAL, "Inbox", None, JUNK | SEEN, SEEN),
        # Two are set: the rest is the third.
        (USUAL, "Archive", None, JUNK, NOTJUNK),
        (JunkFlagRules(junk=compile_pattern("x")), "Archive", None, JUNK, JUNK),
        (JunkFlagRules(), "Archive", None, NOTJUNK, NOTJUNK),
        (JunkFlagRules(neutral=compile_pattern("a"), notjunk=compile_pattern("b")), "other", None, 0, JUNK),
        # The first that is found.
        (JunkFlagRules(compile_pattern("a"), compile_pattern("a"), compile_pattern("a")), "a", None, 0, JUNK),
        # The Junk mailbox says junk, whatever its name and the rules are.
        (JunkFlagRules(), "Müll", "\\Junk", NOTJUNK | SEEN, JUNK | SEEN),
    ],
)
def test_what_a_mailbox_says(
    rules: JunkFlagRules, name: str, special_use: str | None, before: int, after: int
) -> None:
    assert automatic_flags(rules, name, special_use, before) == after


async def test_messages_get_flags_where_they_are_put(store: Store, deposit: Deposit) -> None:
    store._junk_flag_rules = lambda _name: USUAL
    account = store.account("mox")
    for flags in ("\\Seen", "word $Junk"):
        await deposit(account, b"\r\n", flags=flags)
    inbox = get_mailbox(account.reader, "Inbox").id
    listener = account.switchboard.listen()

    def flags_in(mailbox: str) -> list[str]:
        id_ = get_mailbox(account.reader, mailbox).id
        return [row.flags_text for row in message_rows(account.reader, id_, 1, 10)]

    assert flags_in("Inbox") == ["\\Seen", "word"]
    await account.write(lambda tx: copy_messages(tx, inbox, [(1, 2)], "Archive"))
    assert flags_in("Archive") == ["\\Seen $NotJunk", "$NotJunk word"]
    await account.write(lambda tx: move_messages(tx, inbox, [(1, 2)], "Junk"))
    assert flags_in("Junk") == ["\\Seen $Junk", "$Junk word"]
    told = [
        change.messages
        for batch in listener.take()
        for change in batch.changes
        if hasattr(change, "messages")
    ]
    assert told == [((1, "\\Seen $NotJunk"), (2, "$NotJunk word")), ((1, "\\Seen $Junk"), (2, "$Junk word"))]
    assert check_consistency(account) == []
