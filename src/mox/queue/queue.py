"""The queue at work: takes messages in, sleeps until one is due, makes attempts, keeps the score.

Invariant: an entry leaves the database only after its delivery was acknowledged, or it failed for good. A
crash between the acknowledgement and the COMMIT delivers twice; that is the one doubling SMTP cannot avoid
(RFC 1047).
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from mox.database import Connection, GroupWriter, Migrations, Transaction, open_database, open_reader
from mox.queue.entries import (
    claim,
    highest_message_id,
    insert_message,
    list_entries,
    record,
    set_told_late,
    skip_message_ids,
)
from mox.queue.message import Attempted, NewMessage, QueuedMessage
from mox.queue.outcome import Delivered, Failed, Result, Retry
from mox.queue.plan import RetryPlan, is_late, next_attempt
from mox.queue.returned import ReturnedMail
from mox.queue.selection import due_groups, next_due_at
from mox.queue.sendlimits import SendLimits, count_sent
from mox.queue.steering import Steering
from mox.queue.suppression import Suppressions, find_suppressed, note_refusals
from mox.runtime import Clock, FileRemover, Tasks, remove_file, sync_directory
from mox.store import Content, MessageFiles

__all__ = ["Deliverer", "DeliveryListener", "Queue"]

logger = logging.getLogger(__name__)

_MIGRATIONS = Migrations("mox.queue", "schema")
_NOTHING_DUE_S = 3600.0
# While nothing can be written: somebody has to make room on the disk.
_PAUSE_S = 10.0


class Deliverer(Protocol):
    """Makes one delivery."""

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        """Send a message to its recipients; return a result by entry id.

        Trouble of any kind is a result; an exception is a bug, and counts as a reason to try again.
        """
        ...


class DeliveryListener(Protocol):
    """Hears what became of messages."""

    async def finished(self, message: QueuedMessage, attempted: Sequence[Attempted], content: Path) -> None:
        """Take note that these recipients were delivered to or have failed, before their entries go."""
        ...

    async def delayed(
        self, message: QueuedMessage, attempted: Sequence[Attempted], content: Path, gives_up_at: datetime
    ) -> None:
        """Take note that these have been tried for long, and still are; told once."""
        ...


class Queue:
    """The outgoing queue of a server; on the loop's thread.

    Attributes:
        steering: What people see and change of it.
        suppressions: Addresses that accounts send nothing to.
        returned: Takes note of mail that comes back.
    """

    def __init__(
        self,
        *,
        directory: Path,
        clock: Clock,
        pool: Executor,
        deliverer: Deliverer,
        listeners: Sequence[DeliveryListener] = (),
        plan: RetryPlan = RetryPlan(),  # noqa: B008  frozen
        concurrency: int = 100,
        concurrency_per_domain: int = 20,
        keep_retired: Callable[[str], timedelta] = lambda _account: timedelta(),
        suppresses: bool = True,
        is_shared: bool = False,
        tell_others: Callable[[], None] = lambda: None,
    ) -> None:
        """Open `queue/` below the data directory, creating it if need be; blocking.

        Args:
            directory: The data directory.
            clock: For all times.
            pool: For blocking work.
            deliverer: Makes deliveries.
            listeners: Hear of results.
            plan: When to try again.
            concurrency: At most so many deliveries at once.
            concurrency_per_domain: And so many to one destination domain.
            keep_retired: How long an account's entries are remembered; called in any thread.
            suppresses: Addresses that refuse for good are sent nothing any more.
            is_shared: Other processes add messages, too; one of all makes deliveries.
            tell_others: Called when a message was added; the one is to `wake`.
        """
        root = directory / "queue"
        if not root.exists():
            root.mkdir(mode=0o770, parents=True, exist_ok=True)
            sync_directory(directory)
        self._writing = open_database(root / "index.db", _MIGRATIONS)
        self._reader = open_reader(root / "index.db")
        self._writer = GroupWriter(self._writing, pool, is_shared=is_shared)
        self._files = MessageFiles(root / "msg")
        self._remover = FileRemover(pool)
        self._files.root.mkdir(mode=0o770, exist_ok=True)
        with self._writer.turn, self._writing.writing():
            # After a crash, or a restored database, a file may lie where the next message would.
            self._skip_used_ids(self._writing)
        self._is_shared = is_shared
        self._tell_others = tell_others
        self._clock = clock
        self._deliverer = deliverer
        self._listeners = tuple(listeners)
        self._plan = plan
        self._concurrency = concurrency
        self._concurrency_per_domain = concurrency_per_domain
        self._keep_retired = keep_retired
        self._suppresses = suppresses
        self.suppressions = Suppressions(writer=self._writer, reader=self._reader, clock=clock)
        self.returned = ReturnedMail(
            writer=self._writer, reader=self._reader, clock=clock, suppresses=suppresses
        )
        self._tasks = Tasks()
        self._active = Counter[str]()
        self._in_progress: set[int] = set()
        self._wakeup = asyncio.Event()
        self._paused_until = 0.0
        self.steering = Steering(
            writer=self._writer,
            reader=self._reader,
            files=self._files,
            clock=clock,
            under_way=self._in_progress,
            conclude=self._finish,
            wake=self._wakeup.set,
            keep_retired=keep_retired,
        )

    async def add(self, new: NewMessage, content: Content) -> int:
        """Put a message on stable storage and in the queue; return its id."""
        [id_] = await self.add_all([new], content)
        return id_

    async def add_all(
        self, messages: Sequence[NewMessage], content: Content, *, limits: SendLimits | None = None
    ) -> list[int]:
        """Put messages with one content on stable storage and in the queue, all or none; return their ids.

        Args:
            messages: Of one account, at least one.
            content: What goes behind the prefix of each.
            limits: Of what the account may send.

        Raises:
            SendLimitError: That would be more.
            FromIdTakenError: A unique return path is another message's.
        """
        now, account = self._now(), messages[0].account
        recipients = {each.path.lower() for new in messages for each in new.recipients}

        def insert(transaction: Transaction) -> list[int]:
            count_sent(transaction.connection, account, recipients, limits, now=now)
            return [self._insert(transaction, new, content, now) for new in messages]

        ids = await self._writer.run(insert)
        for id_, new in zip(ids, messages, strict=True):
            extra = {"account": account, "recipients": len(new.recipients), "size": content.size}
            logger.info("message queued", extra={"queueid": id_, **extra})
        self.wake()
        self._tell_others()
        return ids

    def wake(self) -> None:
        """Look for what is due now: something was added."""
        self._wakeup.set()

    def _skip_used_ids(self, connection: Connection) -> None:
        skip_message_ids(connection, self._files.highest_id(highest_message_id(connection)))

    def _insert(self, transaction: Transaction, new: NewMessage, content: Content, now: int) -> int:
        connection = transaction.connection
        if self._is_shared and self._files.exists(highest_message_id(connection) + 1):
            # Another process died between link and COMMIT.
            self._skip_used_ids(connection)
        id_ = insert_message(transaction.connection, new, content_size=content.size, now=now)
        target = self._files.path(id_)
        transaction.on_rollback(lambda: remove_file(target))
        transaction.sync_directory(self._files.link(content.path, id_))
        return id_

    def entries(self) -> list[dict[str, object]]:
        """Return all entries, soonest first."""
        return list_entries(self._reader)

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            self._wakeup.clear()
            if (pause_s := self._paused_until - self._clock.monotonic()) > 0:
                await self._clock.sleep(pause_s)
            self._start_due()
            await self._sleep(self._wait_s())

    def _wait_s(self) -> float:
        """Return how long there is nothing to start, as far as is known."""
        if len(self._tasks) >= self._concurrency:
            return _NOTHING_DUE_S
        full = [domain for domain, count in self._active.items() if count >= self._concurrency_per_domain]
        due_at = next_due_at(self._reader, without=full)
        wait_s = _NOTHING_DUE_S if due_at is None else max(0.0, due_at - self._now())
        # What is under way still looks due until its attempt was counted; its end wakes us.
        return max(wait_s, 1.0) if self._in_progress else wait_s

    async def _sleep(self, seconds: float) -> None:
        woken = asyncio.ensure_future(self._wakeup.wait())
        slept = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait((woken, slept), return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            slept.cancel()

    def _start_due(self) -> None:
        chosen = due_groups(
            self._reader,
            now=self._now(),
            room=self._concurrency - len(self._tasks),
            per_domain=self._concurrency_per_domain,
            active=dict(self._active),
            under_way=self._in_progress,
        )
        for message in chosen:
            self._in_progress.update(entry.id for entry in message.entries)
            self._active[message.domain] += 1
            self._tasks.spawn(self._attempt(message), f"queue attempt {message.id}")

    async def _attempt(self, message: QueuedMessage) -> None:
        try:
            await self._try(message)
        finally:
            self._in_progress.difference_update(entry.id for entry in message.entries)
            self._active[message.domain] -= 1
            if not self._active[message.domain]:
                del self._active[message.domain]
            self._wakeup.set()

    async def _try(self, message: QueuedMessage) -> None:
        now = self._clock.now()
        attempts = 1 + max(entry.attempts for entry in message.entries)
        next_at = next_attempt(self._plan, attempts=attempts, since=message.patience_from, now=now)
        # If the program dies in the middle: try again later, even where it would give up.
        due_at = next_at or now + self._plan.longest
        try:
            claimed = await self._writer.run(
                lambda tx: claim(
                    tx.connection, message.entries, due_at=int(due_at.timestamp()), now=int(now.timestamp())
                )
            )
        except OSError as error:
            self._pause(str(error))
            return
        entries = tuple(entry for entry in message.entries if entry.id in claimed)
        if not entries:
            return
        results = await self._deliver(replace(message, entries=entries))
        attempted = [
            Attempted(entry, self._final(message, results.get(entry.id), is_last=next_at is None))
            for entry in entries
        ]
        for each in attempted:
            _log(message, each)
        await self._finish(message, attempted, insists=True)
        if next_at is not None:
            await self._tell_late(message, attempted, next_at)

    def _pause(self, reason: str) -> None:
        """Begin nothing for a while: what cannot be written down is still due, and would be at once again."""
        self._paused_until = self._clock.monotonic() + _PAUSE_S
        logger.error("queue cannot be written, deliveries pause", extra={"reason": reason})

    async def _deliver(self, message: QueuedMessage) -> dict[int, Result]:
        """Deliver to those that mail is sent to; return a result by entry id, for most."""
        results = self._suppressed(message)
        entries = tuple(entry for entry in message.entries if entry.id not in results)
        if entries:
            wanted = replace(message, entries=entries)
            try:
                results |= await self._deliverer.deliver(wanted, self._files.path(message.id))
            except Exception:
                logger.exception("delivery crashed", extra={"queueid": message.id})
        return results

    def _suppressed(self, message: QueuedMessage) -> dict[int, Result]:
        results: dict[int, Result] = {}
        for entry in message.entries:
            found = find_suppressed(self._reader, message.account, entry.recipient)
            if found is not None:
                since = f"{found.added_at:%Y-%m-%d}"
                text = f"address is on the account's suppression list since {since}: {found.reason}"
                results[entry.id] = Failed(None, "5.7.1", text)
        return results

    def _final(self, message: QueuedMessage, result: Result | None, *, is_last: bool) -> Result:
        if result is None:
            result = Retry(None, "4.3.0", "internal error, see the log")
        if not isinstance(result, Retry) or not is_last:
            return result
        waited = timedelta(seconds=int((self._clock.now() - message.patience_from).total_seconds()))
        # RFC 3463 §3.5: of a delivery time that expired; a code that was told stays told.
        return Failed(result.code, result.enhanced, f"gave up after {waited}: {result.text}", result.host)

    async def _finish(
        self, message: QueuedMessage, attempted: Sequence[Attempted], *, insists: bool = False
    ) -> bool:
        """Tell of what is final, write all; return whether those who must hear of it could be told.

        Who insists writes however long that takes: else what was delivered goes out again.
        """
        final = [each for each in attempted if not isinstance(each.result, Retry)]
        is_told = not final or await self._tell(message, final)
        if not is_told:
            # What was delivered must go, or it is delivered again. Failures that nobody could be told of
            # stay until their next attempt, so that no message is lost in silence.
            attempted = [each for each in attempted if not isinstance(each.result, Failed)]
        now, keep = self._now(), self._keep_retired(message.account)

        def write(transaction: Transaction) -> bool:
            if self._suppresses:
                note_refusals(transaction.connection, message.account, attempted, now=now)
            return record(transaction.connection, message.id, attempted, now=now, keep=keep)

        is_last = await (self._insist(write) if insists else self._writer.run(write))
        if is_last:
            self._remover.remove(self._files.name(message.id))
        return is_told

    async def _insist(self, write: Callable[[Transaction], bool]) -> bool:
        while True:
            try:
                return await self._writer.run(write)
            except OSError as error:
                reason = str(error)
            logger.error("result cannot be written to the queue yet", extra={"reason": reason})
            await self._clock.sleep(_PAUSE_S)

    async def _tell(self, message: QueuedMessage, attempted: Sequence[Attempted]) -> bool:
        """Tell the listeners; return whether all of them heard."""
        for listener in self._listeners:
            try:
                await listener.finished(message, attempted, self._files.path(message.id))
            except Exception:
                logger.exception("listener of deliveries crashed", extra={"queueid": message.id})
                return False
        return True

    async def _tell_late(
        self, message: QueuedMessage, attempted: Sequence[Attempted], next_at: datetime
    ) -> None:
        if not is_late(self._plan, since=message.patience_from, next_at=next_at):
            return
        late = [each for each in attempted if isinstance(each.result, Retry) and not each.entry.is_told_late]
        if not late:
            return
        gives_up_at = message.patience_from + self._plan.give_up_after
        for listener in self._listeners:
            try:
                await listener.delayed(message, late, self._files.path(message.id), gives_up_at)
            except Exception:
                logger.exception("listener of deliveries crashed", extra={"queueid": message.id})
                return  # Told after the next attempt.
        await self._writer.run(lambda tx: set_told_late(tx.connection, [each.entry for each in late]))

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    async def close(self) -> None:
        """Stop attempts, finish writing, close."""
        await self._tasks.close()
        await self._writer.run(lambda _: None)
        self._reader.close()
        self._writer.close()


def _log(message: QueuedMessage, attempted: Attempted) -> None:
    result = attempted.result
    log = logger.info if isinstance(result, Delivered) else logger.warning
    log(
        "delivery attempt",
        extra={
            "queueid": message.id,
            "recipient": attempted.entry.recipient,
            "result": type(result).__name__.lower(),
            "code": result.code,
            "text": result.text,
            "host": result.host,
        },
    )
