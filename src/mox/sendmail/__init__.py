"""`sendmail` for programs on a machine without a mail server of its own: cron, scripts, monitoring.

Takes a message as other programs give it (RFC 5322, lines in any form), makes it fit to be submitted, and
submits it to a server far away. What cannot be submitted is kept in a file. It queues nothing.

    plan = read_arguments(arguments)
    message = prepare(plan, octets, config)
    await submit(message, config, certificate=read_client_certificate(config), roots=roots, now=now)

Raises `SendmailError`, with a sentence for people.
"""

from mox.sendmail.arguments import Plan, read_arguments
from mox.sendmail.clientcertificate import read_client_certificate
from mox.sendmail.errors import SendmailError
from mox.sendmail.keep import keep_failed
from mox.sendmail.prepare import Prepared, prepare
from mox.sendmail.submit import submit

__all__ = [
    "Plan",
    "Prepared",
    "SendmailError",
    "keep_failed",
    "prepare",
    "read_arguments",
    "read_client_certificate",
    "submit",
]
