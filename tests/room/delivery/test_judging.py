"""A message from the internet, from its octets to what stands in the account, with all reasons."""

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mox.accounts import Recipient
from mox.config import Destination, JunkFilter, Ruleset
from mox.delivery import (
    AccountRules,
    BlockLists,
    Connection,
    Delivery,
    Gathering,
    Incoming,
    Judging,
    KeepRejects,
    Outcome,
    ReceivedMessage,
    ReceivingPolicy,
)
from mox.filtering import Content
from mox.store import (
    Account,
    Flag,
    FlagChange,
    Flags,
    FlagsAction,
    Quota,
    Store,
    change_flags,
    check_consistency,
    find_mailbox,
    get_mailbox,
    list_refusals,
    move_messages,
)
from mox.verification import Verifier
from moxkit.domain import parse_domain
from moxkit.testing import FakeClock, FakeResolver

ZONE = """
10.2.0.192.in-addr.arpa PTR mx.x.example.
mx.x.example A 192.0.2.10
x.example TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.strict.example TXT "v=DMARC1; p=reject"
strict.example TXT "v=spf1 -all"
2.0.0.127.bl.example A 127.0.0.2
10.2.0.192.bl.example A 127.0.0.2
10.2.0.192.bl.example TXT "a spammer"
1.0.0.127.dead.example A 127.0.0.2
2.0.0.127.dead.example A 127.0.0.2
10.2.0.192.dead.example A 127.0.0.2
"""
CONNECTION = Connection(
    7, "mail.mox.example", "192.0.2.10", "10.0.0.1", "mx.x.example", True, "TLSv1.3", "AES"
)
LETTER = (
    b"From: Ann <ann@x.example>\r\nTo: mox@mox.example\r\nSubject: hello\r\nMessage-Id: <1@x>\r\n\r\nbody\r\n"
)
RECIPIENT = Recipient("mox@mox.example", "mox", "mox@mox.example", "Inbox", "address", Destination())
FILTER = JunkFilter(threshold=0.95, onegrams=True, max_power=0.01, top_words=10)


class Words:
    """Says that messages with a word are junk."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def classify(self, account: str, message: ReceivedMessage, settings: JunkFilter) -> Content:
        self.asked.append(account)
        with message.open() as octets:
            is_junk = b"pills" in bytes(octets)
        return Content(0.99 if is_junk else 0.01, True, (("pills", 0.99),) if is_junk else ())


class World:
    """A server's delivery, and what the test changes of it."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store = store
        self.clock = clock
        self.rules = AccountRules(rejects=KeepRejects("Rejects"), delays_strangers=False)
        self.words = Words()
        self.enforces = True
        self.policy = ReceivingPolicy()
        self.zone = ZONE

    def delivery(self) -> Delivery:
        resolver = FakeResolver(self.zone)
        clock = self.clock
        return Delivery(
            store=self.store,
            clock=clock,
            canonical=lambda localpart, domain: f"{localpart}@{domain}",
            verifier=Verifier(resolver=resolver, clock=clock),
            judging=Judging(
                store=self.store,
                clock=clock,
                gathering=Gathering(lists=BlockLists(resolver=resolver, clock=clock), jitter=lambda: 0.5),
                rules=lambda _: self.rules,
                classifying=self.words,
                enforces=self.enforces,
            ),
            keep_rejects=lambda _: self.rules.rejects,
        )

    async def receive(
        self,
        octets: bytes = LETTER,
        *,
        recipient: Recipient = RECIPIENT,
        mail_from: str = "ann@x.example",
        connection: Connection = CONNECTION,
    ) -> Outcome:
        spool = self.store.spools.new()
        spool.write(octets)
        incoming = Incoming(connection, mail_from, (recipient,), spool, self.clock.now(), policy=self.policy)
        try:
            [outcome] = await self.delivery().receive(incoming)
        finally:
            spool.discard()
        assert check_consistency(self.account) == []
        return outcome

    @property
    def account(self) -> Account:
        return self.store.account("mox")

    def total(self, mailbox: str) -> int:
        found = find_mailbox(self.account.reader, mailbox)
        return 0 if found is None else found.total

    async def flag(self, flag: Flag, mailbox: str = "Inbox") -> None:
        """Set a junk flag on all messages of a mailbox."""
        id_ = get_mailbox(self.account.reader, mailbox).id
        clear = FlagChange(FlagsAction.REMOVE, Flags(Flag.JUNK | Flag.NOTJUNK))
        for change in (clear, FlagChange(FlagsAction.ADD, Flags(flag))):
            await self.account.write(lambda tx, change=change: change_flags(tx, id_, [(1, 1000)], change))  # type: ignore[misc]  # bound now

    def decisions(self, id_: int) -> list[dict[str, str]]:
        text = self.account.reader.value("SELECT decisions FROM content WHERE id = :id", id=id_)
        found: list[dict[str, str]] = json.loads(text)
        return found


