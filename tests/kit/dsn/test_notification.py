"""Whole notifications: composed for all kinds of receivers, found in messages of any producer."""

from contextlib import suppress
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given, strategies as st

from moxkit.dsn import (
    Action,
    DeliveryStatus,
    DsnError,
    MtaName,
    Notification,
    Recipient,
    compose_dsn,
    is_dsn,
    parse_dsn,
    recipient_address,
)
from moxkit.message import Address, header_of, parse

HEADER = b"From: a@mox.example\r\nSubject: hello\r\n"
ASCII = HEADER + b"\r\nbody\r\n"
EIGHT_BIT = HEADER + b"\r\nb\xc3\xb6dy\r\n"
UTF8_HEADER = b"From: \xc3\xa4@mox.example\r\n"
UTF8 = UTF8_HEADER + b"\r\nb\xc3\xb6dy\r\n"


def status_for(address: str) -> DeliveryStatus:
    recipient = Recipient(
        final_recipient=recipient_address(address),
        action=Action.FAILED,
        status="5.1.1",
        status_comment="unknown",
    )
    return DeliveryStatus(reporting_mta=MtaName("mx.example"), recipients=(recipient,))


def compose(notification: Notification, *, utf8: bool = False, may_8bit: bool = True) -> bytes:
    return compose_dsn(
        notification,
        author=Address("", "postmaster", "mx.example"),
        recipient=Address("", "a", "mox.example"),
        subject="mail delivery failed",
        now=datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
        message_id="1@mx.example",
        references=["2@mox.example"],
        utf8=utf8,
        may_8bit=may_8bit,
    )


# original, header only, utf8, 8-bit: type of the status, type of the original, its encoding, what comes back
RETURNS = [
    (ASCII, True, False, True, "delivery-status", "text/rfc822-headers", "7bit", HEADER),
    (ASCII, False, False, False, "delivery-status", "message/rfc822", "7bit", ASCII),
    (EIGHT_BIT, True, False, False, "delivery-status", "text/rfc822-headers", "7bit", HEADER),
    (EIGHT_BIT, False, False, True, "delivery-status", "message/rfc822", "8bit", EIGHT_BIT),
    (EIGHT_BIT, False, False, False, "delivery-status", "text/rfc822-headers", "7bit", HEADER),
    (UTF8, True, True, True, "global-delivery-status", "message/global-headers", "8bit", UTF8_HEADER),
    (UTF8, False, True, True, "global-delivery-status", "message/global", "8bit", UTF8),
    (UTF8, True, False, True, "delivery-status", "message/global-headers", "base64", UTF8_HEADER),
    (UTF8, False, False, False, "delivery-status", "message/global", "base64", UTF8),
]


@pytest.mark.parametrize(
    ("original", "header_only", "utf8", "may_8bit", "status_type", "original_type", "cte", "returned"),
    RETURNS,
)
def test_composed_for_every_receiver(
    original: bytes,
    header_only: bool,
    utf8: bool,
    may_8bit: bool,
    status_type: str,
    original_type: str,
    cte: str,
    returned: bytes,
) -> None:
    """RFC 3464 §2, RFC 6522 §3, RFC 6533 §4."""
    address = "ü@other.example" if original == UTF8 else "b@other.example"
    notification = Notification("It failed.\r\n", status_for(address), original, header_only)
    octets = compose(notification, utf8=utf8, may_8bit=may_8bit)
    root = parse(octets)
    assert (root.type, root.subtype, root.params["report-type"]) == ("multipart", "report", "delivery-status")
    assert is_dsn(root)
    text, status, third = root.parts
    assert (text.type, text.subtype) == ("text", "plain")
    assert (status.type, status.subtype) == ("message", status_type)
    assert f"{third.type}/{third.subtype}" == original_type
    assert third.cte == cte
    assert may_8bit or octets.isascii()
    found = parse_dsn(octets)
    assert found == Notification("It failed.\r\n", notification.status, returned, found.is_header_only)
    assert found.is_header_only == original_type.endswith("headers")


