"""Searching: SQL and the looking into messages agree with a plain model, whatever the keys."""

import asyncio
import base64
import quopri
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from mox.store import Account, Store, get_mailbox, search_messages
from moxkit.imap import (
    AgeKey,
    AllKey,
    And,
    BodyKey,
    DateField,
    DateKey,
    DateRelation,
    FlagKey,
    HeaderKey,
    ModSeqKey,
    Not,
    NumberKey,
    Or,
    RecentKey,
    SaveDateSupportedKey,
    SearchKey,
    SequenceSet,
    SizeKey,
    TextKey,
)
from moxkit.testing import FakeClock
from room.deposits import Deposit, depositor

WORDS = ("alpha", "Beta", "gäß", "Ωmega", "délta", "epsilon")
FLAGS = ("\\Seen", "\\Flagged", "\\Deleted", "$Junk", "work", "it's")
DAY = 24 * 3600
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Model:
    """A message, as plainly as can be."""

    uid: int
    modseq: int
    flags: frozenset[str]
    size: int
    received_at: int
    sent: date
    subject: str
    body: str
    octets: bytes


def make(random: Random, uid: int) -> Model:
    subject, body = (" ".join(random.choices(WORDS, k=3)) for _ in range(2))
    sent = NOW.date() - timedelta(days=random.randint(0, 6))
    charset = random.choice(("utf-8", "utf-8", "iso-8859-7" if "ä" not in subject + body else "utf-8"))
    try:
        raw = body.encode(charset)
    except UnicodeEncodeError:
        charset, raw = "utf-8", body.encode()
    encoding = random.choice(("8bit", "base64", "quoted-printable"))
    coded = {"8bit": raw, "base64": base64.encodebytes(raw), "quoted-printable": quopri.encodestring(raw)}
    words = "=?utf-8?B?" + base64.b64encode(subject.encode()).decode() + "?="
    shown = subject if random.random() < 0.5 else words
    padding = "X-Long: " + "y" * 20_000 + "\r\n" if random.random() < 0.2 else ""
    octets = (
        f"{padding}Subject: {shown}\r\nDate: {sent.day} {sent:%b} {sent.year} 23:30:00 -0800\r\n"
        "MIME-Version: 1.0\r\n"
        f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode() + coded[encoding].replace(b"\n", b"\r\n")
    flags = frozenset(f for f in FLAGS if random.random() < 0.4)
    received_at = int(NOW.timestamp()) - random.randint(0, 6) * DAY - random.choice((0, 1, DAY - 1))
    return Model(uid, 0, flags, len(octets), received_at, sent, subject, body, octets)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Account, list[Model]]]:
    with ThreadPoolExecutor(2) as pool:
        store = Store(directory=tmp_path_factory.mktemp("data"), clock=FakeClock(NOW), pool=pool)
        models = asyncio.run(_fill(store, Random(7)))
        yield store.account("mox"), models
        asyncio.run(store.close())


async def _fill(store: Store, random: Random) -> list[Model]:
    account, deposit, models = store.account("mox"), depositor(store), []
    for uid in range(1, 31):
        model = make(random, uid)
        flags = " ".join(sorted(model.flags))
        added = await deposit(account, model.octets, flags=flags, received_at=model.received_at)
        models.append(replace(model, modseq=added.modseq))
    return models


def related(value: date, relation: DateRelation, day: date) -> bool:
    return {
        DateRelation.BEFORE: value < day,
        DateRelation.SINCE: value >= day,
        DateRelation.ON: value == day,
    }[relation]


def matches(m: Model, key: SearchKey) -> bool:  # noqa: C901  one line for each key
    match key:
        case And(keys):
            return all(matches(m, k) for k in keys)
        case Or(left, right):
            return matches(m, left) or matches(m, right)
        case Not(inner):
            return not matches(m, inner)
        case FlagKey(flag, present):
            return (flag.lower() in {f.lower() for f in m.flags}) is present
        case SizeKey(larger, octets):
            return m.size > octets if larger else m.size < octets
        case ModSeqKey(modseq):
            return m.modseq >= modseq
        case AgeKey(older, seconds):
            age = int(NOW.timestamp()) - m.received_at
            return age >= seconds if older else age <= seconds
        case NumberKey(numbers):
            return numbers.contains(m.uid, 30)
        case DateKey(DateField.SENT, relation, day):
            return related(m.sent, relation, day)
        case DateKey(DateField.SAVED, relation, day):
            return related(NOW.date(), relation, day)
        case DateKey(_, relation, day):
            return related(datetime.fromtimestamp(m.received_at, UTC).date(), relation, day)
        case HeaderKey(field, value):
            return field.lower() == "subject" and value.casefold() in m.subject.casefold()
        case BodyKey(value):
            return value.casefold() in m.body.casefold()
        case TextKey(value):
            return value.casefold() in m.subject.casefold() or value.casefold() in m.body.casefold()
        case RecentKey():
            return False
        case _:
            return True


