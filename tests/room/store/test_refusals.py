"""The log of refused mail, and keys of words in subjects."""

from datetime import UTC, datetime

from mox.store import (
    NewRefusal,
    Store,
    Tx,
    find_refusal,
    known_pass_key,
    list_refusals,
    note_refusal,
    pass_key,
)
from mox.store.refusals import _MOST


def refused(subject: str = "hello") -> NewRefusal:
    return NewRefusal(
        envelope_from="ann@x.example",
        envelope_to="mox@mox.example",
        remote_ip="192.0.2.1",
        author="ann@x.example",
        subject=subject,
        message_id="1@x.example",
        size=1000,
        reply="451 4.3.0 not now",
        reason="junk-content",
        decisions=({"check": "content", "text": "0.96"},),
        kept_id=7,
    )


async def test_refusals_are_kept_as_they_were(store: Store) -> None:
    account = store.account("mox")
    await account.write(lambda tx: note_refusal(tx.connection, refused(), tx.now))
    [found] = list_refusals(account.reader)
    assert found.what == refused()
    assert found.refused_at == datetime(2030, 1, 1, tzinfo=UTC)
    assert find_refusal(account.reader, found.id) == found
    assert find_refusal(account.reader, found.id + 1) is None


async def test_old_ones_and_too_many_are_forgotten(store: Store) -> None:
    account = store.account("mox")
    most = _MOST

    def fill(tx: Tx) -> None:
        for n in range(most + 5):
            note_refusal(tx.connection, refused(str(n)), tx.now)

    await account.write(fill)
    found = list_refusals(account.reader, limit=most + 5)
    assert [found[0].what.subject, found[-1].what.subject, len(found)] == [str(most + 4), "5", most]
    later = 31 * 24 * 3600
    await account.write(lambda tx: note_refusal(tx.connection, refused("new"), tx.now + later))
    assert [each.what.subject for each in list_refusals(account.reader)] == ["new"]


async def test_long_subjects_are_cut(store: Store) -> None:
    account = store.account("mox")
    await account.write(lambda tx: note_refusal(tx.connection, refused("x" * 10_000), tx.now))
    assert len(list_refusals(account.reader)[0].what.subject) == 200


async def test_a_key_stays(store: Store) -> None:
    account = store.account("mox")
    assert known_pass_key(account.reader, "mox@mox.example") is None
    key = await account.write(lambda tx: pass_key(tx.connection, "mox@mox.example"))
    assert len(key) == 16
    assert await account.write(lambda tx: pass_key(tx.connection, "mox@mox.example")) == key
    assert known_pass_key(account.reader, "mox@mox.example") == key
    assert await account.write(lambda tx: pass_key(tx.connection, "other@mox.example")) != key
