"""The header lines this server puts before a message: trace information of RFC 5321 §4.4, and why it came in.

Much of what stands in them was said by strangers. Invariant: nothing they say can end a line or a comment.
"""

import re
import textwrap
from collections.abc import Sequence
from datetime import datetime

from mox.delivery.incoming import Connection
from mox.delivery.overrides import overrides_of
from mox.delivery.received import Judged, ReceivedMessage
from mox.delivery.resultsfields import authentication_results, received_spf_field
from mox.reports import ReportKind, ReportProblem
from moxkit.domain import DomainError, parse_domain
from moxkit.message import encode_text, fold, format_date

__all__ = ["delivery_prefix", "received_field"]

_WIDTH = 76
_LONGEST_NAME = 255
_LONGEST_PATH_OCTETS = 512
_MOST_REASONS, _LONGEST_REASON = 30, 300
# What would end a word, a comment or a line where a name is expected.
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9.:_\[\]-]")


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
    reverse_name: str = "",
) -> bytes:
    """Write the Received field, with its CRLF.

    The recipient is named only where there is one: nobody learns of the others (RFC 5321 §7.2). Of who
    submits, neither name nor address is shown.

    Args:
        connection: By which it came.
        received_at: When.
        recipients: Paths without brackets.
        smtputf8: The message needs it.
        requires_tls: REQUIRETLS was asked for.
        is_authenticated: It was submitted.
        reverse_name: Of the client's address, leading back to it; empty if there is none.
    """
    protocol = _protocol(connection, smtputf8=smtputf8, is_authenticated=is_authenticated)
    source = _source(connection, reverse_name, smtputf8=smtputf8)
    lines = [
        f"Received: from {connection.hostname if is_authenticated else source} by {connection.hostname}",
        f" ([{_literal(connection.local_ip)}]) via tcp with {protocol}",
        *([" (requiretls)"] if requires_tls else []),
        f" id {connection.id:x}",
    ]
    if connection.tls_version:
        lines.append(f" ({connection.tls_version} {connection.tls_cipher})")
    if len(recipients) == 1:
        lines.append(f" for <{_path(recipients[0])}>")
    lines[-1] += ";"
    lines.append(f" {format_date(received_at)}")
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n"


def _source(connection: Connection, reverse_name: str, *, smtputf8: bool) -> str:
    """Write who the client says to be and what we know of it (RFC 5321 §4.4, Extended-Domain)."""
    name, also = _name(connection.ehlo), ""
    if not connection.ehlo.isascii():
        try:
            domain = parse_domain(connection.ehlo, allow_underscore=True, allow_trailing_dot=True)
        except DomainError:
            pass
        else:
            # Names with UTF-8 are for messages that may hold it (RFC 6531 §3.7.3).
            name = domain.unicode if smtputf8 and domain.unicode else domain.ascii
            also = f" ({domain.ascii})" if name != domain.ascii else ""
    known = f"[{_literal(connection.remote_ip)}]"
    if reverse_name and reverse_name != name.lower():
        known = f"{_name(reverse_name)} {known}"
    return f"{name} ({known}){also}"


def _name(text: str) -> str:
    return _NOT_IN_NAME.sub("?", text[:_LONGEST_NAME]) or "unknown"


def _literal(ip: str) -> str:
    return f"IPv6:{ip}" if ":" in ip else ip


def _path(path: str) -> str:
    """Return a path without anything that would end its line; what is longer was no path."""
    bounded = path.encode("utf-8", "replace")[:_LONGEST_PATH_OCTETS].decode("utf-8", "ignore")
    return "".join(char if char.isprintable() else "?" for char in bounded)


def delivery_prefix(message: ReceivedMessage, judged: Judged) -> bytes:
    """Write what final delivery adds for one recipient, from top to bottom.

    Why it came in, Delivered-To (RFC 9228), Return-Path (RFC 5321 §4.4), what was found out about the sender
    (RFC 8601, RFC 7208 §9.1), Received.
    """
    recipient, incoming, found = judged.recipient, message.incoming, message.verification
    delivered_to = recipient.address if recipient.alias else recipient.path
    results = authentication_results(
        found,
        incoming.connection.hostname,
        overrides=overrides_of(found, judged),
        smtputf8=incoming.smtputf8,
    )
    return b"".join(
        (
            _reason(judged, smtputf8=incoming.smtputf8),
            _report_error(message, judged),
            fold("Delivered-To", _path(delivered_to)),
            fold("Return-Path", f"<{_path(incoming.reverse_path)}>"),
            results,
            received_spf_field(found),
            message.received,
        )
    )


def _reason(judged: Judged, *, smtputf8: bool) -> bytes:
    """Write why it was taken, and on what ground: one fact a line."""
    verdict = judged.verdict
    facts = [f"{fact.check}: {fact.text}" for fact in verdict.facts[:_MOST_REASONS]]
    lines = [f"X-Mox-Reason: {_words(verdict.reason, smtputf8=smtputf8)[0]}"]
    for fact in facts:
        lines[-1] += ";"
        first, *others = _words(fact, smtputf8=smtputf8)
        lines += [f"\t{first}", *(f"\t {line}" for line in others)]
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n"


def _report_error(message: ReceivedMessage, judged: Judged) -> bytes:
    """Write why a message to an address for reports is none that can be used."""
    problem = message.report
    if not judged.recipient.reports or not isinstance(problem, ReportProblem):
        return b""
    name = "DMARC" if problem.kind is ReportKind.DMARC else "TLS"
    lines = _words(problem.text, smtputf8=message.incoming.smtputf8)
    return (
        "\r\n ".join([f"X-Mox-{name}Report-Error: {lines[0]}", *lines[1:]]).encode("utf-8", "replace")
        + b"\r\n"
    )


def _words(text: str, *, smtputf8: bool) -> list[str]:
    """Return lines for a header, at least one; words of strangers stand among them."""
    encoded = encode_text(" ".join(text[:_LONGEST_REASON].split()), utf8=smtputf8)
    if 0 < len(encoded) <= _WIDTH:
        return [encoded]
    return textwrap.wrap(encoded, _WIDTH, break_long_words=False, break_on_hyphens=False) or ["-"]
