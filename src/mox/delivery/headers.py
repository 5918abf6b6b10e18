"""The header lines this server puts before a message: trace information of RFC 5321 §4.4."""

from collections.abc import Sequence
from datetime import datetime

from mox.delivery.incoming import Connection
from mox.delivery.received import Judged, ReceivedMessage
from moxkit.message import format_date

__all__ = ["delivery_prefix", "received_field"]


def _protocol(connection: Connection, *, smtputf8: bool, is_authenticated: bool) -> str:
    """Name the protocol (RFC 3848, RFC 6531 §4.3)."""
    if smtputf8:
        name = "UTF8SMTP"
    elif connection.is_esmtp:
        name = "ESMTP"
    else:
        return "SMTP"
    return name + ("S" if connection.tls_version else "") + ("A" if is_authenticated else "")


def received_field(
    connection: Connection,
    *,
    received_at: datetime,
    recipients: Sequence[str],
    smtputf8: bool,
    requires_tls: bool = False,
    is_authenticated: bool = False,
) -> bytes:
    """Write the Received field, with its CRLF.

    The recipient is named only where there is one: nobody learns of the others (RFC 5321 §7.2). Of who
    submits, neither name nor address is shown.
    """
    protocol = _protocol(connection, smtputf8=smtputf8, is_authenticated=is_authenticated)
    if is_authenticated:
        source = connection.hostname
    else:
        source = f"{connection.ehlo} ([{_literal(connection.remote_ip)}])"
    lines = [
        f"Received: from {source} by {connection.hostname}",
        f" ([{_literal(connection.local_ip)}]) via tcp with {protocol}",
        *([" (requiretls)"] if requires_tls else []),
        f" id {connection.id:x}",
    ]
    if connection.tls_version:
        lines.append(f" ({connection.tls_version} {connection.tls_cipher})")
    if len(recipients) == 1:
        lines.append(f" for <{recipients[0]}>")
    lines[-1] += ";"
    lines.append(f" {format_date(received_at)}")
    return "\r\n".join(lines).encode() + b"\r\n"


def _literal(ip: str) -> str:
    return f"IPv6:{ip}" if ":" in ip else ip


def delivery_prefix(message: ReceivedMessage, judged: Judged) -> bytes:
    """Write what final delivery adds: Delivered-To (RFC 9228), Return-Path, Received."""
    recipient, reverse_path = judged.recipient, message.incoming.reverse_path
    delivered_to = recipient.address if recipient.alias else recipient.path
    lines = f"Delivered-To: {delivered_to}\r\nReturn-Path: <{reverse_path}>\r\n"
    return lines.encode() + message.received
