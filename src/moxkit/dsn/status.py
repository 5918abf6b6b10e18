"""What became of a message and its recipients, as values (RFC 3464 §2.2, §2.3; RFC 6533 §4.1)."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from moxkit.smtp import RecipientAddress

__all__ = ["Action", "DeliveryStatus", "Diagnostic", "DsnError", "MtaName", "Recipient"]

# What SMTP servers answer, as it stands in a Diagnostic-Code: "550 5.1.1 No such user"; the lines of a longer
# answer may be joined by "550-".
_SMTP_REPLY = re.compile(
    r"\s*+([2-5][0-9]{2})(?:[ -]\s*+([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.]))?(?![0-9])"
)


class DsnError(ValueError):
    """There is no delivery status notification, or one that cannot be read or is beyond a bound."""


class Action(StrEnum):
    """What was done for a recipient (RFC 3464 §2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class MtaName:
    """A mail server (RFC 3464 §2.2.2).

    Attributes:
        name: Its domain name, if `type` is "dns".
        type: Lower-case.
        comment: Such as its address in brackets; empty if there is none.
    """

    name: str
    type: str = "dns"
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What the mail transport had to say (RFC 3464 §2.3.6).

    Attributes:
        text: For SMTP the whole reply, its lines joined.
        type: Lower-case.
    """

    text: str
    type: str = "smtp"

    @property
    def smtp_code(self) -> int | None:
        """The reply code of SMTP, if there is one."""
        found = _SMTP_REPLY.match(self.text)
        return int(found[1]) if found is not None else None

    @property
    def enhanced_code(self) -> str | None:
        """The enhanced status code of the reply, such as "5.1.1" (RFC 2034 §4), if there is one."""
        found = _SMTP_REPLY.match(self.text)
        return found[2] if found is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """What became of one recipient.

    Attributes:
        final_recipient: The address that delivery was tried for.
        action: What was done.
        status: Enhanced status code of RFC 3463, such as "5.1.1".
        status_comment: For people; empty if there is none.
        original_recipient: The address that the sender gave (ORCPT).
        remote_mta: The server that `diagnostic` comes from; None for the reporting one.
        localized: The diagnostic in other languages, pairs of language tag and text (RFC 6533 §4.1).
        last_attempt_at: When delivery was last tried.
        final_log_id: For the log of the last server; empty if not told.
        will_retry_until: With delayed: when the reporting server will give up.
        extensions: Other fields, name and value.
    """

    final_recipient: RecipientAddress
    action: Action
    status: str
    status_comment: str = ""
    original_recipient: RecipientAddress | None = None
    remote_mta: MtaName | None = None
    diagnostic: Diagnostic | None = None
    localized: tuple[tuple[str, str], ...] = ()
    last_attempt_at: datetime | None = None
    final_log_id: str = ""
    will_retry_until: datetime | None = None
    extensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """What became of a message.

    Attributes:
        reporting_mta: The server that says so.
        recipients: At least one.
        original_envelope_id: What the sender gave (ENVID), decoded; empty if not told.
        dsn_gateway: The gateway that translated this; None if there was none.
        received_from_mta: Whom the message came from, as in its HELO.
        arrival_at: When it came.
        future_release_request: What the sender asked for (RFC 4865 §4.5); empty if nothing.
        extensions: Other fields, name and value.
    """

    reporting_mta: MtaName
    recipients: tuple[Recipient, ...]
    original_envelope_id: str = ""
    dsn_gateway: MtaName | None = None
    received_from_mta: MtaName | None = None
    arrival_at: datetime | None = None
    future_release_request: str = ""
    extensions: tuple[tuple[str, str], ...] = ()
