"""Sending mail by SMTP (RFC 5321, RFC 6409): dial, STARTTLS, sign in, one message to many recipients.

It takes content as it is (lines ending in CRLF) and returns what the server said for each recipient. It does
not retry, keeps no queue, and fetches no MTA-STS policies.

`SmtpClient` is one connection to a server you name. For mail to anywhere there is `find_destination` (MX
records), `decide_tls` (DANE, MTA-STS, REQUIRETLS) and `Dialer`, whose connections are as secure as that asks,
and can be used for one message after the other. `sign_in` chooses how to sign in.

    async with await SmtpClient.connect("mx.example", 25, ehlo="mail.example") as client:
        await client.start_tls(client_context(), hostname="mx.example")
        results = await client.deliver(MailFrom(sender), [recipient], [content])

Raises `SmtpError` for a refusal of everything (with the server's reply, and whether it is for good),
`ConnectionError` and `TimeoutError` when the connection does not work (`NotBegunError` if the server has
nothing of the message), `NoMechanismError` when there is no way to sign in. Dialing raises nothing.
"""

from moxkit.smtpclient.client import SmtpClient
from moxkit.smtpclient.destination import Destination, DestinationStatus, find_destination, find_host
from moxkit.smtpclient.dialer import Dialer, HostFailure
from moxkit.smtpclient.errors import NotBegunError, SmtpError
from moxkit.smtpclient.hostconnection import HostConnection, Letter, NotSent, TlsFailure
from moxkit.smtpclient.signin import Credentials, NoMechanismError, sign_in
from moxkit.smtpclient.transportpolicy import Refused, TlsPolicy, TlsUse, Verification, decide_tls

__all__ = [
    "Credentials",
    "Destination",
    "DestinationStatus",
    "Dialer",
    "HostConnection",
    "HostFailure",
    "Letter",
    "NoMechanismError",
    "NotBegunError",
    "NotSent",
    "Refused",
    "SmtpClient",
    "SmtpError",
    "TlsFailure",
    "TlsPolicy",
    "TlsUse",
    "Verification",
    "decide_tls",
    "find_destination",
    "find_host",
    "sign_in",
]
