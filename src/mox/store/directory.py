"""All accounts of a data directory: opens them when asked for, closes those nobody has used for long."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path

from mox.config import ACCOUNT_NAME
from mox.runtime import Clock, Worker
from mox.store.account import Account
from mox.store.automaticflags import NO_RULES, JunkFlagRules
from mox.store.errors import AccountUnknownError
from mox.store.initial import DEFAULT_MAILBOXES
from mox.store.leaving import Leaving
from mox.store.prepared import Prepared, prepare_content
from mox.store.quota import NO_QUOTA, Quota
from mox.store.spool import Content, Spool, SpoolDirectory
from mox.store.stagingplace import STAGING_NAME

__all__ = ["Store"]

# Each open account holds about four file descriptors, one that is searched some more.
_MOST_OPEN = 200


class Store:
    """The accounts of one server; on the loop's thread."""

    def __init__(
        self,
        *,
        directory: Path,
        clock: Clock,
        pool: Executor,
        computing: Executor | None = None,
        exists: Callable[[str], bool] = lambda _name: True,
        quota: Callable[[str], Quota] = lambda _name: NO_QUOTA,
        junk_flag_rules: Callable[[str], JunkFlagRules] = lambda _name: NO_RULES,
        initial_mailboxes: Sequence[tuple[str, str | None]] = DEFAULT_MAILBOXES,
        worker: Worker = Worker(),  # noqa: B008  frozen
        tell_others: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """Remember where accounts lie; none is opened yet.

        Args:
            directory: The server's data directory.
            clock: For all times that are stored.
            pool: Worker threads for writers and spools.
            computing: Runs what computes, of messages that are in memory, and never waits. With one thread
                messages take turns: none is late because all compete. By default the pool.
            exists: Whether the configuration has an account of that name.
            quota: How much an account may hold.
            junk_flag_rules: Flags that follow from an account's mailboxes.
            initial_mailboxes: Name and special use of those a new account gets, besides Inbox.
            worker: Which of the processes that serve these accounts this is.
            tell_others: Called with the name of an account when something was committed to it here; the
                others are to call `heard`.
        """
        self._worker = worker
        self._tell_others = tell_others
        self._accounts = directory / "accounts"
        self._clock = clock
        self._exists = exists
        self._quota = quota
        self._junk_flag_rules = junk_flag_rules
        self._initial_mailboxes = tuple(initial_mailboxes)
        self._open: OrderedDict[str, Account] = OrderedDict()
        self._gone: list[Account] = []
        self.pool = pool
        self.computing = computing or pool
        # Told the name of an account when its messages came or went, or its search index needs work.
        self.call_indexer: Callable[[str], None] = lambda _name: None
        # Told the name of an account when there is something to learn about junk.
        self.call_trainer: Callable[[str], None] = lambda _name: None
        # For files on their way in, on the disk of the accounts.
        self.temporary = directory / "tmp"
        self.spools = SpoolDirectory(self.temporary, pool, worker)
        self._leaving = Leaving(accounts=self._accounts, clock=clock, exists=exists)

    def account(self, name: str) -> Account:
        """Return an account, opening it first if need be. Use it now; do not keep it over long waits.

        A session that keeps it listens on its switchboard, and that keeps it open.

        Raises:
            AccountUnknownError: The configuration has none of that name.
            mox.database.DatabaseError: It cannot be opened.
        """
        if name in self._leaving.names:
            raise AccountUnknownError(name)
        if (account := self._open.get(name)) is not None and not self._is_gone(account):
            self._open.move_to_end(name)
            return account
        if ACCOUNT_NAME.fullmatch(name) is None or not self._exists(name):
            raise AccountUnknownError(name)
        account = Account(
            name=name,
            directory=self._accounts / name,
            clock=self._clock,
            pool=self.pool,
            quota=lambda: self._quota(name),
            junk_flag_rules=lambda: self._junk_flag_rules(name),
            initial_mailboxes=self._initial_mailboxes,
            call_indexer=lambda: self.call_indexer(name),
            call_trainer=lambda: self.call_trainer(name),
            worker=self._worker,
            tell_others=lambda: self._tell_others(name),
        )
        self._open[name] = account
        self._close_unused()
        return account

    def _is_gone(self, account: Account) -> bool:
        """Say whether another process removed an account; then it is forgotten here, too."""
        if not account.is_gone:
            return False
        # Sessions may still read what they have open.
        self._gone.append(self._open.pop(account.name))
        return True

    def heard(self, name: str) -> None:
        """Look at what another process committed to an account."""
        if (account := self._open.get(name)) is not None and not self._is_gone(account):
            account.catch_up()
        else:
            self.call_indexer(name)
            self.call_trainer(name)

    def has_files(self, name: str) -> bool:
        """Say whether there is a directory of an account of that name, in the configuration or not."""
        return ACCOUNT_NAME.fullmatch(name) is not None and (self._accounts / name).exists()

    def remove(self, name: str) -> None:
        """Have the files of an account removed, which the configuration has no more; nobody can open it now.

        Sessions that use it may go on; when the last one ends, its files go.

        Raises:
            OSError: That cannot be written down.
        """
        self._leaving.mark(name)

    async def run_removals(self) -> None:
        """Remove what is to go, and what an earlier server has left of that, for ever."""
        await self._leaving.run(self)

    async def close_if_idle(self, name: str) -> bool:
        """Close an account unless somebody uses it; return whether it is closed."""
        account = self._open.get(name)
        if account is None:
            return True
        if not account.is_idle:
            return False
        await account.finish_writing()
        account.close()
        del self._open[name]
        return True

    def accounts_with_staging(self) -> list[str]:
        """Return the names of accounts in which mail is staged, by a running import or a killed one."""
        return sorted(found.parent.name for found in self._accounts.glob(f"*/{STAGING_NAME}"))

    async def prepare(self, spool: Spool) -> tuple[Content, Prepared]:
        """Put a spooled message on stable storage and learn what there is to know of it.

        The caller discards the spool when it is done with the content.
        """
        loop, as_it_came = asyncio.get_running_loop(), spool.in_memory()
        if as_it_came is None:
            return await loop.run_in_executor(self.pool, _finish, spool)
        finishing = loop.run_in_executor(self.pool, spool.finish)
        preparing = loop.run_in_executor(self.computing, prepare_content, as_it_came)
        # Both end, so that nothing goes on behind whoever asked.
        await asyncio.gather(finishing, preparing, return_exceptions=True)
        return finishing.result(), preparing.result()

    def _close_unused(self) -> None:
        for name, account in list(self._open.items())[: max(0, len(self._open) - _MOST_OPEN)]:
            if account.is_idle:
                account.close()
                del self._open[name]
        for account in [each for each in self._gone if each.is_idle]:
            account.close()
            self._gone.remove(account)

    async def close(self) -> None:
        """Wait for writers, then close all accounts."""
        for account in (*self._open.values(), *self._gone):
            await account.finish_writing()
            account.close()
        self._open.clear()
        self._gone.clear()


def _finish(spool: Spool) -> tuple[Content, Prepared]:
    content = spool.finish()
    return content, prepare_content(content)
