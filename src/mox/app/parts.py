"""The parts that each process of a server has: mail, queue, identities, receiving and submission."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mox.accounts import Accounts, Identities
from mox.app.receiving import Receiving, make_receiving
from mox.app.selfdelivery import SelfDelivery
from mox.app.settings import initial_mailboxes, junk_flag_rules, keep_retired, quota, send_limits
from mox.config import ConfigSource
from mox.observe import LogLevels
from mox.queue import Bounces, Deliverer, Queue, RetryPlan
from mox.runtime import Clock, Notices, Worker
from mox.signing import KeyRing, Signer
from mox.store import Store
from mox.submission import Submission
from moxkit.dns import Resolver

__all__ = ["Parts", "make_parts"]

# Waits for disks, mostly: more than there are processors.
_THREADS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What works on mail, in each process.

    Attributes:
        worker: Which of the processes this is.
        notices: Of the others.
        pools: Threads; they end last.
    """

    source: ConfigSource
    data_dir: Path
    clock: Clock
    levels: LogLevels
    worker: Worker
    notices: Notices
    store: Store
    accounts: Accounts
    identities: Identities
    queue: Queue
    receiving: Receiving
    submission: Submission
    pools: Sequence[ThreadPoolExecutor]

    async def close(self) -> None:
        """Finish what is being written, close."""
        await self.receiving.close()
        await self.queue.close()
        await self.store.close()
        await self.identities.close()
        for pool in self.pools:
            pool.shutdown()


def make_parts(
    *,
    source: ConfigSource,
    data_dir: Path,
    clock: Clock,
    levels: LogLevels,
    worker: Worker,
    notices: Notices,
    local_address: str | None,
    deliverer: Deliverer | None,
    resolver: Resolver,
    enforces: bool,
) -> Parts:
    """Make them; arguments are those of `build`.

    Raises:
        mox.database.DatabaseError: A database cannot be used.
    """
    static = source.current.static
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="worker")
    computing = ThreadPoolExecutor(1, thread_name_prefix="computing")
    store = _store(source, data_dir, clock, pool=pool, computing=computing, worker=worker, notices=notices)
    accounts = Accounts(current=lambda: source.current, fallback=local_address)
    identities = Identities(
        directory=data_dir,
        clock=clock,
        pool=pool,
        addresses=accounts,
        hostname=static.hostname,
        enables_cram_md5=lambda: static.enable_cram_md5,
        # In localserve nobody is limited or slowed down.
        limits=local_address is None,
        is_shared=worker.is_shared,
    )
    queue = _queue(
        source,
        data_dir,
        clock,
        pool,
        store,
        deliverer=deliverer or SelfDelivery(static),
        worker=worker,
        notices=notices,
    )
    receiving = make_receiving(
        source=source,
        data_dir=data_dir,
        clock=clock,
        pool=pool,
        store=store,
        accounts=accounts,
        resolver=resolver,
        returned=queue.returned,
        enforces=enforces,
        is_shared=worker.is_shared,
    )
    submission = Submission(
        store=store,
        queue=queue,
        accounts=accounts,
        signer=Signer(current=lambda: source.current, keys=KeyRing(source.directory), clock=clock, pool=pool),
        limits=lambda name: None if local_address is not None else send_limits(source, name),
        is_pedantic=static.pedantic,
    )
    return Parts(
        source=source,
        data_dir=data_dir,
        clock=clock,
        levels=levels,
        worker=worker,
        notices=notices,
        store=store,
        accounts=accounts,
        identities=identities,
        queue=queue,
        receiving=receiving,
        submission=submission,
        pools=(computing, pool),
    )


def _store(
    source: ConfigSource,
    data_dir: Path,
    clock: Clock,
    *,
    pool: ThreadPoolExecutor,
    computing: ThreadPoolExecutor,
    worker: Worker,
    notices: Notices,
) -> Store:
    return Store(
        directory=data_dir,
        clock=clock,
        pool=pool,
        computing=computing,
        exists=lambda name: name in source.current.accounts,
        quota=lambda name: quota(source, name),
        junk_flag_rules=lambda name: junk_flag_rules(source, name),
        initial_mailboxes=initial_mailboxes(source.current.static.initial_mailboxes),
        worker=worker,
        tell_others=lambda name: notices.tell("account", name),
    )


def _queue(
    source: ConfigSource,
    data_dir: Path,
    clock: Clock,
    pool: ThreadPoolExecutor,
    store: Store,
    *,
    deliverer: Deliverer,
    worker: Worker,
    notices: Notices,
) -> Queue:
    static = source.current.static
    bounces = Bounces(
        store=store,
        clock=clock,
        hostname=static.hostname,
        exists=lambda name: name in source.current.accounts,
        postmaster=(static.postmaster.account, static.postmaster.mailbox),
    )
    return Queue(
        directory=data_dir,
        clock=clock,
        pool=pool,
        deliverer=deliverer,
        listeners=[bounces],
        plan=RetryPlan(
            first=static.queue.first_interval,
            longest=static.queue.longest_interval,
            give_up_after=static.queue.give_up_after,
            late_after=static.queue.tell_delay_after,
        ),
        concurrency=static.queue.max_deliveries,
        concurrency_per_domain=static.queue.max_deliveries_per_domain,
        # What fails on purpose is to fail again.
        suppresses=not isinstance(deliverer, SelfDelivery),
        keep_retired=lambda name: keep_retired(source, name),
        is_shared=worker.is_shared,
        tell_others=lambda: notices.tell("queue"),
    )
