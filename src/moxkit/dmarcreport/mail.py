"""Reports in mail: finding one in a message of any shape, and composing the mail (RFC 9990 §3.5.2)."""

import gzip
import re
from collections.abc import Sequence
from datetime import datetime

from moxkit.dmarcreport.errors import ReportError
from moxkit.dmarcreport.readxml import parse_report_xml
from moxkit.dmarcreport.report import Report
from moxkit.dmarcreport.unpack import packing_of, unpack
from moxkit.dmarcreport.writexml import Schema, encode_report_xml
from moxkit.domain import Domain
from moxkit.message import (
    Address,
    Composer,
    Part,
    Source,
    UnknownTransferEncodingError,
    attachment,
    decoded,
    multipart,
    parse,
    text_entity,
)

__all__ = ["compose_report_mail", "parse_report", "parse_report_message", "report_filename"]

_MOST_MESSAGE_OCTETS = 15 << 20
_MOST_TRIED = 3  # parts of one message that begin like a report; each may be 20 MB when unpacked
_UNIQUE_ID = re.compile(r"[A-Za-z0-9]{1,60}")
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9!#$%&'*+/=?^_`{|}~@.-]")


def parse_report(octets: bytes) -> Report:
    """Parse a report file: XML, gzip or zip.

    Raises:
        ReportError: It is none, damaged, or larger than 20 MB when unpacked.
    """
    return parse_report_xml(unpack(octets))


def parse_report_message(source: Source) -> Report:
    """Find and parse the report in a message, whatever type its part claims to have, at any depth.

    Raises:
        ReportError: The message is larger than 15 MB, holds no report, or one that cannot be read.
    """
    if len(source) > _MOST_MESSAGE_OCTETS:
        raise ReportError("message too large")
    problem = ReportError("no report in message")
    tried = 0
    for part in parse(source).walk():
        if part.is_multipart or part.message is not None or part.subtype == "html":
            continue
        try:
            start = next(decoded(part, source), b"")
            if packing_of(start) is None:
                continue
            if tried == _MOST_TRIED:
                break
            tried += 1
            return parse_report(_content(part, source))
        except UnknownTransferEncodingError:
            continue
        except ReportError as error:
            problem = error
    raise problem


def _content(part: Part, source: Source) -> bytes:
    return b"".join(decoded(part, source))


def report_filename(report: Report, submitter: Domain, *, unique_id: str = "") -> str:
    """Return the name that the attachment must have (RFC 9990 §3.5.2).

    Args:
        report: What it is about.
        submitter: Who reports.
        unique_id: Tells reports about the same domain and period apart; letters and digits.

    Raises:
        ValueError: The `unique_id` is none.
    """
    if unique_id and _UNIQUE_ID.fullmatch(unique_id) is None:
        raise ValueError("unique id must be letters and digits")
    begin, end = (int(each.timestamp()) for each in (report.metadata.begin_at, report.metadata.end_at))
    pieces = [submitter.ascii, report.policy.domain, str(begin), str(end)]
    return "!".join([*pieces, unique_id] if unique_id else pieces) + ".xml.gz"


def compose_report_mail(
    report: Report,
    *,
    submitter: Domain,
    author: Address,
    recipients: Sequence[Address],
    now: datetime,
    message_id: str,
    unique_id: str = "",
    schema: Schema = Schema.RFC_9990,
) -> bytes:
    """Compose the mail that carries a report: a text for people, and the XML in gzip.

    Args:
        report: Its policy's domain and its identifier go into the subject.
        submitter: Who reports; of the subject and the file's name.
        author: From; must pass DMARC itself (RFC 9990 §3.5.2).
        recipients: To.
        now: Date.
        message_id: Without angle brackets.
        unique_id: See `report_filename`.
        schema: Of the XML.

    Raises:
        ValueError: An address or identifier cannot be written (`moxkit.message.ComposeError`).
    """
    about = report.metadata
    report_id = _NOT_IN_ID.sub("-", about.report_id)
    composer = Composer()
    composer.addresses("From", [author])
    composer.addresses("To", recipients)
    subject = f"Report Domain: {report.policy.domain} Submitter: {submitter} Report-ID: <{report_id}>"
    composer.text("Subject", subject)
    composer.date(now)
    composer.message_ids("Message-ID", [message_id])
    composer.structured("Auto-Submitted", "auto-generated")  # RFC 3834 §5
    text = text_entity(
        f"This is a DMARC aggregate report about {report.policy.domain}, attached as XML in gzip.\n\n"
        f"Submitter: {submitter}\n"
        f"Report-ID: {report_id}\n"
        f"Period:    {about.begin_at:%Y-%m-%d %H:%M:%S} to {about.end_at:%Y-%m-%d %H:%M:%S} UTC\n",
        may_8bit=False,
    )
    # Without the time in the gzip header, the same report is the same file.
    packed = gzip.compress(encode_report_xml(report, schema=schema), mtime=0)
    name = report_filename(report, submitter, unique_id=unique_id)
    file = attachment(packed, content_type="application/gzip", filename=name)
    return composer.message(multipart("mixed", [text, file]))