@pytest.fixture
async def world(store: Store, clock: FakeClock) -> World:
    return World(store, clock)


async def test_a_stranger_is_welcome_and_all_reasons_are_kept(world: World) -> None:
    outcome = await world.receive()
    assert (outcome.code, outcome.enhanced) == (250, "2.1.5")
    assert world.total("Inbox") == 1
    checks = {step["check"]: step.get("text", "") for step in world.decisions(1)}
    assert list(checks) == [
        "recipient", "mime", "dmarc", "reputation", "spf", "reverse name", "end", "verdict",
    ]  # fmt: skip
    assert checks["spf"] == "result pass"
    assert world.decisions(1)[-1]["reason"] == "no-bad-signals"


async def test_whom_people_judged_is_known_the_next_time(world: World) -> None:
    await world.receive()
    await world.flag(Flag.JUNK)
    outcome = await world.receive(LETTER.replace(b"<1@x>", b"<2@x>"))
    assert (outcome.code, outcome.text) == (451, "error processing, try again later")
    [refused] = list_refusals(world.account.reader)
    assert (refused.what.reason, refused.what.author) == ("msgfromfull", "ann@x.example")
    assert "accepted if you had written to the sender before" in refused.what.decisions[-1]["nearest"]  # type: ignore[operator]  # a list
    assert (world.total("Inbox"), world.total("Rejects")) == (1, 1)
    await world.flag(Flag.NOTJUNK)
    assert (await world.receive(LETTER.replace(b"<1@x>", b"<2@x>"))).code == 250
    # It came after all.
    assert (world.total("Inbox"), world.total("Rejects")) == (2, 0)


async def test_taking_a_reject_out_is_a_judgement(world: World) -> None:
    world.rules = replace(world.rules, junk_filter=FILTER)
    letter = LETTER.replace(b"body", b"pills")
    assert (await world.receive(letter)).code == 451
    rejects = get_mailbox(world.account.reader, "Rejects").id
    await world.account.write(lambda tx: move_messages(tx, rejects, [(1, 1)], "Inbox"))
    await world.flag(Flag.NOTJUNK)
    assert (await world.receive(letter.replace(b"<1@x>", b"<2@x>"))).code == 250
    assert world.words.asked == ["mox"]


async def test_equal_rejects_are_kept_once_and_not_for_ever(world: World) -> None:
    world.rules = replace(world.rules, junk_filter=FILTER)
    for number in (b"1", b"1", b"2"):
        await world.receive(LETTER.replace(b"body", b"pills").replace(b"<1@x>", b"<%b@x>" % number))
    assert (world.total("Rejects"), len(list_refusals(world.account.reader))) == (2, 3)
    world.clock.jump(15 * 24 * 3600)
    await world.receive(LETTER.replace(b"body", b"pills").replace(b"<1@x>", b"<3@x>"))
    assert world.total("Rejects") == 1
    world.rules = replace(world.rules, rejects=KeepRejects())
    await world.receive(LETTER.replace(b"body", b"pills").replace(b"<1@x>", b"<4@x>"))
    assert world.total("Rejects") == 1


@pytest.mark.parametrize(
    ("letter", "connection", "mail_from", "reason", "code"),
    [
        (LETTER.replace(b"ann@x", b"ann@strict"), CONNECTION, "ann@x.example", "dmarc-policy", 550),
        (LETTER, replace(CONNECTION, remote_ip="192.0.2.11"), "ann@x.example", "spf-policy", 451),
        (LETTER.replace(b"body", b"pills"), CONNECTION, "ann@x.example", "junk-content", 451),
    ],
)
async def test_what_is_refused(
    world: World, letter: bytes, connection: Connection, mail_from: str, reason: str, code: int
) -> None:
    world.rules = replace(world.rules, junk_filter=FILTER)
    outcome = await world.receive(letter, connection=connection, mail_from=mail_from)
    assert outcome.code == code
    [refused] = list_refusals(world.account.reader)
    assert (refused.what.reason, refused.what.subject, refused.what.kept_id) == (reason, "hello", 1)
    assert refused.what.reply.startswith(f"{code} ")


