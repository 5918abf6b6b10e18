"""What comes back to unique return paths (RFC 3464)."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from mox.queue import NewMessage, NewRecipient, Queue, Retry, ReturnedMail, ReturnEvent, from_id_of
from mox.queue.returned import _read
from mox.store import Store
from moxkit.dsn import (
    Action,
    DeliveryStatus,
    Diagnostic,
    MtaName,
    Notification,
    Recipient,
    RecipientAddress,
    compose_dsn,
)
from moxkit.message import Address
from moxkit.testing import FakeClock
from room.queue.remote import Remote, put, work

FAILED = Recipient(
    final_recipient=RecipientAddress("rfc822", "x@x.example"),
    action=Action.FAILED,
    status="5.1.1",
    diagnostic=Diagnostic("550 5.1.1 no such user"),
)


def notification(*recipients: Recipient) -> bytes:
    status = DeliveryStatus(reporting_mta=MtaName("mx.x.example"), recipients=recipients)
    return compose_dsn(
        Notification("Sorry.", status),
        author=Address("", "postmaster", "x.example"),
        recipient=Address("", "mox+id1", "mox.example"),
        subject="failed",
        now=FakeClock().now(),
        message_id="1@x.example",
    )


async def send(
    queue: Queue, store: Store, clock: FakeClock, *, from_id: str = "id1", account: str = "mox"
) -> None:
    recipients = (NewRecipient("x@x.example"),)
    new = NewMessage(account, f"mox+{from_id}@mox.example", recipients, b"", False, False)
    await put(queue, store, replace(new, from_id=from_id, message_id="<m@mox>", subject="hello"))
    await work(queue, clock, lambda: not queue.entries())


async def test_a_notification_of_failure(queue: Queue, store: Store, clock: FakeClock) -> None:
    await send(queue, store, clock)
    clock.jump(60)
    found = await queue.returned.note("mox", "id1", notification(FAILED))
    assert found is not None
    assert (found.event, found.entry_id, found.queue_message_id) == (ReturnEvent.FAILED, 1, 1)
    assert (found.recipient, found.message_id, found.subject) == ("x@x.example", "<m@mox>", "hello")
    assert (found.code, found.enhanced, found.is_suppressing) == (550, "5.1.1", True)
    [retired] = queue.steering.retired()
    assert (retired["is_delivered"], retired["last_activity_at"]) == (False, int(clock.now().timestamp()))
    attempts = retired["attempts"]
    assert isinstance(attempts, list)
    assert attempts[1:] == [
        {
            "at": int(clock.now().timestamp()),
            "result": "failed",
            "code": 550,
            "enhanced": "5.1.1",
            "text": "notification came back: 550 5.1.1 no such user",
        }
    ]
    [listed] = queue.suppressions.list_("mox")
    assert listed.reason == "delivery failed: 550 5.1.1 notification came back: 550 5.1.1 no such user"
    # Told again, it changes nothing more.
    again = await queue.returned.note("mox", "id1", notification(FAILED))
    assert again is not None
    assert not again.is_suppressing


@pytest.mark.parametrize("action", list(Action))
async def test_each_action_is_an_event(queue: Queue, store: Store, clock: FakeClock, action: Action) -> None:
    await send(queue, store, clock)
    recipient = replace(FAILED, action=action, status="2.0.0", status_comment="so be it", diagnostic=None)
    found = await queue.returned.note("mox", "id1", notification(recipient))
    assert found is not None
    assert (found.event.value, found.code, found.enhanced) == (action.value, None, "2.0.0")
    assert found.text == "notification came back: so be it"
    [retired] = queue.steering.retired()
    assert retired["is_delivered"] is (action is not Action.FAILED)
    assert queue.suppressions.list_() == []


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"Subject: out of office\r\n\r\nback on monday\r\n", "mail came back that is no notification"),
        (notification(FAILED, FAILED), "mail came back that is no notification"),
        (b"", "mail came back that is no notification"),
    ],
)
async def test_what_is_no_notification_of_one(
    queue: Queue, store: Store, clock: FakeClock, octets: bytes, text: str
) -> None:
    await send(queue, store, clock)
    found = await queue.returned.note("mox", "id1", octets)
    assert found is not None
    assert (found.event, found.text, found.code) == (ReturnEvent.UNRECOGNIZED, text, None)
    [retired] = queue.steering.retired()
    assert retired["is_delivered"] is True
    assert queue.suppressions.list_() == []


@pytest.mark.parametrize(
    ("status", "diagnostic", "times", "is_listed"),
    [
        ("5.1.1", None, 1, True),
        ("5.0.0", None, 1, False),
        ("5.7.0", Diagnostic("554 5.7.0 spam"), 2, False),
        ("5.7.0", Diagnostic("554 5.7.0 spam"), 3, True),
        ("4.4.7", None, 3, False),
        ("5.7.26", Diagnostic("550 5.7.26 unsigned"), 1, False),
    ],
)
async def test_who_is_written_to_no_more(
    queue: Queue,
    store: Store,
    clock: FakeClock,
    status: str,
    diagnostic: Diagnostic | None,
    times: int,
    is_listed: bool,
) -> None:
    for number in range(times):
        await send(queue, store, clock, from_id=str(number))
    for number in range(times):
        clock.jump(60)
        recipient = replace(FAILED, status=status, diagnostic=diagnostic)
        found = await queue.returned.note("mox", str(number), notification(recipient))
        assert found is not None
        assert found.is_suppressing is (is_listed and number == times - 1)


async def test_whom_it_is_not_about(queue: Queue, store: Store, clock: FakeClock) -> None:
    await send(queue, store, clock)
    for account, from_id in [("other", "id1"), ("mox", "id2"), ("mox", "")]:
        assert await queue.returned.note(account, from_id, notification(FAILED)) is None
    # Whoever has the return path says something of its own recipient only.
    other = replace(FAILED, final_recipient=RecipientAddress("rfc822", "victim@y.example"))
    await queue.returned.note("mox", "id1", notification(other))
    assert [listed.address for listed in queue.suppressions.list_()] == ["x@x.example"]


async def test_a_message_that_still_waits(
    queue: Queue, store: Store, clock: FakeClock, remote: Remote
) -> None:
    remote.answer = lambda _m, _e: Retry(451, "4.0.0", "later")
    new = NewMessage("mox", "mox+w@mox.example", (NewRecipient("x@x.example"),), b"", False, False)
    await put(queue, store, replace(new, from_id="w"))
    await work(queue, clock, lambda: len(remote.seen) == 1)
    found = await queue.returned.note("mox", "w", notification(replace(FAILED, action=Action.DELAYED)))
    assert found is not None
    assert found.event is ReturnEvent.DELAYED
    assert [entry["error"] for entry in queue.entries()] == [found.text]


async def test_loops_fill_no_disk(queue: Queue, store: Store, clock: FakeClock) -> None:
    await send(queue, store, clock)
    found = [await queue.returned.note("mox", "id1", b"Subject: again\r\n\r\n") for _ in range(101)]
    assert found[98] is not None
    assert found[99:] == [None, None]


async def test_localserve_suppresses_nobody(queue: Queue, store: Store, clock: FakeClock) -> None:
    await send(queue, store, clock)
    returned = ReturnedMail(writer=queue._writer, reader=queue._reader, clock=clock, suppresses=False)
    found = await returned.note("mox", "id1", notification(FAILED))
    assert found is not None
    assert not found.is_suppressing
    assert queue.suppressions.list_() == []


@pytest.mark.parametrize(
    ("path", "separator", "from_id"),
    [
        ("mox+AbC-_9@mox.example", "+", "AbC-_9"),
        ("mox+a+b@mox.example", "+", "a+b"),
        ('"mox+a b"@mox.example', "+", "a b"),
        ("mox@mox.example", "+", ""),
        ("+id@mox.example", "+", ""),
        ("mox+@mox.example", "+", ""),
        ("mox+id@mox.example", "", ""),
        ("mox-id@mox.example", "-", "id"),
        ("", "+", ""),
        ("no path", "+", ""),
    ],
)
def test_what_makes_a_return_path_unique(path: str, separator: str, from_id: str) -> None:
    assert from_id_of(path, separator) == from_id


@given(noise=st.binary(max_size=200))
def test_noise_is_read(noise: bytes) -> None:
    whole = notification(FAILED)
    for octets in (noise, whole + noise, whole.replace(b"5.1.1", noise), whole.replace(b"Sorry", noise)):
        report = _read(octets)
        assert report.text.isprintable()
        assert len(report.text) < 600


def test_a_large_message_is_read_soon() -> None:
    large = notification(FAILED).replace(b"Sorry.", b"Sorry. " * 200_000)
    before = time.perf_counter()
    assert _read(large).event is ReturnEvent.FAILED
    assert time.perf_counter() - before < 2
