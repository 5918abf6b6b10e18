"""Sending mail by SMTP (RFC 5321, RFC 6409): dial, STARTTLS, sign in, one message to many recipients.

It takes content as it is (lines ending in CRLF) and returns what the server said for each recipient. It does
not look up where mail goes, retry, or queue.

    async with await SmtpClient.connect("mx.example", 25, ehlo="mail.example") as client:
        await client.start_tls(client_context(), hostname="mx.example")
        results = await client.deliver(MailFrom(sender), [recipient], [content])

Raises `SmtpError` for a refusal of everything (with the server's reply, and whether it is for good),
`ConnectionError` and `TimeoutError` when the connection does not work.
"""

from moxkit.smtpclient.client import SmtpClient
from moxkit.smtpclient.errors import SmtpError

__all__ = ["SmtpClient", "SmtpError"]