def test_header_of_a_notification() -> None:
    octets = compose(Notification("It failed.", status_for("b@other.example")))
    root = parse(octets)
    headers = header_of(root, octets)
    assert headers.first("from") == b"postmaster@mx.example"
    assert headers.first("to") == b"a@mox.example"
    assert headers.first("references") == b"<2@mox.example>"
    assert headers.first("auto-submitted") == b"auto-replied"
    assert headers.first("date") == b"Tue, 2 Jan 2024 03:04:05 +0000"
    assert len(root.parts) == 2
    assert parse_dsn(octets).original == b""


STATUS = b"Reporting-MTA: dns; mx.example\r\n\r\n"
STATUS += b"Final-Recipient: rfc822;b@c.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
PRODUCERS = {
    "status alone": b"Content-Type: message/delivery-status\r\n\r\n" + STATUS,
    "mixed": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\n"
    b"Content-Type: message/delivery-status\r\n\r\n" + STATUS + b"\r\n--x--\r\n",
    "base64": b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n"
    b"Content-Type: text/plain\r\n\r\ntext\r\n--x\r\n"
    b"Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"UmVwb3J0aW5nLU1UQTogZG5zOyBteC5leGFtcGxlDQoNCkZpbmFsLVJlY2lwaWVudDogcmZjODIyO2JAYy5leGFtcGxlDQpBY3Rpb246"
    b"IGZhaWxlZA0KU3RhdHVzOiA1LjEuMQ0K\r\n--x--\r\n",
    "cut": b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\n"
    b"Content-Type: message/delivery-status\r\n\r\n" + STATUS,
    "deep": b"Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n"
    b"Content-Type: multipart/report; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: message/delivery-status\r\n\r\n" + STATUS + b"\r\n--x--\r\n--y--\r\n",
}  # fmt: skip


@pytest.mark.parametrize("octets", PRODUCERS.values(), ids=PRODUCERS.keys())
def test_found_in_messages_of_any_producer(octets: bytes) -> None:
    (recipient,) = parse_dsn(octets).status.recipients
    assert recipient.final_recipient.address == "b@c.example"


def test_what_cannot_be_read_beside_the_status_is_left_out() -> None:
    octets = (
        b"Content-Type: multipart/report; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: rot13\r\n\r\ntext\r\n--x\r\n"
        b"Content-Type: message/delivery-status\r\n\r\n" + STATUS + b"\r\n--x\r\n"
        b"Content-Type: application/pdf\r\n\r\nlogo\r\n--x\r\n"
        b"Content-Type: text/rfc822-headers\r\n\r\nSubject: hi\r\n\r\n--x--\r\n"
    )
    found = parse_dsn(octets)
    assert (found.text, found.original, found.is_header_only) == ("", b"Subject: hi\r\n", True)


def test_a_returned_bounce_is_not_taken_for_the_bounce() -> None:
    inner = compose(Notification("inner", status_for("inner@c.example")))
    outer = compose(Notification("outer", status_for("outer@c.example"), inner, is_header_only=False))
    assert parse_dsn(outer).status.recipients[0].final_recipient.address == "outer@c.example"
    assert parse_dsn(outer).original == inner


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (b"", "no delivery status"),
        (ASCII, "no delivery status"),
        (b"Content-Type: message/delivery-status\r\n\r\nhello\r\n", "no recipient"),
        (
            b"Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: x\r\n\r\n" + STATUS,
            "unknown",
        ),
        (b"Content-Type: message/delivery-status\r\n\r\n" + bytes(9 << 20), "too large"),
    ],
)
def test_refuses(octets: bytes, problem: str) -> None:
    with pytest.raises(DsnError, match=problem):
        parse_dsn(octets)


def test_other_messages_are_no_notifications() -> None:
    assert not is_dsn(parse(ASCII))
    assert not is_dsn(parse(PRODUCERS["mixed"]))


@given(st.binary(max_size=80), st.integers(0, 400))
def test_noise_gives_a_notification_or_the_error(noise: bytes, at: int) -> None:
    octets = PRODUCERS["deep"]
    with suppress(DsnError):
        parse_dsn(octets[:at] + noise + octets[at:])
    with suppress(DsnError):
        parse_dsn(noise)


def test_hostile_message_ends_soon() -> None:
    began = process_time()
    part = b"--x\r\nContent-Type: message/delivery-status\r\n\r\n"
    with suppress(DsnError):
        parse_dsn(b"Content-Type: multipart/report; boundary=x\r\n\r\n" + (part * 30_000)[: 1 << 20])
    assert process_time() - began < 3
