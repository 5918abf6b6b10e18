"""Reports in mail: what is found, what is refused, bombs, and the mail we compose (RFC 8460 §5.3)."""

import gzip
from contextlib import suppress
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given, strategies as st

from kit.tlsrpt.samples import SAMPLE
from moxkit.domain import parse_domain
from moxkit.message import (
    Address,
    Composer,
    Entity,
    attachment,
    entity,
    header_of,
    multipart,
    parse,
    text_entity,
)
from moxkit.tlsrpt import (
    ReportError,
    compose_report_mail,
    parse_report,
    parse_report_json,
    parse_report_message,
    report_filename,
)

REPORT = parse_report_json(SAMPLE)
GZIP = gzip.compress(SAMPLE)
TEXT = text_entity("Here is a report.")
JSON_PART = attachment(SAMPLE, content_type="application/tlsrpt+json")
GZIP_PART = attachment(GZIP, content_type="application/tlsrpt+gzip")


def mail(body: Entity) -> bytes:
    composer = Composer()
    composer.text("Subject", "Report Domain: example.com")
    return composer.message(body)


MESSAGES = {
    "json": mail(multipart("report", [TEXT, JSON_PART], params={"report-type": "tlsrpt"})),
    "gzip": mail(multipart("report", [TEXT, GZIP_PART], params={"report-type": "TLSRPT"})),
    "whole message": mail(GZIP_PART),
    "mixed": mail(multipart("mixed", [TEXT, JSON_PART])),
    "deep": mail(multipart("mixed", [TEXT, multipart("mixed", [GZIP_PART])])),
    "wrong type": mail(attachment(GZIP, content_type="application/tlsrpt+json")),
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
def test_finds_the_report(message: bytes) -> None:
    assert parse_report_message(message) == REPORT
    assert parse_report_message(memoryview(message)) == REPORT


REFUSED = {
    "no report": (mail(TEXT), "no report in message"),
    "json of something": (mail(attachment(SAMPLE, content_type="application/json")), "no report in message"),
    "other report": (
        mail(multipart("report", [TEXT, JSON_PART], params={"report-type": "delivery-status"})),
        "another type",
    ),
    "no report type": (mail(multipart("report", [TEXT, JSON_PART])), "another type"),
    "cut": (mail(attachment(GZIP[:-9], content_type="application/tlsrpt+gzip")), "early"),
    "encoding": (
        mail(entity(SAMPLE, content_type="application/tlsrpt+json", cte="rot13")),
        "unknown content",
    ),
    "large": (bytes((15 << 20) + 1), "message too large"),
}


@pytest.mark.parametrize(("message", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(message: bytes, problem: str) -> None:
    with pytest.raises(ReportError, match=problem):
        parse_report_message(message)


def test_bombs_are_not_inflated() -> None:
    bomb = gzip.compress(b" " * (100 << 20))
    began = process_time()
    with pytest.raises(ReportError, match="too large"):
        parse_report_message(mail(attachment(bomb, content_type="application/tlsrpt+gzip")))
    assert process_time() - began < 2


@given(st.binary(max_size=100), st.integers(0, len(GZIP)))
def test_noise_gives_a_report_or_the_error(noise: bytes, at: int) -> None:
    for octets in (noise, GZIP[:at] + noise):
        with suppress(ReportError):
            parse_report(octets)
        with suppress(ReportError):
            parse_report_message(b"Content-Type: application/tlsrpt+gzip\r\n\r\n" + octets)


def test_mail_that_we_compose() -> None:
    octets = compose_report_mail(
        REPORT,
        policy_domain=parse_domain("company-y.example"),
        submitter=parse_domain("mail.sender.example.com"),
        author=Address("", "tlsrpt", "mail.sender.example.com"),
        recipients=[Address("", "mts-sts-tlsrpt", "example.net")],
        now=datetime(2017, 5, 9, 16, 54, 30, tzinfo=UTC),
        message_id="1@mail.sender.example.com",
        unique_id="001",
    )
    assert octets.isascii()
    assert parse_report_message(octets) == REPORT
    root = parse(octets)
    headers = header_of(root, octets)
    assert headers.text("subject") == (
        "Report Domain: company-y.example Submitter: mail.sender.example.com "
        "Report-ID: <5065427c-23d3-47ca-b6e0-946ea0e8c4be>"
    )
    assert headers.first("tls-report-domain") == b"company-y.example"
    assert headers.first("tls-report-submitter") == b"mail.sender.example.com"
    assert headers.first("tls-required") == b"No"  # RFC 8689 §5
    assert (root.subtype, root.params["report-type"]) == ("report", "tlsrpt")
    text, file = root.parts
    assert text.type == "text"
    assert (file.type, file.subtype) == ("application", "tlsrpt+gzip")
    # RFC 8460 §5.1
    assert file.filename == "mail.sender.example.com!company-y.example!1459468800!1459555199!001.json.gz"


def test_unique_ids_are_checked() -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        report_filename(REPORT, parse_domain("a.example"), parse_domain("b.example"), unique_id="a/b")
