"""What follows when mail was received: reports kept, returned mail related, evaluations remembered."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mox.accounts import Recipient
from mox.config import Destination
from mox.delivery import (
    AccountRules,
    BlockLists,
    Delivery,
    Gathering,
    Incoming,
    Judged,
    Judging,
    KeepsReports,
    NotesEvaluations,
    NotesReturnedMail,
    Outcome,
    ReceivedMessage,
)
from mox.queue import NewMessage, NewRecipient, Queue
from mox.reports import Evaluation, Reports
from mox.store import (
    Flag,
    FlagChange,
    Flags,
    FlagsAction,
    Store,
    change_flags,
    get_mailbox,
    list_refusals,
    read_message,
)
from mox.verification import Verifier
from moxkit.testing import FakeClock, FakeResolver
from room.delivery.messages import CONNECTION, RECIPIENT
from room.queue.remote import Remote, put, work
from room.queue.test_returned import FAILED, notification
from room.reports.mails import DAY, OURS, dmarc_mail, dmarc_report, tls_mail, tls_report

ZONE = """
10.2.0.192.in-addr.arpa PTR mx.big.example.
mx.big.example A 192.0.2.10
big.example TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.big.example TXT "v=DMARC1; p=reject; rua=mailto:rua@big.example; ri=3600"
"""
REPORTS = Recipient(
    "dmarc@mox.example",
    "mox",
    "dmarc@mox.example",
    "Reports",
    "reporting address",
    Destination(),
    reports=True,
)
LETTER = b"From: Ann <ann@big.example>\r\nTo: mox@mox.example\r\nSubject: hello\r\n\r\nbody\r\n"


class Crashes:
    """A listener that always fails."""

    async def concluded(self, message: ReceivedMessage, judged: Judged, outcome: Outcome) -> None:
        raise RuntimeError("no")


class World:
    """A server's delivery with all that listens."""

    def __init__(self, store: Store, clock: FakeClock, reports: Reports, queue: Queue) -> None:
        self.store, self.clock, self.reports, self.queue = store, clock, reports, queue
        self.is_wanted = True
        resolver = FakeResolver(ZONE)
        self.delivery = Delivery(
            store=store,
            clock=clock,
            canonical=lambda localpart, domain: f"{localpart}@{domain}",
            verifier=Verifier(resolver=resolver, clock=clock),
            judging=Judging(
                store=store,
                clock=clock,
                gathering=Gathering(lists=BlockLists(resolver=resolver, clock=clock)),
                rules=lambda _: AccountRules(delays_strangers=False),
            ),
            reports=reports.inbox,
            listeners=(
                Crashes(),
                KeepsReports(inbox=reports.inbox, clock=clock),
                NotesReturnedMail(returned=queue.returned, separator={"mox.example": "+"}.__getitem__),
                NotesEvaluations(
                    evaluations=reports.evaluations,
                    store=store,
                    clock=clock,
                    is_wanted=lambda: self.is_wanted,
                ),
            ),
        )

    async def receive(
        self, octets: bytes, recipient: Recipient = RECIPIENT, remote_ip: str = "192.0.2.10"
    ) -> Outcome:
        spool = self.store.spools.new()
        spool.write(octets)
        connection = replace(CONNECTION, remote_ip=remote_ip)
        incoming = Incoming(connection, "ann@big.example", (recipient,), spool, self.clock.now())
        try:
            [outcome] = await self.delivery.receive(incoming)
        finally:
            spool.discard()
        return outcome

    def message(self, outcome: Outcome) -> tuple[str, bytes]:
        """Return flags and octets of a message that was filed."""
        assert outcome.added is not None
        found = read_message(self.store.account("mox"), outcome.added.id)
        assert found is not None
        flags: str = self.store.account("mox").reader.value(
            "SELECT flags_text FROM message WHERE mailbox_id = :id AND uid = :uid",
            id=outcome.added.mailbox_id,
            uid=outcome.added.uid,
        )
        return flags, found[1]

    async def evaluations(self) -> tuple[Evaluation, ...]:
        now = self.clock.now()
        day = timedelta(days=1)
        return await self.reports.evaluations.of_domain("big.example", since=now - day, until=now + day)


@pytest.fixture
async def world(store: Store, tmp_path: Path, pool: ThreadPoolExecutor) -> AsyncIterator[World]:
    clock = FakeClock()
    clock.jump((DAY + timedelta(days=2) - clock.now()).total_seconds())
    reports = Reports(directory=tmp_path, clock=clock, pool=pool, own_domains=lambda: OURS)
    queue = Queue(
        directory=tmp_path,
        clock=clock,
        pool=pool,
        deliverer=Remote(),
        keep_retired=lambda _: timedelta(days=1),
    )
    yield World(store, clock, reports, queue)
    await queue.close()
    await reports.close()