days = st.dates(NOW.date() - timedelta(days=8), NOW.date() + timedelta(days=1))
words = st.sampled_from([*WORDS, "ALPHA", "GÄSS", "DÉLTA eps", "ωMEGA", "nowhere", "alpha beta"])
numbers = st.sets(st.integers(1, 40), min_size=1, max_size=5).map(lambda n: SequenceSet.of(sorted(n)))
leaves: st.SearchStrategy[SearchKey] = st.one_of(
    st.sampled_from([AllKey(), RecentKey(), SaveDateSupportedKey()]),
    st.builds(FlagKey, st.sampled_from([*FLAGS, "WORK", "other", "it"]), st.booleans()),
    st.builds(SizeKey, st.booleans(), st.sampled_from([0, 200, 230, 250, 20_000, 2**40])),
    st.builds(ModSeqKey, st.integers(0, 40)),
    st.builds(AgeKey, st.booleans(), st.sampled_from([1, DAY, DAY + 1, 3 * DAY, 9 * DAY])),
    st.builds(NumberKey, numbers, st.just(value=True)),
    st.builds(DateKey, st.sampled_from(list(DateField)), st.sampled_from(list(DateRelation)), days),
    st.builds(HeaderKey, st.sampled_from(["subject", "SUBJECT", "x-none"]), words),
    st.builds(BodyKey, words),
    st.builds(TextKey, words),
)
keys = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Or, inner, inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda k: And(tuple(k))),
    ),
    max_leaves=6,
)


@given(key=keys)
@settings(deadline=None, max_examples=150)
def test_finds_what_the_model_finds(world: tuple[Account, list[Model]], key: SearchKey) -> None:
    account, models = world
    inbox = get_mailbox(account.reader, "Inbox").id
    found = asyncio.run(search_messages(account, inbox, key, now=NOW))
    assert found == [m.uid for m in models if matches(m, key)]


def search(world: tuple[Account, list[Model]], key: SearchKey) -> list[int]:
    account, _ = world
    inbox = get_mailbox(account.reader, "Inbox").id
    return asyncio.run(search_messages(account, inbox, key, now=NOW))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: And((inner,) * 3000),
        lambda inner: And((Or(inner, BodyKey("nowhere")), *(inner,) * 3000)),
        lambda inner: NumberKey(SequenceSet(tuple((n, n) for n in range(1, 40_000, 2))), uid=True),
    ],
)
def test_many_keys_are_no_trouble(
    world: tuple[Account, list[Model]], wrap: Callable[[SearchKey], SearchKey]
) -> None:
    assert set(search(world, wrap(FlagKey("\\Seen", present=True)))) <= set(range(1, 31))


def test_many_sets_are_no_trouble(world: tuple[Account, list[Model]]) -> None:
    numbers = SequenceSet(tuple((n, n) for n in range(1, 300, 2)))
    assert search(world, And((NumberKey(numbers, uid=True),) * 30)) == list(range(1, 31, 2))


async def test_removed_messages_and_other_mailboxes_are_not_found(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    await deposit(account, b"Subject: x\r\n\r\n")
    await deposit(account, b"Subject: x\r\n\r\n", "Archive")
    inbox = get_mailbox(account.reader, "Inbox").id
    await account.write(lambda tx: tx.connection.run("UPDATE message SET expunged_at = 1 WHERE uid = 1"))
    for key in (AllKey(), HeaderKey("subject", "x")):
        assert await search_messages(account, inbox, key, now=NOW) == []


async def test_an_empty_value_asks_whether_the_field_is_there(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    await deposit(account, b"Subject:\r\n\r\n")
    await deposit(account, b"To: a@x.example\r\n\r\n")
    await deposit(account, b"")
    inbox = get_mailbox(account.reader, "Inbox").id
    found = await search_messages(account, inbox, HeaderKey("subject", ""), now=NOW)
    assert found == [1]
