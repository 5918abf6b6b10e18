"""Configuration profiles for Apple's Mail. Pure."""

import hashlib
import hmac
import plistlib
from collections.abc import Sequence
from uuid import UUID

from mox.config import ClientServer, Security

__all__ = ["profile", "profile_name"]

# Another profile with the same addresses replaces the earlier one on a device.
_VERSION = b"mox profile 1"


def profile(
    addresses: Sequence[str], name: str, *, domain: str, imap: ClientServer, submission: ClientServer
) -> bytes:
    """Write a profile, unsigned and without a password.

    Args:
        addresses: Of one account, the first to sign in with.
        name: Of the person.
        domain: Of the first address, ASCII.
        imap: Where mail is read.
        submission: Where mail is sent.
    """
    first = addresses[0]
    localpart = first.rpartition("@")[0]
    identifier = ".".join((*reversed(domain.split(".")), localpart, "email"))
    account = {
        "EmailAccountDescription": first,
        "EmailAccountName": name,
        "EmailAccountType": "EmailTypeIMAP",
        "EmailAddress": ",".join(addresses),
        "OutgoingPasswordSameAsIncomingPassword": True,
        **_server("Incoming", imap, first),
        **_server("Outgoing", submission, first),
        "PayloadIdentifier": f"{identifier}.account",
        "PayloadType": "com.apple.mail.managed",
        "PayloadUUID": _uuid("account", addresses),
        "PayloadVersion": 1,
    }
    return plistlib.dumps(
        {
            "PayloadContent": [account],
            "PayloadDisplayName": f"{first} email account",
            "PayloadIdentifier": identifier,
            "PayloadType": "Configuration",
            "PayloadUUID": _uuid("config", addresses),
            "PayloadVersion": 1,
        }
    )


def _server(direction: str, server: ClientServer, user: str) -> dict[str, object]:
    prefix = f"{direction}MailServer"
    return {
        # Inside of TLS; the alternative is CRAM-MD5, which is off unless somebody wants it.
        f"{prefix}Authentication": "EmailAuthPassword",
        f"{prefix}HostName": server.host,
        f"{prefix}PortNumber": server.port,
        f"{prefix}UseSSL": server.security is not Security.NONE,
        f"{prefix}Username": user,
    }


def _uuid(kind: str, addresses: Sequence[str]) -> str:
    digest = hmac.digest(_VERSION, "\n".join((kind, *addresses)).encode(), hashlib.sha256)
    return str(UUID(bytes=digest[:16])).upper()


def profile_name(address: str) -> str:
    """Return the name of the file for an address; it consists of harmless characters."""
    text = address.replace(".", "-").replace("@", "-at-")
    harmless = "".join(each if each.isascii() and (each.isalnum() or each in "-_+") else "_" for each in text)
    return f"email-account-{harmless}.mobileconfig"
