"""The parts that each process of a server has: mail, queue, identities, receiving and submission."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from mox.accounts import Accounts, Identities
from mox.app.receiving import Receiving, make_receiving
from mox.app.selfdelivery import SelfDelivery
from mox.config import ConfigSource, InitialMailboxes, Pattern, compile_pattern
from mox.observe import LogLevels
from mox.queue import Bounces, Deliverer, Queue, RetryPlan, SendLimits
from mox.runtime import Clock, Notices, Worker
from mox.signing import KeyRing, Signer
from mox.store import DEFAULT_MAILBOXES, NO_RULES, JunkFlagRules, Quota, Store
from mox.submission import Submission
from moxkit.dns import Resolver

__all__ = ["Parts", "make_parts"]

# Waits for disks, mostly: more than there are processors.
_THREADS = 16
# Of accounts that are gone.
_RETIRED_OF_NOBODY = timedelta(weeks=1)
# Where the configuration says 0.
_RECIPIENTS_A_DAY, _NEW_RECIPIENTS_A_DAY = 1000, 200


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
        limits=lambda name: None if local_address is not None else _send_limits(source, name),
        is_pedantic=static.pedantic,
    )
    parts = Parts(
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
    _exchange(parts)
    return parts


def _exchange(parts: Parts) -> None:
    """Have notices of other processes heard, and those sent that nothing else sends."""
    notices, source, levels = parts.notices, parts.source, parts.levels
    notices.on("account", parts.store.heard)
    notices.on("config", lambda _: source.look_soon())
    source.on_change = lambda: notices.tell("config")
    if not parts.worker.is_first:
        notices.on("level", lambda text: levels.set(*json.loads(text)))
        return

    def tell_level(level: str, package: str) -> None:
        notices.tell("level", json.dumps([level, package]))

    def tell_levels(_: str) -> None:
        for package, level in levels.all().items():
            tell_level(level, package)

    notices.on("queue", lambda _: parts.queue.wake())
    # One that came later knows only what is configured.
    notices.on("started", tell_levels)
    levels.listen(tell_level)


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
        quota=lambda name: _quota(source, name),
        junk_flag_rules=lambda name: _junk_flag_rules(source, name),
        initial_mailboxes=_initial_mailboxes(source.current.static.initial_mailboxes),
        worker=worker,
        tell_others=lambda name: notices.tell("account", name),
    )


def _junk_flag_rules(source: ConfigSource, name: str) -> JunkFlagRules:
    flags = source.current.accounts[name].automatic_junk_flags
    if flags is None or not flags.enabled:
        return NO_RULES

    def pattern(text: str) -> Pattern | None:
        return compile_pattern(text) if text else None

    return JunkFlagRules(
        junk=pattern(flags.junk_mailbox_regexp),
        neutral=pattern(flags.neutral_mailbox_regexp),
        notjunk=pattern(flags.not_junk_mailbox_regexp),
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
        keep_retired=lambda name: _keep_retired(source, name),
        is_shared=worker.is_shared,
        tell_others=lambda: notices.tell("queue"),
    )


def _keep_retired(source: ConfigSource, name: str) -> timedelta:
    account = source.current.accounts.get(name)
    return _RETIRED_OF_NOBODY if account is None else account.keep_retired_message_period


def _send_limits(source: ConfigSource, name: str) -> SendLimits:
    account = source.current.accounts[name]
    return SendLimits(
        account.max_outgoing_messages_per_day or _RECIPIENTS_A_DAY,
        account.max_first_time_recipients_per_day or _NEW_RECIPIENTS_A_DAY,
    )


def _quota(source: ConfigSource, name: str) -> Quota:
    own, general = source.current.accounts[name], source.current.static

    def limit(of_account: int, of_all: int) -> int:
        return max(0, of_account) if of_account else of_all

    return Quota(
        octets=limit(own.quota_message_size, general.quota_message_size),
        messages=limit(own.quota_messages, general.quota_messages),
        mailboxes=limit(own.quota_mailboxes, general.quota_mailboxes),
    )


def _initial_mailboxes(configured: InitialMailboxes) -> tuple[tuple[str, str | None], ...]:
    """Name what a new account gets; nothing configured means the usual ones."""
    use = configured.special_use
    special = (
        (use.sent, "\\Sent"),
        (use.archive, "\\Archive"),
        (use.trash, "\\Trash"),
        (use.draft, "\\Drafts"),
        (use.junk, "\\Junk"),
    )
    named = [(name, flag) for name, flag in special if name]
    return (*named, *((name, None) for name in configured.regular)) or DEFAULT_MAILBOXES
