"""Sorting and threading agree with a plain definition, with and without the search index."""

import json
import unicodedata
from random import Random

import pytest

from mox.database import open_reader
from mox.store import (
    Account,
    Store,
    expunge_messages,
    get_mailbox,
    live_uids,
    sort_messages,
    sorting,
    thread_messages,
)
from moxkit.imap import SortCriterion, SortKey, ThreadAlgorithm, ThreadData
from room.deposits import Deposit

NAMES = ("alice", "Bob", "carol", "dave", "Émile", "zoë", "")
SUBJECTS = ("hello", "Re: hello", "Fwd: [list] HELLO", "world", "Ärger", "re: ärger", "", "[x] world (fwd)")
BASES = ("HELLO", "HELLO", "HELLO", "WORLD", "A\u0308RGER", "A\u0308RGER", "", "WORLD")
RECEIVED = 1_900_000_000


class Made:
    """A message with what is compared, as its maker knows it."""

    def __init__(self, random: Random, number: int) -> None:
        self.sender, self.recipient, self.copied = (random.choice(NAMES) for _ in range(3))
        self.display = random.choice(("", "Zed", "Ann Other", "Ölaf"))
        which = random.randrange(len(SUBJECTS))
        self.subject, self.base = SUBJECTS[which], BASES[which]
        self.received_at = RECEIVED + random.randint(0, 5)
        self.sent = random.choice((None, random.randint(0, 5)))
        self.padding = random.randint(0, 3) * 10
        self.refs = [f"<m{random.randint(1, 30)}@x>" for _ in range(random.randint(0, 2))]
        self.number = number

    @property
    def octets(self) -> bytes:
        lines = [f"Message-ID: <m{self.number}@x>"]
        if self.sender:
            lines.append(f"From: {self.display} <{self.sender}@x.example>")
        if self.recipient:
            lines.append(f"To: <{self.recipient}@x.example>, second@x.example")
        if self.copied:
            lines.append(f"Cc: {self.copied}@x.example")
        if self.subject:
            lines.append(f"Subject: {self.subject}")
        if self.sent is not None:
            # The same moment, written in a zone of its own.
            lines.append(f"Date: 17 Mar 2030 19:46:{40 + self.sent:02} +0200")
        if self.refs:
            lines.append("References: " + " ".join(self.refs))
        return ("\r\n".join(lines) + "\r\n\r\n" + "x" * self.padding).encode()

    def value(self, key: SortKey) -> object:
        match key:
            case SortKey.ARRIVAL:
                return self.received_at
            case SortKey.SIZE:
                return len(self.octets)
            case SortKey.DATE:
                return self.received_at if self.sent is None else RECEIVED + self.sent
            case SortKey.SUBJECT:
                return self.base
            case SortKey.DISPLAYFROM:
                return mapped(self.display or f"{self.sender}@x.example") if self.sender else ""
            case SortKey.DISPLAYTO:
                return mapped(f"{self.recipient}@x.example") if self.recipient else ""
            case _:
                return mapped({"FROM": self.sender, "TO": self.recipient, "CC": self.copied}[key])


def mapped(text: str) -> str:
    return unicodedata.normalize("NFKD", text.upper())


def plainly(messages: dict[int, Made], criteria: list[SortCriterion]) -> list[int]:
    uids = sorted(messages)
    for criterion in reversed(criteria):
        # Reversing keeps ties in mailbox order (RFC 5256 §3).
        uids.sort(key=lambda uid: messages[uid].value(criterion.key), reverse=criterion.reverse)  # type: ignore[arg-type,return-value]  # of one type for one key
    return uids


