"""All that a server has to know people by, in one piece: one database, and the parts that work on it."""

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from mox.accounts.attempts import Attempts
from mox.accounts.authdatabase import AuthDatabase
from mox.accounts.credentials import Credentials
from mox.accounts.signin import LoginAddresses, SignIn
from mox.accounts.tlskeys import TlsKeys
from mox.accounts.websessions import WebSessions
from mox.runtime import Clock

__all__ = ["Identities"]


class Identities:
    """Passwords, keys, attempts, and the desk that uses them.

    Attributes:
        credentials: Passwords.
        keys: Keys of TLS client certificates.
        attempts: Who tried to sign in.
        sessions: Of browsers.
        sign_in: The desk.
    """

    def __init__(
        self,
        *,
        directory: Path,
        clock: Clock,
        pool: Executor,
        addresses: LoginAddresses,
        hostname: str,
        enables_cram_md5: Callable[[], bool],
        limits: bool = True,
        is_shared: bool = False,
    ) -> None:
        """Open the database in the data directory, creating it if need be; blocking.

        Args:
            directory: The data directory.
            clock: For all times.
            pool: Where the database is written.
            addresses: Whose login addresses are.
            hostname: For CRAM-MD5.
            enables_cram_md5: Whether it is offered, and its state stored.
            limits: Whether failures are held against addresses.
            is_shared: Other processes write to the database, too.

        Raises:
            mox.database.DatabaseError: It cannot be used.
        """
        self._database = AuthDatabase(directory=directory, pool=pool, is_shared=is_shared)
        self.credentials = Credentials(
            database=self._database, clock=clock, enables_cram_md5=enables_cram_md5
        )
        self.keys = TlsKeys(database=self._database, clock=clock, account_of=addresses.account_for_login)
        self.attempts = Attempts(database=self._database, clock=clock, limits=limits)
        self.sessions = WebSessions(database=self._database, clock=clock)
        self.sign_in = SignIn(
            credentials=self.credentials,
            keys=self.keys,
            attempts=self.attempts,
            addresses=addresses,
            hostname=hostname,
            enables_cram_md5=enables_cram_md5,
        )

    async def remove_account(self, account: str) -> None:
        """Forget what signs in to an account, which is going away."""
        await self.credentials.remove_account(account)
        await self.keys.remove_account(account)

    async def close(self) -> None:
        """Finish writing, close."""
        await self.attempts.settle()
        self.credentials.close()
        await self._database.close()
