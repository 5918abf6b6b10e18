"""Rights in mailboxes: their letters, granted, taken away, inherited, gone with the mailbox (RFC 4314)."""

import pytest

from mox.store import (
    ANYONE,
    Account,
    MailboxUnknownError,
    Rights,
    RightsSyntaxError,
    Store,
    Tx,
    create_mailbox,
    delete_mailbox,
    get_mailbox,
    list_rights,
    rights_of,
    set_rights,
)


@pytest.fixture
def account(store: Store) -> Account:
    return store.account("mox")


def test_letters_of_the_examples() -> None:
    # RFC 4314 §2.1.1: David was given lrswida, Byron lrswikda.
    assert sorted(Rights.parse("lrswida").encode()) == sorted("lrswideta")
    assert sorted(Rights.parse("lrswikda").encode()) == sorted("lrswikcdeta")
    assert (~Rights(0)).encode() == "lrswipkxteacd"


def test_obsolete_letters_mean_all_their_members() -> None:
    assert Rights.parse("c") == Rights.CREATE_MAILBOX | Rights.DELETE_MAILBOX
    assert Rights.parse("d") == Rights.DELETE_MESSAGE | Rights.EXPUNGE
    for rights in (Rights(0), Rights.READ, Rights.LOOKUP | Rights.POST, ~Rights(0)):
        assert Rights.parse(rights.encode()) == rights


@pytest.mark.parametrize("letters", ["z", "lr ", "L", "lr\0", "é"])
def test_other_letters_are_refused(letters: str) -> None:
    with pytest.raises(RightsSyntaxError):
        Rights.parse(letters)


async def test_granted_replaced_and_removed(account: Account) -> None:
    def grant(letters: str) -> Rights:
        return Rights.parse(letters)

    def set_up(tx: Tx) -> int:
        mailbox = create_mailbox(tx, "Team")[-1]
        set_rights(tx, mailbox.id, "mira", grant("lrs"))
        set_rights(tx, mailbox.id, ANYONE, grant("lp"))
        return mailbox.id

    team = await account.write(set_up)
    assert rights_of(account.reader, team, ["mira"]) == grant("lrsp")
    assert rights_of(account.reader, team, ["someone"]) == grant("lp")
    await account.write(lambda tx: set_rights(tx, team, "mira", grant("i")))
    assert rights_of(account.reader, team, ["mira"]) == grant("lpi")
    await account.write(lambda tx: set_rights(tx, team, "-mira", grant("p")))
    assert rights_of(account.reader, team, ["mira"]) == grant("li")
    assert rights_of(account.reader, team, ["someone"]) == grant("lp")
    await account.write(lambda tx: set_rights(tx, team, ANYONE, Rights(0)))
    assert list_rights(account.reader, team) == {"mira": grant("i"), "-mira": grant("p")}


async def test_a_new_mailbox_has_the_rights_of_the_one_above(account: Account) -> None:
    def set_up(tx: Tx) -> None:
        set_rights(tx, create_mailbox(tx, "Team")[-1].id, "mira", Rights.READ)

    await account.write(set_up)
    created = await account.write(lambda tx: create_mailbox(tx, "Team/Bills/Paid"))
    other = await account.write(lambda tx: create_mailbox(tx, "Private")[-1])
    assert [list_rights(account.reader, each.id) for each in created] == [{"mira": Rights.READ}] * 2
    assert list_rights(account.reader, other.id) == {}


async def test_gone_with_their_mailbox(account: Account) -> None:
    team = await account.write(lambda tx: create_mailbox(tx, "Team")[-1].id)
    await account.write(lambda tx: set_rights(tx, team, "mira", Rights.READ))
    await account.write(lambda tx: delete_mailbox(tx, "Team"))
    assert list_rights(account.reader, team) == {}
    with pytest.raises(MailboxUnknownError):
        await account.write(lambda tx: set_rights(tx, team, "mira", Rights.READ))
    await account.write(lambda tx: create_mailbox(tx, "Team"))
    assert list_rights(account.reader, get_mailbox(account.reader, "Team").id) == {}
