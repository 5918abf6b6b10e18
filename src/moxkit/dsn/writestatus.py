"""Writing the fields of a status part (RFC 3464 §2, RFC 6533 §4.1): no value can add a field."""

import re
from collections.abc import Iterator

from moxkit.dsn.address import write_address
from moxkit.dsn.status import DeliveryStatus, MtaName, Recipient
from moxkit.message import fold, format_date

__all__ = ["encode_delivery_status"]

_LONG_WORD = re.compile(r"([^ \t]{800})")  # nowhere to fold it, and lines end at 998 octets
_TYPE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,60}")
_STATUS = re.compile(r"[245]\.(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2})")  # RFC 3464 §2.3.4
_FIELD_NAME = re.compile(r"[!-9;-~]{1,70}")
_COMMENT_SPECIAL = re.compile(r"([()\\])")
_LONGEST = 4000

_Fields = Iterator[tuple[str, str]]


def encode_delivery_status(status: DeliveryStatus, *, utf8: bool = False) -> bytes:
    """Write the body of a status part.

    Args:
        status: Characters that cannot be written become spaces or question marks.
        utf8: Write message/global-delivery-status; else all is ASCII, with addresses in their encoded form.

    Raises:
        ValueError: A type, status code or name of a field is none, or a time has no zone.
    """
    groups = [_message_fields(status), *(_recipient_fields(each, utf8=utf8) for each in status.recipients)]
    return b"\r\n".join(
        b"".join(_field(name, value, utf8=utf8) for name, value in fields) for fields in groups
    )


def _message_fields(status: DeliveryStatus) -> _Fields:
    if status.original_envelope_id:
        yield "Original-Envelope-Id", status.original_envelope_id
    yield "Reporting-MTA", _mta(status.reporting_mta)
    if status.dsn_gateway is not None:
        yield "DSN-Gateway", _mta(status.dsn_gateway)
    if status.received_from_mta is not None:
        yield "Received-From-MTA", _mta(status.received_from_mta)
    if status.arrival_at is not None:
        yield "Arrival-Date", format_date(status.arrival_at)
    if status.future_release_request:
        yield "Future-Release-Request", status.future_release_request
    yield from status.extensions


def _recipient_fields(recipient: Recipient, *, utf8: bool) -> _Fields:
    if _STATUS.fullmatch(recipient.status) is None:
        raise ValueError(f"{recipient.status!r} is no status code")
    if recipient.original_recipient is not None:
        yield "Original-Recipient", write_address(recipient.original_recipient, utf8=utf8)
    yield "Final-Recipient", write_address(recipient.final_recipient, utf8=utf8)
    yield "Action", recipient.action
    yield "Status", recipient.status + _comment(recipient.status_comment)
    if recipient.remote_mta is not None:
        yield "Remote-MTA", _mta(recipient.remote_mta)
    if recipient.diagnostic is not None:
        yield "Diagnostic-Code", f"{_type(recipient.diagnostic.type)}; {recipient.diagnostic.text}"
        if utf8:
            for language, text in recipient.localized:
                yield "Localized-Diagnostic", f"{_type(language)}; {text}"
    if recipient.last_attempt_at is not None:
        yield "Last-Attempt-Date", format_date(recipient.last_attempt_at)
    if recipient.final_log_id:
        yield "Final-Log-ID", recipient.final_log_id
    if recipient.will_retry_until is not None:
        yield "Will-Retry-Until", format_date(recipient.will_retry_until)
    yield from recipient.extensions


def _mta(mta: MtaName) -> str:
    return f"{_type(mta.type)}; {mta.name}{_comment(mta.comment)}"


def _type(text: str) -> str:
    if _TYPE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no type")
    return text


def _comment(text: str) -> str:
    return " (" + _COMMENT_SPECIAL.sub(r"\\\1", text) + ")" if text else ""


def _field(name: str, value: str, *, utf8: bool) -> bytes:
    if _FIELD_NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no field name")
    if not utf8:
        value = value.encode("ascii", "replace").decode()
    return fold(name, _LONG_WORD.sub(r"\1 ", value[:_LONGEST]))
