"""What tests of sending look at: signatures of what arrived, notifications of what did not."""

from datetime import UTC, datetime

from endtoend.sendingserver import SendingServer
from moxkit.dkim import verify
from moxkit.dns import DnsResolver, parse_name_server
from moxkit.dsn import Action, DsnError, Notification, Recipient, parse_dsn

__all__ = ["failures_in", "notifications_of", "notified_of", "signatures_of"]


async def signatures_of(octets: bytes, resolver: str) -> list[str]:
    """Return what came of checking each DKIM signature of a message, keys from DNS."""
    asked = DnsResolver(servers=[parse_name_server(resolver)], timeout_s=2)
    try:
        results = await verify(asked, octets, now=datetime.now(UTC))
    finally:
        asked.close()
    return [f"{each.status}{f' {each.problem}' if each.problem else ''}" for each in results]


def notifications_of(server: SendingServer, to: str) -> list[tuple[Recipient, Notification]]:
    """Return what notifications in the sender's Inbox say of a recipient."""
    found = []
    for octets in server.inbox():
        try:
            notification = parse_dsn(octets)
        except DsnError:
            continue
        found += [
            (each, notification)
            for each in notification.status.recipients
            if each.final_recipient.address == to
        ]
    return found


def failures_in(server: SendingServer) -> list[str]:
    """Return the recipients of all notifications of failures in the sender's Inbox."""
    return [
        each.final_recipient.address
        for octets in server.inbox()
        for each in parse_dsn(octets).status.recipients
        if each.action is Action.FAILED
    ]


def notified_of(server: SendingServer, to: str) -> Recipient:
    """Return what the one notification of a recipient says."""
    found = notifications_of(server, to)
    assert len(found) == 1, f"{len(found)} notifications of {to}\n{server.log_tail()}"
    return found[0][0]