async def test_a_report_is_kept_and_seen(world: World) -> None:
    octets = dmarc_mail(dmarc_report())
    for _ in range(2):
        outcome = await world.receive(octets, REPORTS)
        flags, filed = world.message(outcome)
        assert flags == "\\Seen"
        assert filed.startswith(b"X-Mox-Reason: reporting;\r\n")
        assert b"Report-Error" not in filed
    [listed] = world.reports.inbox.list_dmarc()
    assert (listed.from_domain, listed.messages) == ("big.example", 43)
    # Reports about mail with reports alone are not sent.
    assert [each.is_optional for each in await world.evaluations()] == [True, True]


@pytest.mark.parametrize(
    ("octets", "field"),
    [
        (LETTER, b"X-Mox-DMARCReport-Error: cannot be read: no report in message\r\n"),
        (
            dmarc_mail(dmarc_report("\x1b[31m" + "é" * 500)),
            b"X-Mox-DMARCReport-Error: about another domain:\r\n =?utf-8?",
        ),
        (
            tls_mail(tls_report()),
            b"X-Mox-TLSReport-Error: not authenticated: no signature of the author for reports\r\n",
        ),
    ],
)
async def test_what_is_no_report_says_why(world: World, octets: bytes, field: bytes) -> None:
    flags, filed = world.message(await world.receive(octets, REPORTS))
    assert flags == ""
    assert field in filed
    assert all(len(line) <= 998 for line in filed.split(b"\r\n"))
    assert world.reports.inbox.list_dmarc() == ()
    assert world.reports.inbox.list_tls() == ()


async def test_reports_to_others_are_letters(world: World) -> None:
    flags, filed = world.message(await world.receive(dmarc_mail(dmarc_report())))
    assert (flags, b"Report-Error" in filed) == ("", False)
    assert world.reports.inbox.list_dmarc() == ()


async def test_returned_mail_is_related(world: World, caplog: pytest.LogCaptureFixture) -> None:
    new = NewMessage("mox", "mox+id1@mox.example", (NewRecipient("x@x.example"),), b"", False, False)
    await put(world.queue, world.store, replace(new, from_id="id1"))
    await work(world.queue, world.clock, lambda: not world.queue.entries())
    letter = notification(FAILED).replace(b"postmaster@x.example", b"postmaster@big.example")
    for path in ("mox@mox.example", "mox+other@mox.example"):
        await world.receive(letter, replace(RECIPIENT, path=path))
        assert world.queue.suppressions.list_() == []
    outcome = await world.receive(letter, replace(RECIPIENT, path="mox+id1@mox.example"))
    assert outcome.is_delivered
    assert [each.address for each in world.queue.suppressions.list_("mox")] == ["x@x.example"]
    # A crash of another listener is logged, and that is all.
    assert "listener of received mail crashed" in caplog.messages


async def test_what_dmarc_said_is_remembered(world: World) -> None:
    assert (await world.receive(LETTER)).is_delivered
    assert (await world.receive(LETTER, remote_ip="192.0.2.11")).code == 550
    [refused] = list_refusals(world.store.account("mox").reader)
    assert refused.what.reason == "dmarc-policy"
    passed, failed = await world.evaluations()
    assert (passed.row.disposition, passed.row.spf_aligned, passed.is_optional) == ("none", True, False)
    assert (passed.interval_hours, passed.row.envelope_to) == (1, "mox.example")
    # Of those that nobody here knows, domains hear if there is something else to tell.
    assert (failed.row.disposition, failed.row.spf_aligned, failed.is_optional) == ("reject", False, True)


async def test_what_is_forged_of_friends_is_told(world: World) -> None:
    await world.receive(LETTER)
    account = world.store.account("mox")
    id_ = get_mailbox(account.reader, "Inbox").id
    change = FlagChange(FlagsAction.ADD, Flags(Flag.NOTJUNK))
    await account.write(lambda tx: change_flags(tx, id_, [(1, 1)], change))
    await world.receive(LETTER, remote_ip="192.0.2.11")
    assert [each.is_optional for each in await world.evaluations()] == [False, False]


async def test_what_is_refused_for_other_reasons_gets_no_answer(world: World) -> None:
    letter = LETTER.replace(b"ann@big.example", b"ann@none.example")
    assert (await world.receive(letter, remote_ip="192.0.2.11")).code == 451
    world.is_wanted = False
    assert (await world.receive(LETTER)).is_delivered
    assert await world.evaluations() == ()
