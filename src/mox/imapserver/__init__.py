"""IMAP connections (RFC 9051, RFC 3501): drives `moxkit.imap`, executes commands on `mox.store`.

One task for each connection, commands one after the other. Bulk answers are made inside SQLite; what others
change is told in commit order. It keeps no mail and knows no passwords.
"""

from mox.imapserver.server import ImapServer
from mox.imapserver.session import Services

__all__ = ["ImapServer", "Services"]
