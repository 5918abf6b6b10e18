"""The parts list: makes a server from a configuration."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from socket import socket

import mox
from mox.accounts import Accounts, Identities
from mox.app.commands import make_commands
from mox.app.housekeeping import Housekeeping
from mox.app.ports import PortMaker
from mox.app.receiving import make_receiving
from mox.app.resolving import make_resolver
from mox.app.searchindexing import SearchIndexing
from mox.app.selfdelivery import SelfDelivery
from mox.app.server import Server
from mox.app.web import WebPorts
from mox.certificates import Certificates, Challenges
from mox.config import ConfigSource, InitialMailboxes, Pattern, compile_pattern
from mox.control import ControlServer
from mox.listen import Listeners
from mox.moving import Imports
from mox.observe import LogLevels, Metrics
from mox.queue import Bounces, Deliverer, Queue, RetryPlan, SendLimits
from mox.runtime import Clock, ConnectionIds, Shutdown
from mox.signing import KeyRing, Signer
from mox.store import DEFAULT_MAILBOXES, NO_RULES, JunkFlagRules, Quota, Store
from mox.submission import Submission
from mox.webaccount import AccountParts
from moxkit.dns import Resolver

__all__ = ["build"]

# Waits for disks, mostly: more than there are processors.
_THREADS = 16
# Of accounts that are gone.
_RETIRED_OF_NOBODY = timedelta(weeks=1)
# Where the configuration says 0.
_RECIPIENTS_A_DAY, _NEW_RECIPIENTS_A_DAY = 1000, 200


def build(
    *,
    source: ConfigSource,
    data_dir: Path,
    clock: Clock,
    levels: LogLevels,
    local_address: str | None = None,
    deliverer: Deliverer | None = None,
    resolver: Resolver | None = None,
    certificates: Certificates | None = None,
    bound: Mapping[tuple[str, int], socket] | None = None,
    enforces: bool = True,
    challenges: Challenges | None = None,
    metrics: Metrics | None = None,
) -> Server:
    """Make a server; call it on the loop that will run it.

    Args:
        source: The configuration.
        data_dir: Where all data lies.
        clock: For all times.
        levels: Of the log.
        local_address: In localserve: the address that takes everybody's mail. Special recipients fail there
            on purpose.
        deliverer: Makes deliveries of queued messages; by default to this server itself, as localserve does.
        resolver: Asked about incoming mail; by default as configured.
        certificates: Of listeners; by default read from their files.
        bound: Sockets that somebody else had to bind, by IP and port.
        enforces: Mail that is judged to be junk is refused; else it is filed, with the judgement.
        challenges: What ACME providers look at.
        metrics: Numbers that others count in, too.

    Raises:
        OSError, ValueError: A certificate cannot be used.
        mox.database.DatabaseError: A database cannot be used.
    """
    static = source.current.static
    shutdown, pool = Shutdown(), ThreadPoolExecutor(_THREADS, thread_name_prefix="worker")
    computing = ThreadPoolExecutor(1, thread_name_prefix="computing")
    store = _store(source, data_dir, clock, pool, computing)
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
    )
    queue = _queue(source, data_dir, clock, pool, store, deliverer=deliverer or SelfDelivery(static))
    resolver = resolver or make_resolver(static.resolvers, clock, is_local=local_address is not None)
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
    )
    metrics = metrics or Metrics()
    signer = Signer(current=lambda: source.current, keys=KeyRing(source.directory), clock=clock, pool=pool)
    imports = Imports(store=store, clock=clock)
    certificates = certificates or Certificates(source.directory)
    web = WebPorts(
        source=source,
        certificates=certificates,
        account=AccountParts(
            identities=identities,
            accounts=accounts,
            source=source,
            store=store,
            queue=queue,
            imports=imports,
            classifiers=receiving.classifiers,
            clock=clock,
            version=mox.__version__,
        ),
        challenges=challenges or Challenges(),
        metrics=metrics,
        clock=clock,
        shutdown=shutdown,
        is_limited=local_address is None,
    )
    ports = PortMaker(
        static=static,
        certificates=certificates,
        store=store,
        accounts=accounts,
        sign_in=identities.sign_in,
        delivery=receiving.delivery,
        submission=Submission(
            store=store,
            queue=queue,
            accounts=accounts,
            signer=signer,
            limits=lambda name: None if local_address is not None else _send_limits(source, name),
            is_pedantic=static.pedantic,
        ),
        counting=metrics.smtp,
        clock=clock,
        shutdown=shutdown,
        is_local=local_address is not None,
        hidden_capabilities=lambda name: source.current.accounts[name].imap_capabilities_disabled,
        web=web,
    )
    commands = make_commands(
        source=source,
        clock=clock,
        levels=levels,
        shutdown=shutdown,
        store=store,
        identities=identities,
        queue=queue,
        receiving=receiving,
        imports=imports,
    )
    return Server(
        listeners=Listeners(ids=ConnectionIds(clock.now()), bound=bound),
        ports=[port for listener in static.listeners.values() for port in ports.ports(listener)],
        store=store,
        queue=queue,
        identities=identities,
        receiving=receiving,
        imports=imports,
        control=ControlServer(data_dir=data_dir, commands=commands),
        housekeeping=Housekeeping(
            store=store,
            clock=clock,
            account_names=lambda: source.current.accounts,
            forget_old=receiving.forget_old,
        ),
        search_indexing=SearchIndexing(
            store=store, clock=clock, account_names=lambda: source.current.accounts
        ),
        metrics=metrics,
        shutdown=shutdown,
        web=web,
        pools=(computing, pool),
    )


def _store(
    source: ConfigSource,
    data_dir: Path,
    clock: Clock,
    pool: ThreadPoolExecutor,
    computing: ThreadPoolExecutor,
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
