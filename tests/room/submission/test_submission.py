"""Submission: checked, completed, queued."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mox.accounts import Accounts
from mox.config import AccountConfig, ConfigSnapshot, Destination, DomainConfig
from mox.config.testing import make
from mox.delivery import Connection
from mox.queue import NewRecipient, Queue, QueuedMessage, Result, SendLimits
from mox.queue.selection import groups_of
from mox.signing import KeyRing, Signer
from mox.store import Store
from mox.submission import Draft, Queued, Refusal, RefusalKind, Submission
from moxkit.smtp import Notify, RecipientAddress, Ret
from moxkit.testing import FakeClock

AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
CONNECTION = Connection(1, "mail.mox.example", "10.0.0.9", "10.0.0.1", "laptop", True, "TLSv1.3", "AES")
FROM = b"From: Mox <mox@mox.example>\r\n"
CONFIG = make()
WHOLE = FROM + b"Message-ID: <1@laptop>\r\nDate: Wed, 02 Jan 2030 03:04:05 +0000\r\n\r\nbody\r\n"


class Nowhere:
    """Delivers nothing."""

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        return {}


@pytest.fixture
async def queue(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> AsyncIterator[Queue]:
    queue = Queue(directory=tmp_path, clock=clock, pool=pool, deliverer=Nowhere())
    yield queue
    await queue.close()


async def submit(
    store: Store,
    queue: Queue,
    octets: bytes,
    *,
    is_pedantic: bool = False,
    smtputf8: bool = False,
    signer: Signer | None = None,
    config: ConfigSnapshot = CONFIG,
    reverse_path: str = "mox@mox.example",
    limits: SendLimits | None = None,
    recipients: tuple[NewRecipient, ...] = (NewRecipient("a@x.example"), NewRecipient("c@x.example")),
    **wishes: Any,
) -> Queued | Refusal:
    numbers = count()
    submission = Submission(
        store=store,
        queue=queue,
        accounts=Accounts(current=lambda: config),
        signer=signer
        or Signer(current=lambda: config, keys=KeyRing(Path()), clock=FakeClock(), pool=store.pool),
        limits=lambda account: limits if account == "mox" else None,
        is_pedantic=is_pedantic,
        token=lambda n: bytes([next(numbers)]) * n,
    )
    spool = store.spools.new()
    spool.write(octets)
    me = "mox@mox.example"
    draft = Draft(CONNECTION, "mox", me, reverse_path, recipients, spool, AT, smtputf8=smtputf8, **wishes)
    try:
        return await submission.submit(draft)
    finally:
        spool.discard()


def queued(queue: Queue) -> tuple[QueuedMessage, bytes]:
    ids = range(1, 1 + len(queue.entries()))
    [message] = groups_of(queue._reader, ids)
    return message, queue._files.path(message.id).read_bytes()


async def test_a_whole_message_is_queued_as_it_is(store: Store, queue: Queue) -> None:
    assert await submit(store, queue, WHOLE) == Queued((1,), "<1@laptop>")
    message, octets = queued(queue)
    assert octets == WHOLE
    assert [e.recipient for e in message.entries] == ["a@x.example", "c@x.example"]
    assert (message.account, message.reverse_path, message.has_8bit) == ("mox", "mox@mox.example", False)
    assert message.size == len(message.prefix) + len(WHOLE)
    assert message.prefix.startswith(b"Received: from mail.mox.example by mail.mox.example\r\n")
    assert message.prefix.count(b"Message-Id") == message.prefix.count(b"Date:") == 0
    assert b"10.0.0.9" not in message.prefix
    assert (
        b"Authentication-Results: mail.mox.example;\r\n\tauth=pass smtp.mailfrom=mox@mox.example\r\n"
        in message.prefix
    )
    assert b"@x.example" not in message.prefix


async def test_wishes_go_with_the_message(store: Store, queue: Queue) -> None:
    asked = frozenset({Notify.SUCCESS})
    wishes: Any = {"ret": Ret.FULL, "envid": "x 1", "future_release": "for;60"}
    release_at = AT + timedelta(minutes=1)
    recipient = NewRecipient("a@x.example", asked, RecipientAddress("rfc822", "A@x.example"))
    await submit(store, queue, WHOLE, recipients=(recipient,), release_at=release_at, **wishes)
    message, _ = queued(queue)
    assert (message.ret, message.envid, message.future_release) == (Ret.FULL, "x 1", "for;60")
    assert message.release_at == release_at
    assert (message.entries[0].notify, message.entries[0].orcpt) == (asked, recipient.orcpt)


async def test_what_is_missing_is_added(store: Store, queue: Queue) -> None:
    done = await submit(store, queue, FROM + b"\r\nb\xc3\xa9\r\n")
    assert done == Queued((1,), "<AAAAAAAAAAAAAAAAAAAAAA@mail.mox.example>")
    message, _ = queued(queue)
    assert message.prefix.endswith(
        b"Message-Id: <AAAAAAAAAAAAAAAAAAAAAA@mail.mox.example>\r\nDate: Wed, 2 Jan 2030 03:04:05 +0000\r\n"
    )
    assert message.has_8bit


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (b"", RefusalKind.MALFORMED),
        (b"\r\nbody\r\n", RefusalKind.MALFORMED),
        (FROM, RefusalKind.MALFORMED),
        (b"Subject: x\r\n\r\n", RefusalKind.MALFORMED),
        (FROM + FROM + b"\r\n", RefusalKind.MALFORMED),
        (b"From: a@mox.example, mox@mox.example\r\n\r\n", RefusalKind.MALFORMED),
        (b"From: \r\n\r\n", RefusalKind.MALFORMED),
        (FROM + b"X: y\r\n" * 50_000 + b"\r\n", RefusalKind.MALFORMED),
        (b"From: nobody@mox.example\r\n\r\n", RefusalKind.NOT_YOURS),
        (b"From: mox@else.example\r\n\r\n", RefusalKind.NOT_YOURS),
        (b"From: mox@mox.example.else.example\r\n\r\n", RefusalKind.NOT_YOURS),
    ],
)
async def test_refuses(store: Store, queue: Queue, octets: bytes, kind: RefusalKind) -> None:
    done = await submit(store, queue, octets)
    assert isinstance(done, Refusal)
    assert done.kind is kind
    assert queue.entries() == []


async def test_own_addresses_in_any_spelling_are_own(store: Store, queue: Queue) -> None:
    assert isinstance(await submit(store, queue, b"From: <MOX+tag@Mox.Example>\r\n\r\n"), Queued)


async def test_utf8_in_the_header_needs_smtputf8_where_one_is_strict(store: Store, queue: Queue) -> None:
    octets = FROM + "Subject: é\r\n\r\n".encode()
    done = await submit(store, queue, octets, is_pedantic=True, declared_8bit=True)
    assert isinstance(done, Refusal)
    assert done.kind is RefusalKind.NEEDS_SMTPUTF8
    done = await submit(store, queue, octets, is_pedantic=True, smtputf8=True, declared_8bit=True)
    assert isinstance(done, Queued)


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (FROM + "\r\né\r\n".encode(), RefusalKind.NEEDS_8BITMIME),
        (FROM + b"Return-Path: <x@x.example>\r\n\r\n", RefusalKind.MALFORMED),
    ],
)
async def test_strict_servers_take_nothing_sloppy(
    store: Store, queue: Queue, octets: bytes, kind: RefusalKind
) -> None:
    done = await submit(store, queue, octets, is_pedantic=True)
    assert isinstance(done, Refusal)
    assert done.kind is kind
    assert isinstance(await submit(store, queue, octets), Queued)


@pytest.mark.parametrize("size", [10, 600_000])
async def test_nobody_sees_who_got_a_blind_copy(store: Store, queue: Queue, size: int) -> None:
    body = b"\r\nBcc: in the text\r\n" + b"x" * size
    octets = FROM + b"Bcc: c@x.example,\r\n d@x.example\r\nTo: a@x.example\r\nBCC:\r\n" + body
    await submit(store, queue, octets)
    message, kept = queued(queue)
    assert kept == FROM + b"To: a@x.example\r\n" + body
    assert message.size == len(message.prefix) + len(kept)
    assert [e.recipient for e in message.entries] == ["a@x.example", "c@x.example"]
    async with asyncio.timeout(10):
        while list(store.spools._directory.iterdir()):  # noqa: ASYNC110  a thread removes them
            await asyncio.sleep(0.001)


async def test_a_header_with_hundreds_of_recipients(store: Store, queue: Queue) -> None:
    to = b"To: " + b",\r\n ".join(b"recipient%d@x.example" % n for n in range(5000)) + b"\r\n"
    assert isinstance(await submit(store, queue, FROM + to + b"\r\nhello\r\n"), Queued)


@pytest.mark.parametrize(
    ("field", "require_tls", "result"),
    [
        (b"TLS-Required: No\r\n", None, False),
        (b"TLS-Required:  no \r\n", None, False),
        (b"TLS-Required: No\r\n", True, True),
        (b"TLS-Required: Yes\r\n", None, None),
        (b"", None, None),
    ],
)
async def test_tls_required_no(
    store: Store, queue: Queue, field: bytes, require_tls: bool | None, result: bool | None
) -> None:
    await submit(store, queue, FROM + field + b"\r\n", require_tls=require_tls)
    assert queued(queue)[0].require_tls is result


async def test_an_account_that_sent_too_much_is_told(store: Store, queue: Queue) -> None:
    done = await submit(store, queue, WHOLE, limits=SendLimits(1, 1))
    assert done == Refusal(RefusalKind.TOO_MANY, "at most 1 recipients in 24 hours, try again later")
    assert queue.entries() == []


UNIQUE = make(
    domains={"mox.example": DomainConfig(localpart_catchall_separators=("+", "-"))},
    accounts={
        "mox": AccountConfig(
            domain="mox.example",
            destinations={"mox@mox.example": Destination()},
            from_id_login_addresses=("MOX@mox.example",),
        )
    },
)


async def test_each_recipient_has_a_return_path_of_its_own(store: Store, queue: Queue) -> None:
    done = await submit(store, queue, WHOLE, config=UNIQUE)
    assert done == Queued((1, 2), "<1@laptop>")
    entries = queue.entries()
    assert [(entry["from"], entry["recipient"]) for entry in entries] == [
        ("mox+AAAAAAAAAAAAAAAAAAAAAA@mox.example", "a@x.example"),
        ("mox+AQEBAQEBAQEBAQEBAQEBAQ@mox.example", "c@x.example"),
    ]


async def test_an_id_of_ones_own_is_for_one_message(store: Store, queue: Queue) -> None:
    one: Any = {
        "config": UNIQUE,
        "recipients": (NewRecipient("a@x.example"),),
        "reverse_path": "mox+x@mox.example",
    }
    assert isinstance(await submit(store, queue, WHOLE, **one), Queued)
    again = await submit(store, queue, WHOLE, **one)
    assert isinstance(again, Refusal)
    assert again.kind is RefusalKind.SENDER_TAKEN
    two = await submit(store, queue, WHOLE, config=UNIQUE, reverse_path="mox+y@mox.example")
    assert isinstance(two, Refusal)
    assert two.kind is RefusalKind.SEVERAL_RECIPIENTS
    assert [entry["from"] for entry in queue.entries()] == ["mox+x@mox.example"]


async def test_notifications_have_no_return_path(store: Store, queue: Queue) -> None:
    assert await submit(store, queue, WHOLE, config=UNIQUE, reverse_path="") == Queued((1,), "<1@laptop>")
