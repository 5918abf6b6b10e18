"""The whole server in this process: mail in over SMTP, out over IMAP, and to itself through the queue."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from mox.app import ADDRESS, PASSWORD
from mox.listen import BindError
from mox.queue import RetryPlan
from moxkit.dsn import Action, parse_dsn
from moxkit.imap import OutgoingMessage
from moxkit.net import client_context
from moxkit.sasl import Mechanism, client_exchange
from moxkit.smtp import MailFrom, Notify, RcptTo, RecipientAddress, Ret, parse_path
from moxkit.smtpclient import SmtpClient, SmtpError
from moxkit.testing import FakeClock
from room.app.servers import LocalServer, local_server

CONTENT = (
    b"From: mox@localhost\r\nTo: you@else.example\r\nSubject: note\r\n"
    b"Date: Tue, 01 Jan 2030 00:00:00 +0000\r\nMessage-ID: <1@localhost>\r\n\r\n.dot\r\n"
)


@pytest.fixture
async def local(tmp_path: Path, clock: FakeClock) -> AsyncIterator[LocalServer]:
    async with asyncio.timeout(20), local_server(tmp_path / "local", clock) as started:
        yield started


async def sign_in(client: SmtpClient) -> None:
    await client.start_tls(client_context(), hostname="localhost")
    exchange = client_exchange(Mechanism.SCRAM_SHA_256, username=ADDRESS, password=PASSWORD)
    await client.authenticate(Mechanism.SCRAM_SHA_256, exchange)


async def submit(local: LocalServer, *recipients: str) -> list[int]:
    async with await local.smtp(587) as client:
        await sign_in(client)
        paths = [parse_path(recipient) for recipient in recipients]
        return [r.code for r in await client.deliver(MailFrom(parse_path(ADDRESS)), paths, [CONTENT])]


async def test_mail_to_anybody_comes_in_by_smtp_and_out_by_imap(local: LocalServer) -> None:
    replies = await local.deliver(CONTENT, "alice@mox.example", "mox@localhost")
    assert [reply.code for reply in replies] == [250, 250]
    [first, *_] = await local.inbox(2)
    assert first.endswith(CONTENT)
    assert b"\r\nReceived: from client.example " in b"\r\n" + first


async def test_submitted_mail_comes_back_through_the_queue(local: LocalServer) -> None:
    assert await submit(local, "you@else.example") == [250]
    [message] = await local.inbox(1)
    assert message.endswith(b"\r\n\r\n.dot\r\n")
    # Once handed in, once delivered.
    assert message.count(b"Received: from ") == 2
    assert await local.queued(0) == []


async def test_submission_needs_a_sign_in(local: LocalServer) -> None:
    async with await local.smtp(587) as client:
        with pytest.raises(SmtpError, match="MAIL: 530"):
            await client.deliver(MailFrom(parse_path(ADDRESS)), [parse_path("you@else.example")], [CONTENT])


async def test_special_recipients_fail_on_purpose(local: LocalServer) -> None:
    # One that fails on delivery has the reply of the whole message: each is alone.
    for recipient, code in (("rcptto-550@else.example", 550), ("x452@else.example", 452)):
        assert [reply.code for reply in await local.deliver(CONTENT, recipient)] == [code]
    assert await submit(local, "x-permerror@else.example") == [550]
    assert await local.inbox(0) == []


async def test_a_special_recipient_of_the_queue_fails_on_delivery(local: LocalServer) -> None:
    assert await submit(local, "queue-temperror@else.example") == [250]
    [entry] = await local.queued(1)
    assert entry["recipient"] == "queue-temperror@else.example"
    assert "451" in str(entry["error"]) or "temporary error" in str(entry["error"])


async def test_appended_mail_is_in_the_store(local: LocalServer) -> None:
    async with await local.imap() as client:
        await client.append("INBOX", OutgoingMessage(CONTENT, ("\\Seen",)))
    assert await local.inbox(1) == [CONTENT]


async def test_two_servers_live_in_one_process(local: LocalServer, tmp_path: Path, clock: FakeClock) -> None:
    async with local_server(tmp_path / "other", clock) as other:
        await local.deliver(CONTENT, "a@else.example")
        await other.deliver(CONTENT.replace(b"note", b"other"), "b@else.example")
        [[mine], [theirs]] = [await local.inbox(1), await other.inbox(1)]
    assert b"Subject: note" in mine
    assert b"Subject: other" in theirs


async def test_a_port_in_use_is_told_and_the_server_ends(local: LocalServer, tmp_path: Path) -> None:
    with pytest.raises(BindError, match=str(25 + local.offset)):
        async with local_server(tmp_path / "other", FakeClock(), offset=local.offset):
            pytest.fail("two servers have one port")
    # The first one goes on.
    assert await local.inbox(0) == []


async def test_it_serves_until_asked_to_end_whoever_is_connected(local: LocalServer, tmp_path: Path) -> None:
    async with local_server(tmp_path / "other", FakeClock()) as other:
        reader, sender = await other.imap(), await other.smtp()
        assert not other.server.shutdown.is_asked
    with pytest.raises(ConnectionError):
        await other.smtp()
    await reader.logout()
    await sender.quit()
    assert await local.inbox(0) == []


async def test_a_sender_hears_of_what_was_asked_for(local: LocalServer) -> None:
    """RFC 3461 §5.2.3, §5.2.6: DSN from the command of a submission to the Inbox."""
    asked = frozenset({Notify.SUCCESS, Notify.FAILURE})
    recipients = [
        RcptTo(parse_path("you@else.example"), asked, RecipientAddress("rfc822", "You@else.example")),
        RcptTo(parse_path("queue-550@else.example"), asked),
        RcptTo(parse_path("queue-551@else.example"), frozenset({Notify.NEVER})),
    ]
    async with await local.smtp(587) as client:
        await sign_in(client)
        assert "DSN" in client.extensions
        sender = MailFrom(parse_path(ADDRESS), ret=Ret.FULL, envid="x 1")
        await client.deliver(sender, recipients, [CONTENT])
    told = [parse_dsn(octets) for octets in await local.inbox(3) if b"multipart/report" in octets]
    assert await local.queued(0) == []
    assert {each.status.original_envelope_id for each in told} == {"x 1"}
    found = {each.status.recipients[0].action: each for each in told}
    assert found.keys() == {Action.DELIVERED, Action.FAILED}
    [delivered] = found[Action.DELIVERED].status.recipients
    assert (delivered.status[0], delivered.original_recipient) == ("2", recipients[0].orcpt)
    # All of the message for a failure, its header otherwise.
    assert found[Action.FAILED].original.endswith(CONTENT)
    assert found[Action.DELIVERED].is_header_only


async def test_the_queue_is_as_patient_as_the_configuration_says(tmp_path: Path, clock: FakeClock) -> None:
    # What the configuration says by itself is what the queue does by itself.
    async with local_server(tmp_path / "usual", clock) as usual:
        assert usual.server.queue._plan == RetryPlan()
        assert (usual.server.queue._concurrency, usual.server.queue._concurrency_per_domain) == (100, 20)
    text = '[Queue]\nMaxDeliveries = 7\nMaxDeliveriesPerDomain = 3\nGiveUpAfter = "1h"\n'
    async with local_server(tmp_path / "hasty", clock, more=text) as hasty:
        assert hasty.server.queue._plan == RetryPlan(give_up_after=timedelta(hours=1))
        assert (hasty.server.queue._concurrency, hasty.server.queue._concurrency_per_domain) == (7, 3)
