"""Imports of a server: begun, followed by whoever has the token, cancelled, forgotten after a while.

The source is staged while the account goes on receiving mail; then all of it becomes part of the account in
one transaction. However an import ends, what is staged is removed before anybody is told of the end.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mox.moving.apart import Stager, stage_apart
from mox.moving.errors import ArchiveError, ImportRunningError, ImportUnknownError, MovingError
from mox.moving.job import Ended, Job, SourceKind, Told
from mox.moving.opening import check_archive
from mox.moving.placing import Placing
from mox.moving.state import Event, Follower, ImportState, Phase, Progress
from mox.moving.uploads import Uploads
from mox.runtime import Clock, Tasks, remove_file
from mox.store import (
    Account,
    AccountUnknownError,
    StagingPlace,
    Store,
    StoreError,
    begin_staging,
    discard_staging,
    file_staged,
    list_mailboxes,
    quota_usage,
)

__all__ = ["Import", "ImportRequest", "Imports"]

logger = logging.getLogger(__name__)

_KEPT_S = 60.0


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What somebody wants to bring.

    Attributes:
        account: Whose it shall be.
        source: An archive, a directory, an mbox file; readable by this process.
        name: What it is called by who brought it, where the path does not tell.
        kind: By default an archive, whose names say which mailboxes there are.
        mailbox: For which the mail of a Maildir or mbox file is; of an archive: below which all is put,
            or empty.
        skip_prefix: Cut from the beginning of names in an archive.
        skip_present: Leave out messages that the account has.
        removes_source: The source was uploaded for this and is removed in the end.
    """

    account: str
    source: Path
    name: str = ""
    kind: SourceKind = SourceKind.ARCHIVE
    mailbox: str = ""
    skip_prefix: str = ""
    skip_present: bool = False
    removes_source: bool = False


class _CancelledError(Exception):
    """Somebody gave up in time."""


class Import:
    """One import, running or over; made by `Imports`.

    Attributes:
        token: Unguessable; who has it may follow.
        account: Whose mail it brings.
        name: Of what is brought.
        began_at: Aware, in UTC.
        ended_at: By the clock's monotonic time; None while it runs.
    """

    def __init__(self, *, token: str, request: ImportRequest, total_octets: int, began_at: datetime) -> None:
        self.token = token
        self.account = request.account
        self.name = request.name or request.source.name
        self.began_at = began_at
        self.ended_at: float | None = None
        self._request = request
        self._progress = Progress(total_octets)
        self._staging: asyncio.Future[None] | None = None
        self._ended: Ended | None = None
        self._is_cancelled = self._is_committing = False

    @property
    def state(self) -> ImportState:
        """What is known now."""
        return self._progress.state

    @property
    def is_followed(self) -> bool:
        """Say whether anybody follows."""
        return self._progress.followers > 0

    async def wait(self, version: int) -> ImportState:
        """Return the state once it is newer than a version, or at once if the import is over."""
        return await self._progress.wait(version)

    def following(self) -> AbstractContextManager[Follower]:
        """Follow, group of news by group; any number may."""
        return self._progress.following()

    async def follow(self) -> AsyncIterator[Event]:
        """Yield all that is known, then what is new, until the end."""
        with self.following() as follower:
            while not follower.is_over:
                for event in await follower.news():
                    yield event

    def cancel(self) -> bool:
        """Give up, so that nothing will have changed; say whether there was still time for that."""
        if self._is_committing or self.state.is_over:
            return False
        self._is_cancelled = True
        if self._staging is not None:
            self._staging.cancel()
        return True

    async def run(self, account: Account, stager: Stager) -> None:
        """Do all of it; called once, by `Imports`."""
        # Whoever listens keeps the account open.
        listener = account.switchboard.listen()
        phase, reason = Phase.ABORTED, "the server is stopping"
        try:
            place = begin_staging(account)
            try:
                await self._stage(self._job(account, place), stager)
                await self._file(account, place)
                phase, reason = Phase.DONE, ""
            finally:
                await discard_staging(account)
        except _CancelledError:
            reason = "cancelled"
        except (MovingError, StoreError, OSError) as error:
            reason = _wording(error)
        except Exception:
            logger.exception("import crashed", extra={"account": self.account})
            reason = "internal error, see the server's log"
        finally:
            account.switchboard.leave(listener)
            if self._request.removes_source:
                remove_file(self._request.source)
            if phase is Phase.ABORTED and not self._is_cancelled:
                self._progress.add_problem(f"{reason} (aborting)")
            self._progress.enter(phase, reason)
            logger.info(
                "import ended",
                extra={"account": self.account, "phase": str(phase), "messages": self.state.messages},
            )

    def _job(self, account: Account, place: StagingPlace) -> Job:
        request, quota, usage = self._request, account.quota, quota_usage(account.reader)
        uses = {box.special_use: box.name for box in list_mailboxes(account.reader) if box.special_use}
        return Job(
            source=str(request.source),
            name=self.name,
            kind=request.kind,
            mailbox=request.mailbox,
            skip_prefix=request.skip_prefix,
            skip_present=request.skip_present,
            account=str(place.directory.parent),
            first_id=place.first_id,
            free_octets=max(0, quota.octets - usage.octets) if quota.octets > 0 else None,
            free_messages=max(0, quota.messages - usage.messages) if quota.messages > 0 else None,
            uses=uses,
            now=int(self.began_at.timestamp()),
        )

    async def _stage(self, job: Job, stager: Stager) -> None:
        if self._is_cancelled:
            raise _CancelledError
        self._staging = asyncio.ensure_future(stager(job, self._hear))
        try:
            await self._staging
        except asyncio.CancelledError:
            if self._is_cancelled:
                raise _CancelledError from None
            raise
        finally:
            self._staging = None
        if self._is_cancelled:
            raise _CancelledError
        if self._ended is None:
            raise ArchiveError(self.state.reason or "reading the archive ended early")

    def _hear(self, told: Told) -> None:
        if isinstance(told, Ended):
            self._ended = told
        self._progress.hear(told)

    async def _file(self, account: Account, place: StagingPlace) -> None:
        self._progress.enter(Phase.FILING)
        messages = self._ended.messages if self._ended is not None else 0

        def check(done: int) -> None:
            if self._is_cancelled:
                raise _CancelledError
            self._is_committing = done == messages

        await file_staged(account, place, messages, check=check)


