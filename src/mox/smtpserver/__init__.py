"""SMTP connections: drives `moxkit.smtp`, asks accounts, delivery and submission.

RFC 5321 and 6409, with the extensions of `moxkit.smtp`. One `SmtpServer` serves the connections of one
listener; sockets are somebody else's, and so is everything done with a message after its last octet. It
judges no senders and no content.

    server = SmtpServer(
        options=Options(kind=Kind.SMTP, hostname="mx.example"),
        spools=store.spools, accounts=accounts, delivery=delivery, submission=submission, sign_in=sign_in,
        clock=clock, shutdown=shutdown, tls_context=context,
    )
    await server.serve(conn)

`serve` raises `ConnectionError` when the client goes away in the middle of something.
"""

from mox.smtpserver.counting import Counting
from mox.smtpserver.options import Kind, Options
from mox.smtpserver.ports import Addresses, Desk, Exchange, FailureListener, Filing, Spools, Submitting
from mox.smtpserver.server import SmtpServer
from mox.smtpserver.special import SpecialFailure, SpecialRecipients

__all__ = [
    "Addresses",
    "Counting",
    "Desk",
    "Exchange",
    "FailureListener",
    "Filing",
    "Kind",
    "Options",
    "SmtpServer",
    "SpecialFailure",
    "SpecialRecipients",
    "Spools",
    "Submitting",
]
