"""The parts that each process of a server has: mail, queue, identities, receiving and submission."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mox.accounts import Accounts, Identities
from mox.app.ground import Ground
from mox.app.receiving import Receiving, make_receiving
from mox.app.selfdelivery import SelfDelivery
from mox.app.settings import initial_mailboxes, junk_flag_rules, keep_retired, quota, send_limits
from mox.queue import Bounces, Deliverer, Queue, RetryPlan
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
        pools: Threads; they end last.
    """

    ground: Ground
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


def make_parts(ground: Ground, *, deliverer: Deliverer, resolver: Resolver) -> Parts:
    """Make them.

    Args:
        ground: What they stand on.
        deliverer: Makes deliveries of queued messages.
        resolver: Asked about incoming mail.

    Raises:
        mox.database.DatabaseError: A database cannot be used.
    """
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="worker")
    computing = ThreadPoolExecutor(1, thread_name_prefix="computing")
    store = _store(ground, pool, computing)
    accounts = Accounts(current=lambda: ground.source.current, fallback=ground.local_address)
    identities = _identities(ground, pool, accounts)
    queue = _queue(ground, pool, store, deliverer)
    receiving = make_receiving(
        ground, pool, store=store, accounts=accounts, resolver=resolver, returned=queue.returned
    )
    return Parts(
        ground=ground,
        store=store,
        accounts=accounts,
        identities=identities,
        queue=queue,
        receiving=receiving,
        submission=_submission(ground, pool, store, accounts, queue),
        pools=(computing, pool),
    )


def _store(ground: Ground, pool: ThreadPoolExecutor, computing: ThreadPoolExecutor) -> Store:
    source, notices = ground.source, ground.notices
    return Store(
        directory=ground.data_dir,
        clock=ground.clock,
        pool=pool,
        computing=computing,
        exists=ground.has_account,
        quota=lambda name: quota(source, name),
        junk_flag_rules=lambda name: junk_flag_rules(source, name),
        initial_mailboxes=initial_mailboxes(ground.static.initial_mailboxes),
        worker=ground.worker,
        tell_others=lambda name: notices.tell("account", name),
    )


def _identities(ground: Ground, pool: ThreadPoolExecutor, accounts: Accounts) -> Identities:
    static = ground.static
    return Identities(
        directory=ground.data_dir,
        clock=ground.clock,
        pool=pool,
        addresses=accounts,
        hostname=static.hostname,
        enables_cram_md5=lambda: static.enable_cram_md5,
        limits=not ground.is_local,
        is_shared=ground.worker.is_shared,
    )


def _queue(ground: Ground, pool: ThreadPoolExecutor, store: Store, deliverer: Deliverer) -> Queue:
    static, source, notices = ground.static, ground.source, ground.notices
    bounces = Bounces(
        store=store,
        clock=ground.clock,
        hostname=static.hostname,
        exists=ground.has_account,
        postmaster=(static.postmaster.account, static.postmaster.mailbox),
    )
    return Queue(
        directory=ground.data_dir,
        clock=ground.clock,
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
        is_shared=ground.worker.is_shared,
        tell_others=lambda: notices.tell("queue"),
    )


def _submission(
    ground: Ground, pool: ThreadPoolExecutor, store: Store, accounts: Accounts, queue: Queue
) -> Submission:
    source = ground.source
    keys = KeyRing(source.directory)
    return Submission(
        store=store,
        queue=queue,
        accounts=accounts,
        signer=Signer(current=lambda: source.current, keys=keys, clock=ground.clock, pool=pool),
        limits=lambda name: None if ground.is_local else send_limits(source, name),
        is_pedantic=ground.static.pedantic,
    )
