"""Notifications: what they say, whose they are, and that there is never one too many."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mox.queue import Attempted, Bounces, Delivered, Failed, QueuedEntry, QueuedMessage, Result, Retry
from mox.store import Account, Quota, Store, list_messages, read_message
from moxkit.dsn import Action, parse_dsn
from moxkit.message import Headers
from moxkit.smtp import Notify, RecipientAddress, Ret
from moxkit.testing import FakeClock

OK = Delivered(250, "2.1.5", "ok", "mx.other.example")
REFUSED = Failed(550, "5.1.1", "no such user", "mx.other.example")
LATER = Retry(None, "4.4.1", "no answer from 192.0.2.1")
PREFIX = b"Received: from here by mail.mox.example; now\r\n"
CONTENT = b"From: me@mox.example\r\nSubject: lunch\r\nMessage-ID: <1@mox.example>\r\n\r\nsecret body\r\n"


@pytest.fixture
def bounces(store: Store, clock: FakeClock) -> Bounces:
    return Bounces(
        store=store,
        clock=clock,
        hostname="mail.mox.example",
        exists=lambda name: name in {"mox", "full"},
        postmaster=("admin", "Postmaster"),
    )


@pytest.fixture
def content(tmp_path: Path) -> Path:
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    return path


def asking(message: QueuedMessage, *notify: str, orcpt: RecipientAddress | None = None) -> QueuedMessage:
    """Return a message whose recipients have these wishes, words with commas between."""
    wishes = [frozenset(map(Notify, words.split(","))) if words else frozenset[Notify]() for words in notify]
    entries = [
        replace(entry, notify=wish, orcpt=orcpt) for entry, wish in zip(message.entries, wishes, strict=True)
    ]
    return replace(message, entries=tuple(entries))


@pytest.fixture
def message(clock: FakeClock) -> Callable[..., QueuedMessage]:
    def make(
        *recipients: str, account: str = "mox", reverse_path: str = "me@mox.example", smtputf8: bool = False
    ) -> QueuedMessage:
        return QueuedMessage(
            id=7,
            account=account,
            reverse_path=reverse_path,
            prefix=PREFIX,
            size=len(PREFIX + CONTENT),
            smtputf8=smtputf8,
            has_8bit=False,
            require_tls=None,
            queued_at=clock.now(),
            domain="other.example",
            entries=tuple(QueuedEntry(n, each, 0, clock.now()) for n, each in enumerate(recipients, 1)),
            message_id="<1@mox.example>",
            subject="lunch",
        )

    return make


def attempted(message: QueuedMessage, *results: Result) -> list[Attempted]:
    return [Attempted(entry, result) for entry, result in zip(message.entries, results, strict=True)]


def filed(account: Account) -> list[tuple[str, bytes]]:
    read = [read_message(account, row.id) for row in list_messages(account.reader)]
    return [(each[0].mailbox, each[1]) for each in read if each is not None]


async def test_a_failure_is_told_to_people_and_programs(
    bounces: Bounces, store: Store, message: Callable[..., QueuedMessage], content: Path, clock: FakeClock
) -> None:
    failing = message("bob@other.example", "eve@other.example", "ann@other.example")
    gave_up = Failed(None, "4.4.1", "gave up after 5 days: no answer")
    await bounces.finished(
        failing, attempted(failing, REFUSED, Delivered(250, "2.0.0", "ok"), gave_up), content
    )
    [(mailbox, octets)] = filed(store.account("mox"))
    assert mailbox == "Inbox"
    headers = Headers(octets[: octets.index(b"\r\n\r\n") + 2])
    assert headers.text("return-path") == "<>"
    assert headers.text("delivered-to") == "me@mox.example"
    assert headers.text("from") == "Mail delivery <postmaster@mail.mox.example>"
    assert headers.text("to") == "me@mox.example"
    assert headers.text("references") == "<1@mox.example>"
    found = parse_dsn(octets)
    for said in ("bob@other.example", "mx.other.example said: 550 5.1.1 no such user", "Subject: lunch"):
        assert said in found.text
    assert "eve@other.example" not in found.text
    assert found.status.reporting_mta.name == "mail.mox.example"
    assert found.status.arrival_at == clock.now().replace(microsecond=0)
    bob, ann = found.status.recipients
    assert (bob.final_recipient.address, bob.action, bob.status) == (
        "bob@other.example",
        Action.FAILED,
        "5.1.1",
    )
    assert bob.diagnostic is not None
    assert (bob.diagnostic.smtp_code, bob.diagnostic.enhanced_code) == (550, "5.1.1")
    assert bob.remote_mta is not None
    assert bob.remote_mta.name == "mx.other.example"
    # RFC 3464 §2.3.4: failed is of class 5, whatever the last trouble was.
    assert (ann.status, ann.diagnostic, ann.remote_mta) == ("5.4.1", None, None)
    assert found.original.startswith(PREFIX + b"From: me@mox.example\r\n")
    assert b"secret body" not in octets


async def test_a_delay_is_told_with_its_end(
    bounces: Bounces, store: Store, message: Callable[..., QueuedMessage], content: Path, clock: FakeClock
) -> None:
    late = message("bob@other.example")
    gives_up_at = clock.now().replace(microsecond=0) + timedelta(days=5)
    await bounces.delayed(late, attempted(late, LATER), content, gives_up_at)
    [(_, octets)] = filed(store.account("mox"))
    found = parse_dsn(octets)
    [bob] = found.status.recipients
    assert (bob.action, bob.status, bob.will_retry_until) == (Action.DELAYED, "4.4.1", gives_up_at)
    assert "You need not do anything" in found.text
    assert "no answer from 192.0.2.1" in found.text


async def test_what_is_told_again_after_a_crash_is_filed_once(
    bounces: Bounces, store: Store, message: Callable[..., QueuedMessage], content: Path
) -> None:
    failing = message("bob@other.example", "eve@other.example")
    for attempts in range(2):
        # The attempt before the crash was counted, its result was not written down.
        entries = tuple(replace(entry, attempts=attempts) for entry in failing.entries)
        failing = replace(failing, entries=entries)
        await bounces.finished(failing, attempted(failing, REFUSED, REFUSED), content)
    assert len(filed(store.account("mox"))) == 1
    # Who is told of now was not among them.
    await bounces.finished(failing, attempted(failing, REFUSED, REFUSED)[:1], content)
    assert len(filed(store.account("mox"))) == 2


async def test_a_notification_never_brings_forth_another(
    bounces: Bounces, store: Store, message: Callable[..., QueuedMessage], content: Path
) -> None:
    failing = message("bob@other.example", reverse_path="")
    await bounces.finished(failing, attempted(failing, REFUSED), content)
    assert filed(store.account("mox")) == []
    assert filed(store.account("admin")) == []


async def test_delivered_is_not_told(
    bounces: Bounces, store: Store, message: Callable[..., QueuedMessage], content: Path
) -> None:
    fine = message("bob@other.example")
    await bounces.finished(fine, attempted(fine, Delivered(250, "2.0.0", "ok")), content)
    assert filed(store.account("mox")) == []


async def test_the_postmaster_hears_where_the_account_is_gone(
    bounces: Bounces, store: Store, message: Callable[..., QueuedMessage], content: Path
) -> None:
    failing = message("bob@other.example", account="gone")
    await bounces.finished(failing, attempted(failing, REFUSED), content)
    [(mailbox, _)] = filed(store.account("admin"))
    assert mailbox == "Postmaster"


async def test_the_postmaster_hears_where_the_account_is_full(
    tmp_path: Path, message: Callable[..., QueuedMessage], content: Path, clock: FakeClock, store: Store
) -> None:
    full = Store(
        directory=tmp_path / "full",
        clock=clock,
        pool=store.pool,
        quota=lambda name: Quota(1, 0, 0) if name == "full" else Quota(0, 0, 0),
    )
    bounces = Bounces(
        store=full, clock=clock, hostname="h.example", exists=lambda _: True, postmaster=("admin", "Inbox")
    )
    failing = message("bob@other.example", account="full")
    await bounces.finished(failing, attempted(failing, REFUSED), content)
    assert len(filed(full.account("admin"))) == 1
    assert filed(full.account("full")) == []
    await full.close()


async def test_addresses_beyond_ascii(
    bounces: Bounces, store: Store, message: Callable[..., QueuedMessage], content: Path
) -> None:
    failing = message("jürgen@other.example", reverse_path="zoë@mox.example", smtputf8=True)
    await bounces.finished(failing, attempted(failing, REFUSED), content)
    [(_, octets)] = filed(store.account("mox"))
    [told] = parse_dsn(octets).status.recipients
    assert told.final_recipient.address == "jürgen@other.example"
    assert "zoë@mox.example".encode() in octets


@pytest.mark.parametrize(
    ("notify", "result", "action"),
    [
        # RFC 3461 §5.2.6.
        ("", REFUSED, Action.FAILED),
        ("FAILURE", REFUSED, Action.FAILED),
        ("SUCCESS,FAILURE,DELAY", REFUSED, Action.FAILED),
        ("SUCCESS,DELAY", REFUSED, None),
        ("NEVER", REFUSED, None),
        # RFC 3461 §5.2.1: the other server tells.
        ("SUCCESS", replace(OK, passes_on_dsn=True), None),
        # RFC 3461 §5.2.2.
        ("SUCCESS", OK, Action.RELAYED),
        ("SUCCESS,FAILURE", OK, Action.RELAYED),
        ("FAILURE,DELAY", OK, None),
        ("NEVER", OK, None),
        ("", OK, None),
        # RFC 3461 §5.2.3.
        ("SUCCESS", replace(OK, is_final=True), Action.DELIVERED),
        ("FAILURE", replace(OK, is_final=True), None),
        ("", replace(OK, is_final=True), None),
    ],
)
async def test_what_is_told_of_an_end(
    bounces: Bounces,
    store: Store,
    message: Callable[..., QueuedMessage],
    content: Path,
    notify: str,
    result: Result,
    action: Action | None,
) -> None:
    ended = asking(message("bob@other.example"), notify)
    await bounces.finished(ended, attempted(ended, result), content)
    told = [parse_dsn(octets).status.recipients for _, octets in filed(store.account("mox"))]
    assert [[each.action for each in of_one] for of_one in told] == ([] if action is None else [[action]])


@pytest.mark.parametrize(
    ("notify", "is_told"),
    [("", True), ("DELAY", True), ("FAILURE,DELAY", True), ("SUCCESS,FAILURE", False), ("NEVER", False)],
)
async def test_delay_is_told_unless_it_is_not_wanted(
    bounces: Bounces,
    store: Store,
    message: Callable[..., QueuedMessage],
    content: Path,
    clock: FakeClock,
    notify: str,
    is_told: bool,
) -> None:
    """RFC 3461 §5.2.5."""
    late = asking(message("bob@other.example", "ann@other.example"), notify, "NEVER")
    await bounces.delayed(late, attempted(late, LATER, LATER), content, clock.now())
    told = [parse_dsn(octets).status.recipients for _, octets in filed(store.account("mox"))]
    addresses = [[each.final_recipient.address for each in of_one] for of_one in told]
    assert addresses == ([["bob@other.example"]] if is_told else [])


async def test_each_end_is_a_notification_with_its_own_recipients(
    bounces: Bounces, store: Store, message: Callable[..., QueuedMessage], content: Path
) -> None:
    ended = asking(
        message("ann@other.example", "bob@other.example", "eve@other.example"), "SUCCESS", "", "NEVER"
    )
    for _ in range(2):  # Again after a crash: none is filed twice.
        await bounces.finished(ended, attempted(ended, OK, REFUSED, REFUSED), content)
    relayed, failed = sorted((octets for _, octets in filed(store.account("mox"))), key=len)
    [ann], [bob] = parse_dsn(relayed).status.recipients, parse_dsn(failed).status.recipients
    assert (ann.final_recipient.address, ann.action, ann.status) == (
        "ann@other.example",
        Action.RELAYED,
        "2.1.5",
    )
    assert (bob.final_recipient.address, bob.action) == ("bob@other.example", Action.FAILED)
    # RFC 3461 §6.3 (h), (i).
    assert ann.remote_mta is not None
    assert ann.diagnostic is not None
    assert (ann.remote_mta.name, ann.diagnostic.text) == ("mx.other.example", "250 2.1.5 ok")
    said = parse_dsn(relayed).text
    assert "handed over to the mail server of ann@other.example" in said
    assert Headers(relayed).text("subject") == "Mail handed over"


async def test_a_notification_repeats_what_its_sender_gave(
    bounces: Bounces, store: Store, message: Callable[..., QueuedMessage], content: Path
) -> None:
    """RFC 3461 §6.3 (a), (d); RFC 4865."""
    orcpt = RecipientAddress("rfc822", "Bob+X@a.example")
    failing = asking(message("bob@other.example"), "FAILURE", orcpt=orcpt)
    failing = replace(failing, envid="QQ 314159", future_release="for;60")
    await bounces.finished(failing, attempted(failing, REFUSED), content)
    [(_, octets)] = filed(store.account("mox"))
    status = parse_dsn(octets).status
    assert (status.original_envelope_id, status.future_release_request) == ("QQ 314159", "for;60")
    assert status.recipients[0].original_recipient == orcpt


@pytest.mark.parametrize(
    ("ret", "result", "size", "is_whole"),
    [
        (None, REFUSED, 1000, False),
        (Ret.HDRS, REFUSED, 1000, False),
        (Ret.FULL, REFUSED, 1 << 20, True),
        (Ret.FULL, REFUSED, (1 << 20) + 1, False),
        (Ret.FULL, OK, 1000, False),
    ],
)
async def test_how_much_of_the_message_comes_back(
    bounces: Bounces,
    store: Store,
    message: Callable[..., QueuedMessage],
    content: Path,
    ret: Ret | None,
    result: Result,
    size: int,
    is_whole: bool,
) -> None:
    """RFC 3461 §4.3, §6.2: all of it only with RET=FULL, of failures, up to a size."""
    octets = CONTENT
    octets += (b"x" * 70 + b"\r\n") * ((size - len(PREFIX + octets) - 2) // 72)
    octets += b"x" * (size - len(PREFIX + octets) - 2) + b"\r\n"
    await asyncio.to_thread(content.write_bytes, octets)
    sent = replace(asking(message("bob@other.example"), "SUCCESS,FAILURE"), ret=ret, size=size)
    await bounces.finished(sent, attempted(sent, result), content)
    [(_, notification)] = filed(store.account("mox"))
    found = parse_dsn(notification)
    assert found.is_header_only is not is_whole
    header, _, _ = (PREFIX + octets).partition(b"\r\n\r\n")
    assert found.original == (PREFIX + octets if is_whole else header + b"\r\n")
