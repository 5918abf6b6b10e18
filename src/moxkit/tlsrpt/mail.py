"""Reports in mail: finding one in a message, and composing the mail (RFC 8460 §5.3)."""

import gzip
import re
from collections.abc import Sequence
from datetime import datetime

from moxkit.domain import Domain
from moxkit.message import (
    Address,
    Composer,
    GunzipError,
    Part,
    Source,
    UnknownTransferEncodingError,
    attachment,
    decoded,
    gunzip,
    multipart,
    parse,
    text_entity,
)
from moxkit.tlsrpt.readjson import parse_report_json
from moxkit.tlsrpt.report import Report, ReportError
from moxkit.tlsrpt.writejson import encode_report_json

__all__ = ["compose_report_mail", "parse_report", "parse_report_message", "report_filename"]

_MOST_MESSAGE_OCTETS = 15 << 20
_MOST_OCTETS = 20 << 20
_SUBTYPES = {"tlsrpt+json", "tlsrpt+gzip"}  # RFC 8460 §6.4, §6.5
_UNIQUE_ID = re.compile(r"[A-Za-z0-9]{1,60}")
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9!#$%&'*+/=?^_`{|}~@.-]")


def parse_report(octets: bytes) -> Report:
    """Parse a report file: JSON, or JSON in gzip.

    Raises:
        ReportError: It is none, damaged, or larger than 20 MB when unpacked.
    """
    if octets.startswith(b"\x1f\x8b"):
        try:
            octets = gunzip(octets, limit=_MOST_OCTETS)
        except GunzipError as error:
            raise ReportError(str(error)) from None
    return parse_report_json(octets)


def parse_report_message(source: Source) -> Report:
    """Find and parse the report in a message; the message itself may be the report.

    Raises:
        ReportError: The message is larger than 15 MB, is a report of another kind, holds no report, or one
            that cannot be read.
    """
    if len(source) > _MOST_MESSAGE_OCTETS:
        raise ReportError("message too large")
    root = parse(source)
    if root.is_multipart and root.subtype == "report":
        kind = root.params.get("report-type", "").lower()
        if kind != "tlsrpt":  # RFC 8460 §5.3
            raise ReportError("multipart/report of another type")
    for part in root.walk():
        if part.type == "application" and part.subtype in _SUBTYPES:
            return parse_report(_content(part, source))
    raise ReportError("no report in message")


def _content(part: Part, source: Source) -> bytes:
    try:
        return b"".join(decoded(part, source))
    except UnknownTransferEncodingError as error:
        raise ReportError(str(error)) from None


def report_filename(report: Report, submitter: Domain, policy_domain: Domain, *, unique_id: str = "") -> str:
    """Return the name that the attachment should have (RFC 8460 §5.1).

    Args:
        report: For its period.
        submitter: Who reports.
        policy_domain: Whom it is about.
        unique_id: Tells reports about the same domain and period apart; letters and digits.

    Raises:
        ValueError: The `unique_id` is none.
    """
    if unique_id and _UNIQUE_ID.fullmatch(unique_id) is None:
        raise ValueError("unique id must be letters and digits")
    begin, end = (str(int(each.timestamp())) for each in (report.begin_at, report.end_at))
    pieces = [submitter.ascii, policy_domain.ascii, begin, end]
    return "!".join([*pieces, unique_id] if unique_id else pieces) + ".json.gz"


def compose_report_mail(
    report: Report,
    *,
    policy_domain: Domain,
    submitter: Domain,
    author: Address,
    recipients: Sequence[Address],
    now: datetime,
    message_id: str,
    unique_id: str = "",
) -> bytes:
    """Compose the mail that carries a report: a text for people, and the JSON in gzip.

    It must be signed with DKIM by `submitter`, the TLS-Report fields included (RFC 8460 §3, §5.3).

    Args:
        report: What it is about.
        policy_domain: Whom it is about.
        submitter: Who reports.
        author: From.
        recipients: To.
        now: Date.
        message_id: Without angle brackets.
        unique_id: See `report_filename`.

    Raises:
        ValueError: An address or identifier cannot be written (`moxkit.message.ComposeError`).
    """
    report_id = _NOT_IN_ID.sub("-", report.report_id)
    composer = Composer()
    composer.addresses("From", [author])
    composer.addresses("To", recipients)
    subject = f"Report Domain: {policy_domain} Submitter: {submitter} Report-ID: <{report_id}>"
    composer.text("Subject", subject)
    composer.date(now)
    composer.message_ids("Message-ID", [message_id])
    composer.structured("TLS-Report-Domain", policy_domain.ascii)
    composer.structured("TLS-Report-Submitter", submitter.ascii)
    # A report must arrive where TLS is broken (RFC 8460 §3; RFC 8689 §5).
    composer.structured("TLS-Required", "No")
    composer.structured("Auto-Submitted", "auto-generated")  # RFC 3834 §5
    text = text_entity(
        f"This is a report about TLS when sending mail to {policy_domain}, attached as JSON in gzip.\n\n"
        f"Submitter: {submitter}\n"
        f"Report-ID: {report_id}\n"
        f"Period:    {report.begin_at:%Y-%m-%d %H:%M:%S} to {report.end_at:%Y-%m-%d %H:%M:%S} UTC\n",
        may_8bit=False,
    )
    # Without the time in the gzip header, the same report is the same file.
    packed = gzip.compress(encode_report_json(report), mtime=0)
    name = report_filename(report, submitter, policy_domain, unique_id=unique_id)
    file = attachment(packed, content_type="application/tlsrpt+gzip", filename=name)
    return composer.message(multipart("report", [text, file], params={"report-type": "tlsrpt"}))
