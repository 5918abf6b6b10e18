"""The IMAP service of one listener: makes a connection object for each client."""

from mox.imapserver.connection import ImapConnection
from mox.imapserver.session import Services
from mox.runtime import Shutdown
from moxkit.net import LineConn, TLSContext

__all__ = ["ImapServer"]


class ImapServer:
    """Serves IMAP on a port."""

    def __init__(
        self, *, services: Services, shutdown: Shutdown, tls: TLSContext | None, allows_plaintext: bool
    ) -> None:
        """Remember what connections need.

        Args:
            services: Shared by all.
            shutdown: New commands are refused once it is asked for.
            tls: For STARTTLS; None where TLS is on already, or not to be had.
            allows_plaintext: Passwords are taken without TLS.
        """
        self._services = services
        self._shutdown = shutdown
        self._tls = tls
        self._allows_plaintext = allows_plaintext

    async def serve(self, conn: LineConn) -> None:
        """Serve one client until it goes."""
        connection = ImapConnection(
            conn,
            services=self._services,
            shutdown=self._shutdown,
            tls=self._tls,
            allows_plaintext=self._allows_plaintext,
        )
        await connection.serve()
