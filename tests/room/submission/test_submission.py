"""Submission: checked, completed, queued."""

from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mox.accounts import Accounts
from mox.config.testing import make
from mox.delivery import Connection
from mox.queue import NewRecipient, Queue, QueuedMessage, Result
from mox.queue.selection import groups_of
from mox.signing import KeyRing, Signer
from mox.store import Store
from mox.submission import Draft, Queued, Refusal, RefusalKind, Submission
from moxkit.smtp import Notify, RecipientAddress, Ret
from moxkit.testing import FakeClock

AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
CONNECTION = Connection(1, "mail.mox.example", "10.0.0.9", "10.0.0.1", "laptop", True, "TLSv1.3", "AES")
FROM = b"From: Mox <mox@mox.example>\r\n"
WHOLE = (
    FROM
    + b"Message-ID: <1@laptop>\r\nDate: Wed, 02 Jan 2030 03:04:05 +0000\r\nBcc: c@x.example\r\n\r\nbody\r\n"
)


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
    recipients: tuple[NewRecipient, ...] = (NewRecipient("a@x.example"), NewRecipient("c@x.example")),
    **wishes: Any,
) -> Queued | Refusal:
    config = make()
    submission = Submission(
        store=store,
        queue=queue,
        accounts=Accounts(current=lambda: config),
        signer=signer
        or Signer(current=lambda: config, keys=KeyRing(Path()), clock=FakeClock(), pool=store.pool),
        is_pedantic=is_pedantic,
        token=lambda n: b"\x00" * n,
    )
    spool = store.spools.new()
    spool.write(octets)
    me = "mox@mox.example"
    draft = Draft(CONNECTION, "mox", me, me, recipients, spool, AT, smtputf8=smtputf8, **wishes)
    try:
        return await submission.submit(draft)
    finally:
        spool.discard()


def queued(queue: Queue) -> tuple[QueuedMessage, bytes]:
    ids = range(1, 1 + len(queue.entries()))
    [message] = groups_of(queue._reader, ids)
    return message, queue._files.path(message.id).read_bytes()


async def test_a_whole_message_is_queued_as_it_is(store: Store, queue: Queue) -> None:
    assert await submit(store, queue, WHOLE) == Queued(1, "<1@laptop>")
    message, octets = queued(queue)
    # Bcc stays: it is the author's business, and other servers keep it, too.
    assert octets == WHOLE
    assert [e.recipient for e in message.entries] == ["a@x.example", "c@x.example"]
    assert (message.account, message.reverse_path, message.has_8bit) == ("mox", "mox@mox.example", False)
    assert message.size == len(message.prefix) + len(WHOLE)
    assert message.prefix.startswith(b"Received: from mail.mox.example by mail.mox.example\r\n")
    assert message.prefix.count(b"Message-Id") == message.prefix.count(b"Date:") == 0
    assert b"10.0.0.9" not in message.prefix
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
    assert done == Queued(1, "<AAAAAAAAAAAAAAAAAAAAAA@mail.mox.example>")
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
        (FROM + b"X: " + b"y" * 20_000 + b"\r\n\r\n", RefusalKind.MALFORMED),
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
    done = await submit(store, queue, octets, is_pedantic=True)
    assert isinstance(done, Refusal)
    assert done.kind is RefusalKind.NEEDS_SMTPUTF8
    assert isinstance(await submit(store, queue, octets, is_pedantic=True, smtputf8=True), Queued)
