"""Reports in mail of any shape and packing, bombs, and the mail we compose."""

import gzip
import io
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given, strategies as st

from kit.dmarcreport.samples import SAMPLE
from moxkit.dmarcreport import (
    ReportError,
    compose_report_mail,
    parse_report,
    parse_report_message,
    parse_report_xml,
    report_filename,
)
from moxkit.domain import parse_domain
from moxkit.message import (
    Address,
    Composer,
    Entity,
    attachment,
    embedded_message,
    entity,
    header_of,
    multipart,
    parse,
    text_entity,
)

REPORT = parse_report_xml(SAMPLE)


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def mail(body: Entity) -> bytes:
    composer = Composer()
    composer.text("Subject", "Report Domain: example.com")
    return composer.message(body)


ZIP, GZIP = zipped({"r.xml": SAMPLE}), gzip.compress(SAMPLE)
TEXT = text_entity("Here is a report.")
MESSAGES = {
    "zip": mail(attachment(ZIP, content_type="application/zip")),
    "gzip": mail(attachment(GZIP, content_type="application/gzip")),
    "xml": mail(attachment(SAMPLE, content_type="text/xml")),
    "octet-stream": mail(attachment(ZIP, content_type="application/octet-stream")),
    "wrong type": mail(attachment(GZIP, content_type="application/zip")),
    "no type": b"Subject: x\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + SAMPLE,
    "zip with a folder": mail(attachment(zipped({"d/": b"", "d/r.xml": SAMPLE}))),
    "stored": mail(attachment(zipped({"r.xml": SAMPLE}, zipfile.ZIP_STORED))),
    "byte order mark": mail(attachment(b"\xef\xbb\xbf" + SAMPLE)),
    "deep": mail(
        multipart("mixed", [TEXT, multipart("mixed", [TEXT, multipart("related", [TEXT, attachment(GZIP)])])])
    ),
    "forwarded": mail(multipart("mixed", [TEXT, embedded_message(mail(attachment(GZIP)))])),
    "after a broken one": mail(multipart("mixed", [TEXT, attachment(GZIP[:50]), attachment(GZIP)])),
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
def test_finds_the_report(message: bytes) -> None:
    assert parse_report_message(message) == REPORT
    assert parse_report_message(memoryview(message)) == REPORT


REFUSED = {
    "no report": (mail(TEXT), "no report in message"),
    "html": (mail(text_entity("<?xml?><feedback/>", subtype="html")), "no report in message"),
    "two files": (mail(attachment(zipped({"a": SAMPLE, "b": SAMPLE}))), "2 files in zip"),
    "no file": (mail(attachment(b"PK\x03\x04" + bytes(100))), "bad zip"),
    "cut zip": (mail(attachment(ZIP[:-30])), "bad zip"),
    "damaged zip": (mail(attachment(ZIP[:60] + b"\xff" * 40 + ZIP[100:])), "bad zip"),
    "lzma": (mail(attachment(zipped({"a": SAMPLE}, zipfile.ZIP_LZMA))), "unknown compression"),
    "cut gzip": (mail(attachment(GZIP[:-9])), "early"),
    "not xml": (mail(attachment(gzip.compress(b"hello"))), "bad XML"),
    "unknown encoding": (
        mail(entity(SAMPLE, content_type="text/xml", cte="rot13")),
        "no report in message",
    ),
    "large": (bytes((15 << 20) + 1), "message too large"),
    "many broken ones": (mail(multipart("mixed", [attachment(GZIP[:50])] * 3 + [attachment(GZIP)])), "early"),
}


@pytest.mark.parametrize(("message", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(message: bytes, problem: str) -> None:
    with pytest.raises(ReportError, match=problem):
        parse_report_message(message)


@pytest.mark.parametrize("kind", ["gzip", "zip"])
def test_bombs_are_not_inflated(kind: str) -> None:
    content = b"<feedback>" + b" " * (100 << 20)
    bomb = gzip.compress(content) if kind == "gzip" else zipped({"r.xml": content})
    began = process_time()
    with pytest.raises(ReportError, match="too large when decompressed"):
        parse_report(bomb)
    with pytest.raises(ReportError, match="too large when decompressed"):
        parse_report_message(mail(multipart("mixed", [attachment(bomb)] * 10)))
    assert process_time() - began < 3


def test_neither_packing() -> None:
    with pytest.raises(ReportError, match="neither"):
        parse_report(b"hello")


@given(st.binary(max_size=100), st.integers(0, len(ZIP)), st.integers(0, 8))
def test_noise_gives_a_report_or_the_error(noise: bytes, at: int, cut: int) -> None:
    for octets in (noise, b"PK\x03\x04" + noise, ZIP[:at] + noise[:8] + ZIP[at + cut :]):
        with suppress(ReportError):
            parse_report(octets)
        with suppress(ReportError):
            parse_report_message(octets)


def test_mail_that_we_compose() -> None:
    """RFC 9990 §3.5.2: subject, type, file name."""
    octets = compose_report_mail(
        REPORT,
        submitter=parse_domain("mail.receiver.example"),
        author=Address("", "postmaster", "mail.receiver.example"),
        recipients=[Address("", "dmarc", "example.com")],
        now=datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
        message_id="1@mail.receiver.example",
        unique_id="x1",
    )
    assert parse_report_message(octets) == REPORT
    assert octets.isascii()
    root = parse(octets)
    headers = header_of(root, octets)
    assert headers.text("subject") == (
        "Report Domain: example.com Submitter: mail.receiver.example Report-ID: <3v98abbp8ya9n3va8yr8oa3ya>"
    )
    assert headers.first("to") == b"dmarc@example.com"
    assert headers.first("auto-submitted") == b"auto-generated"
    text, file = root.parts
    assert (text.type, text.subtype) == ("text", "plain")
    assert (file.type, file.subtype) == ("application", "gzip")
    assert file.filename == "mail.receiver.example!example.com!302832000!302918399!x1.xml.gz"


def test_the_same_report_is_the_same_mail() -> None:
    """RFC 9990 §3.5.2: who sends again must use the same name, so that duplicates are seen."""
    mails = {
        compose_report_mail(
            REPORT,
            submitter=parse_domain("a.example"),
            author=Address("", "postmaster", "a.example"),
            recipients=[Address("", "dmarc", "example.com")],
            now=datetime(2024, 1, 2, tzinfo=UTC),
            message_id="1@a.example",
        )
        for _ in range(2)
    }
    assert len(mails) == 1


def test_unique_ids_are_checked() -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        report_filename(REPORT, parse_domain("a.example"), unique_id="a/b")
