"""Reading the fields of a status part (RFC 3464 §2, RFC 6533 §4.1), as careless as producers write them.

A status needs one recipient with an address and an action, or a status code that tells the action.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from moxkit.dsn.address import read_address
from moxkit.dsn.status import Action, DeliveryStatus, Diagnostic, DsnError, MtaName, Recipient
from moxkit.message import Headers, parse_date, unfold
from moxkit.smtp import RecipientAddress

__all__ = ["parse_delivery_status"]

_MOST_OCTETS = 4 << 20
_MOST_RECIPIENTS = 10_000
_MOST_EXTENSIONS = 100
_BLANK = re.compile(rb"\r?\n(?:[ \t]*+\r?\n)++")
_STATUS = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])\s*+(?:\((.*)\))?", re.DOTALL)
_TYPED = re.compile(r"\s*+([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,60})\s*+;(.*)", re.DOTALL)
_TRAILING_COMMENT = re.compile(r"([^()]*+)\((.*)\)", re.DOTALL)
_UNQUOTE = re.compile(r"\\(.)", re.DOTALL)
# A status code says as much, where a producer left out the action or has its own words.
_ACTION_OF_CLASS = {"2": Action.DELIVERED, "4": Action.DELAYED, "5": Action.FAILED}

_MESSAGE_FIELDS = {
    "original-envelope-id",
    "reporting-mta",
    "dsn-gateway",
    "received-from-mta",
    "arrival-date",
    "future-release-request",
}
_RECIPIENT_FIELDS = {
    "original-recipient",
    "final-recipient",
    "action",
    "status",
    "remote-mta",
    "diagnostic-code",
    "localized-diagnostic",
    "last-attempt-date",
    "final-log-id",
    "will-retry-until",
}


def parse_delivery_status(octets: bytes) -> DeliveryStatus:
    """Parse the body of a message/delivery-status or message/global-delivery-status part.

    Raises:
        DsnError: It is larger than 4 MB, or has no recipient that something was done for, or over 10,000.
    """
    if len(octets) > _MOST_OCTETS:
        raise DsnError("status too large")
    groups = [Headers(group) for group in _BLANK.split(octets.strip(b"\r\n"), _MOST_RECIPIENTS + 1)]
    if len(groups) > _MOST_RECIPIENTS + 1:
        raise DsnError("too many recipients")
    about = groups[0]
    # Without a blank line between them, the first recipient stands among the message's fields.
    is_mixed = "final-recipient" in about or "original-recipient" in about
    recipients = [_recipient(group) for group in (groups if is_mixed else groups[1:])]
    known = tuple(recipient for recipient in recipients if recipient is not None)
    if not known:
        raise DsnError("no recipient in status")
    return DeliveryStatus(
        reporting_mta=_mta(about, "reporting-mta") or MtaName("", "unknown"),
        recipients=known,
        original_envelope_id=_text(about, "original-envelope-id"),
        dsn_gateway=_mta(about, "dsn-gateway"),
        received_from_mta=_mta(about, "received-from-mta"),
        arrival_at=_date(about, "arrival-date"),
        future_release_request=_text(about, "future-release-request"),
        extensions=_extensions(about, _MESSAGE_FIELDS | _RECIPIENT_FIELDS if is_mixed else _MESSAGE_FIELDS),
    )


def _recipient(fields: Headers) -> Recipient | None:
    original = _address(fields, "original-recipient")
    final = _address(fields, "final-recipient") or original
    found = _STATUS.match(_text(fields, "status"))
    status = found[1] if found else ""
    action = _action(_text(fields, "action"), status)
    if final is None or action is None:
        return None
    diagnostic = _typed(_text(fields, "diagnostic-code"), "smtp")
    return Recipient(
        final_recipient=final,
        action=action,
        status=status,
        status_comment=_UNQUOTE.sub(r"\1", found[2] or "") if found else "",
        original_recipient=original,
        remote_mta=_mta(fields, "remote-mta"),
        diagnostic=None if diagnostic is None else Diagnostic(diagnostic[1], diagnostic[0]),
        localized=tuple(_localized(fields)),
        last_attempt_at=_date(fields, "last-attempt-date"),
        final_log_id=_text(fields, "final-log-id"),
        will_retry_until=_date(fields, "will-retry-until"),
        extensions=_extensions(fields, _MESSAGE_FIELDS | _RECIPIENT_FIELDS),
    )


def _action(word: str, status: str) -> Action | None:
    # Some add what went wrong in a comment.
    first = word.partition("(")[0].strip().lower()
    try:
        return Action(first)
    except ValueError:
        return _ACTION_OF_CLASS.get(status[:1])


def _localized(fields: Headers) -> Iterable[tuple[str, str]]:
    for raw in fields.raw("localized-diagnostic")[:_MOST_EXTENSIONS]:
        found = _typed(unfold(raw).decode("utf-8", "replace"), "")
        if found is not None and found[0]:
            yield found


def _text(fields: Headers, name: str) -> str:
    return (fields.first(name) or b"").decode("utf-8", "replace")


def _address(fields: Headers, name: str) -> RecipientAddress | None:
    return read_address(_text(fields, name))


def _date(fields: Headers, name: str) -> datetime | None:
    raw = fields.first(name)
    return None if raw is None else parse_date(raw)


def _mta(fields: Headers, name: str) -> MtaName | None:
    typed = _typed(_text(fields, name), "dns")
    if typed is None:
        return None
    kind, text = typed
    commented = _TRAILING_COMMENT.fullmatch(text)
    if commented is None:
        return MtaName(text, kind)
    return MtaName(commented[1].strip(), kind, _UNQUOTE.sub(r"\1", commented[2]))


def _typed(text: str, default: str) -> tuple[str, str] | None:
    """Split ``type; text``; without a type all is text."""
    if not text:
        return None
    found = _TYPED.fullmatch(text)
    return (default, text.strip()) if found is None else (found[1].lower(), found[2].strip())


def _extensions(fields: Headers, known: set[str]) -> tuple[tuple[str, str], ...]:
    others = (
        (field.name, unfold(field.raw).decode("utf-8", "replace"))
        for field in fields
        if field.name.lower() not in known
    )
    return tuple(islice(others, _MOST_EXTENSIONS))