async def test_what_would_be_refused_is_filed_where_nothing_is_enforced(world: World) -> None:
    world.enforces = False
    outcome = await world.receive(LETTER.replace(b"ann@x", b"ann@strict"))
    assert outcome.code == 250
    assert (world.total("Inbox"), world.total("Rejects")) == (1, 0)
    assert world.decisions(1)[-1] == {
        "check": "verdict",
        "result": "refuse",
        "reason": "dmarc-policy",
        "nearest": ["accepted if DKIM or SPF had passed for the domain in From"],
    }


async def test_block_lists_are_asked_about_strangers(world: World) -> None:
    world.policy = ReceivingPolicy(zones=(parse_domain("dead.example"), parse_domain("bl.example")))
    assert (await world.receive()).code == 451
    [refused] = list_refusals(world.account.reader)
    assert refused.what.reason == "dns-blocklisted"
    assert refused.what.decisions[-2]["text"] == "on bl.example: a spammer"


async def test_strangers_wait_for_the_answer(world: World) -> None:
    world.rules = replace(world.rules, delays_strangers=True)
    world.policy = ReceivingPolicy(stranger_delay_s=15)
    receiving = asyncio.ensure_future(world.receive())
    for _ in range(200):
        await asyncio.sleep(0.001)
    assert world.total("Inbox") == 0
    await world.clock.advance(15)
    assert (await receiving).code == 250
    # Not those that are known.
    await world.flag(Flag.NOTJUNK)
    assert (await world.receive(LETTER.replace(b"<1@x>", b"<2@x>"))).code == 250


async def test_new_senders_in_introbox(world: World) -> None:
    world.rules = replace(world.rules, introbox="Introbox")
    await world.receive()
    assert (world.total("Introbox"), world.total("Inbox")) == (1, 0)
    introbox = get_mailbox(world.account.reader, "Introbox").id
    await world.account.write(lambda tx: move_messages(tx, introbox, [(1, 1)], "Inbox"))
    await world.receive(LETTER.replace(b"<1@x>", b"<2@x>"))
    assert (world.total("Introbox"), world.total("Inbox")) == (0, 2)


async def test_rulesets_choose_the_mailbox_and_take_rejects(world: World) -> None:
    ruleset = Ruleset(mailbox="Work", msg_from_regexp="@strict", accept_rejects_to_mailbox="Dubious")
    recipient = replace(RECIPIENT, destination=Destination(rulesets=(ruleset,)))
    outcome = await world.receive(LETTER.replace(b"ann@x", b"ann@strict"), recipient=recipient)
    assert outcome.code == 250
    assert (world.total("Dubious"), world.total("Work")) == (1, 0)
    assert world.account.reader.value("SELECT flags_text FROM message") == "\\Seen"


async def test_a_way_in_by_the_subject(world: World) -> None:
    world.rules = replace(world.rules, subject_pass=timedelta(hours=1))
    world.policy = ReceivingPolicy(zones=(parse_domain("bl.example"),))
    letter = LETTER.replace(b"ann@x.example", b"ann@dmarc.example")
    world.zone += '_dmarc.dmarc.example TXT "v=DMARC1; p=none"\n'
    world.zone += 'dmarc.example TXT "v=spf1 ip4:192.0.2.10 -all"\n'
    refused = await world.receive(letter, mail_from="ann@dmarc.example")
    assert (refused.code, refused.enhanced) == (550, "5.7.1")
    [token] = re.findall(r"\(pass:[^)]+\)", refused.text)
    again = letter.replace(b"hello", f"hello {token}".encode()).replace(b"<1@x>", b"<2@x>")
    assert (await world.receive(again, mail_from="ann@dmarc.example")).code == 250
    world.clock.jump(2 * 3600)
    assert (await world.receive(again, mail_from="ann@dmarc.example")).code == 550


async def test_a_full_account_is_told_as_such(
    tmp_path: Path, pool: ThreadPoolExecutor, clock: FakeClock
) -> None:
    store = Store(directory=tmp_path, clock=clock, pool=pool, quota=lambda _: Quota(10, 0, 0))
    world = World(store, clock)
    assert (await world.receive()).enhanced == "4.2.2"
    # Neither is what is refused kept, and the refusal stands.
    assert (await world.receive(LETTER.replace(b"ann@x", b"ann@strict"))).code == 550
    [refused] = list_refusals(world.account.reader)
    assert refused.what.kept_id is None
    await store.close()