def _wording(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)


class Imports:
    """All imports of a server; on the loop.

    Attributes:
        uploads: For archives that come over the network.
    """

    def __init__(self, *, store: Store, clock: Clock, stager: Stager = stage_apart) -> None:
        """Begin with none.

        Args:
            store: Of the accounts.
            clock: For times of messages that have none, and for forgetting.
            stager: How archives are read.
        """
        self._store = store
        self._clock = clock
        self._stager = stager
        self._tasks = Tasks()
        self._imports: dict[str, Import] = {}
        self.uploads = Uploads(store.temporary, store.pool)

    async def discard_left(self) -> None:
        """Remove what imports left behind that were killed with the server; before anything is begun."""
        self.uploads.discard_left()
        for name in self._store.accounts_with_staging():
            try:
                await discard_staging(self._store.account(name))
            except AccountUnknownError:
                # It is not in the configuration any more.
                continue
            logger.warning("an import was interrupted and left nothing", extra={"account": name})

    def begin(self, request: ImportRequest) -> Import:
        """Begin an import; it goes on by itself.

        Raises:
            ArchiveError: It is no archive, or no mailbox can have that name; nothing was begun.
            ImportRunningError: One of that account is running.
            mox.store.AccountUnknownError: There is no such account.
            OSError: The source cannot be read.
        """
        self._forget()
        account = self._store.account(request.account)
        if (running := self.running(request.account)) is not None:
            raise ImportRunningError(f"an import into {running.account} is running")
        size = _check(request)
        begun = Import(
            token=secrets.token_hex(16), request=request, total_octets=size, began_at=self._clock.now()
        )
        self._imports[begun.token] = begun
        self._tasks.spawn(self._run(begun, account), "import")
        return begun

    async def _run(self, begun: Import, account: Account) -> None:
        try:
            await begun.run(account, self._stager)
        finally:
            begun.ended_at = self._clock.monotonic()

    def running(self, account: str) -> Import | None:
        """Return the import of an account that runs."""
        return next(
            (each for each in self._imports.values() if each.account == account and not each.state.is_over),
            None,
        )

    def of_account(self, account: str) -> list[Import]:
        """Return all imports of an account that are known, the latest last."""
        self._forget()
        return [each for each in self._imports.values() if each.account == account]

    def find(self, token: str) -> Import:
        """Return an import, running or over for not much longer than a minute.

        Raises:
            ImportUnknownError: There is none.
        """
        self._forget()
        if (found := self._imports.get(token)) is None:
            raise ImportUnknownError("no such import; what is known of one is dropped a minute after its end")
        return found

    def _forget(self) -> None:
        now = self._clock.monotonic()
        for token, each in list(self._imports.items()):
            if each.ended_at is not None and now - each.ended_at > _KEPT_S and not each.is_followed:
                del self._imports[token]

    async def close(self) -> None:
        """End all; accounts are as before then."""
        await self._tasks.close()


def _check(request: ImportRequest) -> int:
    """Look at the source; return its size."""
    if request.kind is SourceKind.ARCHIVE:
        check_archive(request.source, request.name or None)
    if request.mailbox or request.kind is not SourceKind.ARCHIVE:
        Placing().mailbox(request.mailbox)
    status = request.source.stat()
    return 0 if request.source.is_dir() else status.st_size