async def fill(account: Account) -> None:
    while await account.search_index.fill():
        pass


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("indexed", [0, 12, 30])
async def test_sorts_as_the_plain_definition(store: Store, deposit: Deposit, seed: int, indexed: int) -> None:
    random, account = Random(seed), store.account("mox")
    messages: dict[int, Made] = {}
    for number in range(1, 31):
        made = Made(random, number)
        added = await deposit(account, made.octets, received_at=made.received_at)
        messages[added.uid] = made
        if number == indexed:
            await fill(account)
    inbox = get_mailbox(account.reader, "Inbox").id
    await account.write(lambda tx: expunge_messages(tx, inbox, [3]))
    del messages[3]
    for _ in range(25):
        keys = random.choices(list(SortKey), k=random.randint(1, 4))
        criteria = [SortCriterion(key, reverse=random.random() < 0.5) for key in keys]
        chosen = sorted(random.sample(sorted(messages), random.choice((0, 3, 20, 29))))
        found = await sort_messages(account, inbox, chosen, criteria)
        assert found == plainly({uid: messages[uid] for uid in chosen}, criteria), criteria


@pytest.mark.parametrize("indexed", [0, 12, 30])
async def test_threads_are_the_same_without_the_index(store: Store, deposit: Deposit, indexed: int) -> None:
    random, account = Random(5), store.account("mox")
    for number in range(1, 31):
        made = Made(random, number)
        await deposit(account, made.octets, received_at=made.received_at)
        if number == indexed:
            await fill(account)
    inbox = get_mailbox(account.reader, "Inbox").id
    uids = list(live_uids(account.reader, inbox))
    lines = [
        ThreadData(await thread_messages(account, inbox, uids, algorithm)).encode()
        for algorithm in ThreadAlgorithm
    ]
    await fill(account)
    again = [
        ThreadData(await thread_messages(account, inbox, uids, algorithm)).encode()
        for algorithm in ThreadAlgorithm
    ]
    assert lines == again
    assert await thread_messages(account, inbox, [], ThreadAlgorithm.REFERENCES) == ()


THREAD = [
    b"Message-ID: <a@x>\r\nSubject: one\r\n\r\n",
    b"Message-ID: <b@x>\r\nIn-Reply-To: <a@x>\r\nSubject: Re: one\r\n\r\n",
    b"Message-ID: <c@x>\r\nReferences: <a@x>\r\n <b@x>\r\nSubject: other\r\n\r\n",
    b'Message-ID: <d@x>\r\nReferences: <"b"@x>\r\nSubject: third\r\n\r\n',
    b"Message-ID: <e@x>\r\nReferences: <A@x>\r\nSubject: fourth\r\n\r\n",  # case counts
    b"Subject: Re: ONE\r\n\r\n",
]


async def test_threads_by_references(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    for octets in THREAD:
        await deposit(account, octets)
    inbox = get_mailbox(account.reader, "Inbox").id
    threads = await thread_messages(account, inbox, range(1, 7), ThreadAlgorithm.REFERENCES)
    assert ThreadData(threads).encode() == b"* THREAD (1 (2 (3)(4))(6))(5)\r\n"


async def test_the_statements_use_indexes(store: Store) -> None:
    account = store.account("mox")
    await fill(account)
    search = open_reader(account.files.root.with_name("search.db"))
    search.run("ATTACH :path AS mail", path=str(account.reader.path))
    for picks in (True, False):
        rows = sorting._rows("mail.message", picks=picks)
        statement = sorting._SORTED.format(rows=rows, order="subject")
        given = {"mailbox_id": 1, "first": 1, "last": 9, "uids": "[]", "facts": json.dumps([])}
        steps = [
            row[3]
            for row in search.rows(f"EXPLAIN QUERY PLAN {statement}", **sorting._used(statement, given))
        ]
        tables = [step for step in steps if step.startswith("SCAN ") and "json" not in step]
        assert not [s for s in tables if not s.startswith(("SCAN j VIRTUAL", "SCAN (", "SCAN f"))], steps
        assert not [s for s in tables if "SCAN f" in s], steps
        handed = steps.index("SCAN j VIRTUAL TABLE INDEX 1:")
        assert steps[handed + 1] == "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)", steps
    search.close()
