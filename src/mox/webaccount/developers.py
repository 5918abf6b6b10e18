"""For people who write programs: webhooks, and what IMAP offers to theirs."""

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from urllib.parse import urlsplit

from mox.config import IncomingWebhook, OutgoingWebhook
from mox.http import Caller, Operation, ProblemError, described
from mox.webaccount.parts import AccountParts

__all__ = ["Developers"]

# An atom in upper case (RFC 9051 §9, capability).
_CAPABILITY = re.compile(r"[A-Z0-9!#$&'+,\-./:;<=>?@^_`|~]{1,100}")


class Event(StrEnum):
    """What is told about sent mail."""

    DELIVERED = "delivered"
    SUPPRESSED = "suppressed"
    DELAYED = "delayed"
    FAILED = "failed"
    RELAYED = "relayed"
    EXPANDED = "expanded"
    CANCELED = "canceled"
    UNRECOGNIZED = "unrecognized"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingHook:
    """Calls about sent mail."""

    url: str = field(metadata=described("http or https; empty: no calls.", max_length=1000))
    authorization: str = field(metadata=described("Authorization header; empty for none.", max_length=1000))
    events: tuple[Event, ...] = field(metadata=described("Empty: all."))


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingHook:
    """Calls about received mail."""

    url: str = field(metadata=described("http or https; empty: no calls.", max_length=1000))
    authorization: str = field(metadata=described("Authorization header; empty for none.", max_length=1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenCapabilities:
    """IMAP capabilities that mail programs are not told of."""

    capabilities: tuple[str, ...] = field(metadata=described("In upper case."))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeveloperSettings:
    """All of it."""

    outgoing: OutgoingHook
    incoming: IncomingHook
    imap: HiddenCapabilities


class Developers:
    """The operations."""

    def __init__(self, parts: AccountParts) -> None:
        self._parts = parts

    def operations(self) -> list[Operation]:
        """Return all of them."""
        return [
            Operation(
                method="GET", path="developers", summary="Webhooks and IMAP.", call=self.get_developers
            ),
            Operation(
                method="PUT",
                path="developers/outgoing",
                summary="Change the calls about sent mail.",
                call=self.set_outgoing_webhook,
            ),
            Operation(
                method="PUT",
                path="developers/incoming",
                summary="Change the calls about received mail.",
                call=self.set_incoming_webhook,
            ),
            Operation(
                method="PUT",
                path="developers/imap",
                summary="Change which IMAP capabilities are hidden.",
                call=self.set_hidden_capabilities,
            ),
        ]

    async def get_developers(self, caller: Caller) -> DeveloperSettings:
        """Return the settings."""
        settings = self._parts.settings(caller.account)
        outgoing = settings.outgoing_webhook or OutgoingWebhook(url="")
        incoming = settings.incoming_webhook or IncomingWebhook(url="")
        return DeveloperSettings(
            outgoing=OutgoingHook(
                url=outgoing.url,
                authorization=outgoing.authorization,
                events=tuple(Event(each) for each in outgoing.events if each in list(Event)),
            ),
            incoming=IncomingHook(url=incoming.url, authorization=incoming.authorization),
            imap=HiddenCapabilities(capabilities=settings.imap_capabilities_disabled),
        )

    async def set_outgoing_webhook(self, caller: Caller, body: OutgoingHook) -> None:
        """Change the calls about sent mail."""
        url = _checked(body.url, body.authorization)
        hook = OutgoingWebhook(
            url=url, authorization=body.authorization, events=tuple(dict.fromkeys(body.events))
        )
        self._parts.change(caller.account, lambda old: replace(old, outgoing_webhook=hook if url else None))

    async def set_incoming_webhook(self, caller: Caller, body: IncomingHook) -> None:
        """Change the calls about received mail."""
        url = _checked(body.url, body.authorization)
        hook = IncomingWebhook(url=url, authorization=body.authorization)
        self._parts.change(caller.account, lambda old: replace(old, incoming_webhook=hook if url else None))

    async def set_hidden_capabilities(self, caller: Caller, body: HiddenCapabilities) -> None:
        """Change which capabilities are hidden."""
        for each in body.capabilities:
            if _CAPABILITY.fullmatch(each) is None:
                raise ProblemError(
                    422,
                    "Capabilities are words in upper case, like IMAP4REV2.",
                    code="wrong-value",
                    field="capabilities",
                )
        wanted = tuple(dict.fromkeys(body.capabilities))
        self._parts.change(caller.account, lambda old: replace(old, imap_capabilities_disabled=wanted))


def _checked(url: str, authorization: str) -> str:
    """Return the URL of a webhook.

    Raises:
        ProblemError: It is none, or the header cannot be sent.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isascii()
        # What a port is, is only looked at when it is asked for.
        is_good = is_good and (parts.port is None or parts.port > 0) and url.isprintable()
    except ValueError:
        is_good = False
    if url and not is_good:
        raise ProblemError(422, "That is not an http or https URL.", code="wrong-value", field="url")
    if not authorization.isascii() or not authorization.isprintable():
        raise ProblemError(
            422,
            "A header has only ASCII characters that can be printed.",
            code="wrong-value",
            field="authorization",
        )
    return url
