"""`moxkit.dsn` as an outsider uses it; checked by mypy, not run."""

from datetime import datetime

from moxkit.dsn import (
    Action,
    AddressError,
    DeliveryStatus,
    Diagnostic,
    DsnError,
    MtaName,
    Notification,
    Recipient,
    RecipientAddress,
    compose_dsn,
    decode_xtext,
    encode_delivery_status,
    encode_xtext,
    format_orcpt,
    is_dsn,
    parse_delivery_status,
    parse_dsn,
    parse_orcpt,
    recipient_address,
)
from moxkit.message import Address, parse


def read(octets: bytes) -> list[str]:
    """Read a bounce."""
    if not is_dsn(parse(octets)):
        return []
    try:
        found: Notification = parse_dsn(octets)
    except DsnError as error:
        return [str(error)]
    status: DeliveryStatus = found.status
    since: datetime | None = status.arrival_at
    lines: list[str] = [f"{status.reporting_mta.name} {since}"]
    for recipient in status.recipients:
        address: RecipientAddress = recipient.original_recipient or recipient.final_recipient
        diagnostic: Diagnostic | None = recipient.diagnostic
        match recipient.action:
            case Action.FAILED | Action.DELAYED:
                code: int | None = diagnostic.smtp_code if diagnostic else None
                lines.append(f"{address.address} {code} {recipient.status}")
            case Action.DELIVERED | Action.RELAYED | Action.EXPANDED:
                lines.append(address.address)
    return lines


def write(orcpt: str, envid: str, now: datetime, original: bytes) -> bytes:
    """Write a bounce."""
    try:
        given: RecipientAddress = parse_orcpt(orcpt)
        envelope_id: str = decode_xtext(envid)
    except AddressError:
        given, envelope_id = recipient_address("a@b.example"), encode_xtext("x")
    again: str = format_orcpt(given, utf8=True)
    recipient = Recipient(
        final_recipient=given, action=Action.FAILED, status="5.0.0", remote_mta=MtaName("mx.b.example")
    )
    status = DeliveryStatus(
        reporting_mta=MtaName("mx.example"), recipients=(recipient,), original_envelope_id=envelope_id
    )
    part: bytes = encode_delivery_status(status, utf8=True)
    return compose_dsn(
        Notification(again, parse_delivery_status(part), original, is_header_only=False),
        author=Address("", "postmaster", "mx.example"),
        recipient=Address("", "a", "mox.example"),
        subject="Failed",
        now=now,
        message_id="1@mx.example",
        utf8=True,
        may_8bit=False,
    )
