"""The IMAP service of one listener: admits connections, and makes an object for each."""

from mox.imapserver.connection import ImapConnection
from mox.imapserver.session import Services
from mox.listen import ConnectionLimits
from mox.runtime import Shutdown
from moxkit.net import LineConn, TLSContext

__all__ = ["ImapServer"]


class ImapServer:
    """Serves IMAP on a port."""

    def __init__(
        self,
        *,
        services: Services,
        shutdown: Shutdown,
        tls: TLSContext | None,
        allows_plaintext: bool,
        limits: ConnectionLimits | None = None,
    ) -> None:
        """Remember what connections need.

        Args:
            services: Shared by all.
            shutdown: New commands are refused once it is asked for.
            tls: For STARTTLS; None where TLS is on already, or not to be had.
            allows_plaintext: Passwords are taken without TLS.
            limits: Of connections, shared by the listeners of one kind; None sets none.
        """
        self._services = services
        self._shutdown = shutdown
        self._tls = tls
        self._allows_plaintext = allows_plaintext
        self._limits = limits

    async def serve(self, conn: LineConn) -> None:
        """Serve one client until it goes."""
        ip = str(conn.peername[0]).partition("%")[0]
        limits, now = self._limits, self._services.clock.now()
        if limits is not None and limits.is_too_fast(ip, now):
            conn.write(b"* BYE too many connections from your network\r\n")
            return
        if limits is not None and not limits.opened(ip, now):
            conn.write(b"* BYE too many open connections\r\n")
            return
        connection = ImapConnection(
            conn,
            services=self._services,
            shutdown=self._shutdown,
            tls=self._tls,
            allows_plaintext=self._allows_plaintext,
        )
        try:
            await connection.serve()
        finally:
            if limits is not None:
                limits.closed(ip)
