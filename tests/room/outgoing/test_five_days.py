"""Five days of a host that is busy, in a moment: attempts, the notice of the delay, the failure."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from kit.smtpclient.mailhost import Server, running
from mox.outgoing import DirectDelivery, StsPolicies
from mox.queue import Bounces, NewMessage, NewRecipient, Queue
from mox.store import Store, list_messages, read_message
from moxkit.dsn import Action, parse_dsn
from moxkit.https import HttpsError, Response, Stage
from moxkit.testing import FakeClock, FakeResolver

ZONE = "other.example MX 10 mx.mox.example\nmx.mox.example A 127.0.0.1"
CONTENT = b"From: me@mox.example\r\nSubject: lunch\r\n\r\nAt noon?\r\n"


async def nowhere(url: str, *, max_octets: int) -> Response:
    raise HttpsError(Stage.CONNECT, url)


async def test_the_sender_hears_of_the_delay_and_of_the_end(
    tmp_path: Path, store: Store, clock: FakeClock, pool: ThreadPoolExecutor
) -> None:
    server = Server(answers={"busy": b"451 4.3.2 try later\r\n"})
    resolver = FakeResolver(ZONE)
    policies = StsPolicies(directory=tmp_path, clock=clock, pool=pool, resolver=resolver, get=nowhere)
    bounces = Bounces(
        store=store,
        clock=clock,
        hostname="mail.mox.example",
        exists=lambda name: name == "mox",
        postmaster=("mox", "Inbox"),
    )
    async with running(server) as dialer:
        deliverer = DirectDelivery(resolver=resolver, policies=policies, dialer=dialer)
        queue = Queue(directory=tmp_path, clock=clock, pool=pool, deliverer=deliverer, listeners=[bounces])
        spool = store.spools.new()
        spool.write(CONTENT)
        content, _ = await store.prepare(spool)
        recipients = ("busy@other.example", "free@other.example")
        await queue.add(
            NewMessage("mox", "me@mox.example", tuple(map(NewRecipient, recipients)), b"", False, False),
            content,
        )
        spool.discard()
        queued_at = clock.now()
        running_queue = asyncio.ensure_future(queue.run())
        attempts: list[timedelta] = []
        async with asyncio.timeout(60):
            while entries := queue.entries():
                made = sum(command == "RCPT TO:<busy@other.example>" for command in server.commands)
                if made > len(attempts) and not queue._in_progress:
                    attempts.append(clock.now() - queued_at)
                    await clock.advance(_seconds_until(clock, entries))
                await asyncio.sleep(0.001)
        running_queue.cancel()
        await queue.close()
    await policies.close()
    assert server.taken == [CONTENT]
    assert attempts[:4] == [timedelta(minutes=each) for each in (0, 7.5, 22.5, 52.5)]
    assert timedelta(days=4.5) < attempts[-1] < timedelta(days=5)
    account = store.account("mox")
    read = [read_message(account, each.id) for each in list_messages(account.reader)]
    failed, delayed = (parse_dsn(each[1]).status.recipients for each in read if each is not None)
    assert [each.action for each in delayed] == [Action.DELAYED]
    assert delayed[0].will_retry_until == queued_at.replace(microsecond=0) + timedelta(days=5)
    assert [(each.action, each.final_recipient.address) for each in failed] == [
        (Action.FAILED, "busy@other.example")
    ]
    assert failed[0].diagnostic is not None
    assert "gave up after 4 days" in failed[0].diagnostic.text
    assert failed[0].diagnostic.smtp_code == 451


def _seconds_until(clock: FakeClock, entries: object) -> float:
    assert isinstance(entries, list)
    return max(0.0, float(entries[0]["due_at"]) - clock.now().timestamp())
