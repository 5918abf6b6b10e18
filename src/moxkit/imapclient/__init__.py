"""Reading mail by IMAP (RFC 9051, RFC 3501): connect, sign in, run commands as values, wait for news.

Any command of `moxkit.imap` can be run; the untagged answers come back as its values. It keeps no cache and
no view of a mailbox: what the server says is handed on.

    tls = ImplicitTLS(client_context(), "imap.example")
    async with await ImapClient.connect("imap.example", 993, tls=tls) as client:
        await client.login("me@example", "secret")
        await client.run(Select("INBOX"))
        messages = await client.fetch("1:*", FetchAttribute.UID, FetchAttribute.FLAGS)

Raises `ImapError` when the server answers NO or BAD (with the answer), `ConnectionError` and `TimeoutError`
when the connection does not work or what comes is not IMAP.
"""

from moxkit.imapclient.annotationpart import Annotations
from moxkit.imapclient.client import Answer, ImapClient
from moxkit.imapclient.errors import ImapError
from moxkit.imapclient.keptresult import KeptResult
from moxkit.imapclient.syncpart import Changes, Opened

__all__ = ["Annotations", "Answer", "Changes", "ImapClient", "ImapError", "KeptResult", "Opened"]
