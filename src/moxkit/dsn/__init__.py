"""Delivery status notifications: composed, and read from whatever producer.

RFC 3464 (the fields), 3461 §4 (ORCPT, xtext), 6522 (multipart/report), 6533 (in UTF-8). No I/O; it does not
decide when a notification is due, and neither sends nor stores it.

    status = DeliveryStatus(reporting_mta=MtaName("mx.example"), recipients=(Recipient(...),))
    octets = compose_dsn(Notification("It failed.", status, original), author=us, recipient=sender, ...)
    found = parse_dsn(octets)
    for recipient in found.status.recipients:
        print(recipient.final_recipient.address, recipient.action, recipient.status)

`parse_dsn` and `parse_delivery_status` raise `DsnError`, encoders and decoders of addresses `AddressError`;
composing raises `ValueError` for what cannot be written.
"""

from moxkit.dsn.address import recipient_address
from moxkit.dsn.notification import Notification, compose_dsn, is_dsn, parse_dsn
from moxkit.dsn.readstatus import parse_delivery_status
from moxkit.dsn.status import Action, DeliveryStatus, Diagnostic, DsnError, MtaName, Recipient
from moxkit.dsn.writestatus import encode_delivery_status
from moxkit.smtp import (
    AddressError,
    RecipientAddress,
    decode_xtext,
    encode_xtext,
    format_orcpt,
    parse_orcpt,
)

__all__ = [
    "Action",
    "AddressError",
    "DeliveryStatus",
    "Diagnostic",
    "DsnError",
    "MtaName",
    "Notification",
    "Recipient",
    "RecipientAddress",
    "compose_dsn",
    "decode_xtext",
    "encode_delivery_status",
    "encode_xtext",
    "format_orcpt",
    "is_dsn",
    "parse_delivery_status",
    "parse_dsn",
    "parse_orcpt",
    "recipient_address",
]
