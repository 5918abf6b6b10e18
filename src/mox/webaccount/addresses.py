"""What happens to mail for one address: its mailbox, refusals, rules."""

import hashlib
from dataclasses import dataclass, field, replace

from mox.config import AccountConfig, Destination, Ruleset
from mox.http import Caller, Operation, Parameter, ProblemError, described
from mox.webaccount.parts import AccountParts

__all__ = ["Addresses"]

_PATTERN = "Regular expression (RE2); empty: not looked at."


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderPattern:
    """A header field that must be there; both in lower case."""

    name: str = field(metadata=described("Regular expression.", max_length=200, min_length=1))
    value: str = field(metadata=described("Regular expression.", max_length=500))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A filter: all that is given must hold; the first rule that matches decides."""

    mailbox: str = field(metadata=described("Where the message goes.", max_length=200, min_length=1))
    smtp_mail_from: str = field(
        default="", metadata=described(f"Envelope's sender. {_PATTERN}", max_length=500)
    )
    msg_from: str = field(default="", metadata=described(f"Address in From. {_PATTERN}", max_length=500))
    verified_domain: str = field(
        default="", metadata=described("Domain that SPF or DKIM verified.", max_length=255)
    )
    headers: tuple[HeaderPattern, ...] = field(default=(), metadata=described("Header fields."))
    is_forward: bool = field(
        default=False, metadata=described("The sender forwards: its reputation does not count.")
    )
    list_allow_domain: str = field(
        default="", metadata=described("Mailing list of this domain: accept it.", max_length=255)
    )
    accept_rejects_to_mailbox: str = field(
        default="", metadata=described("Where to put what would be refused.", max_length=200)
    )
    comment: str = field(default="", metadata=described("For you.", max_length=500))


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressSettings:
    """What happens to mail for an address.

    A change shows the version that it was made from: if that is not the stored one any more, it is refused.
    """

    version: str = field(metadata=described("Of the settings.", max_length=100))
    mailbox: str = field(metadata=described("Empty: Inbox.", max_length=200))
    full_name: str = field(metadata=described("Name for From; empty: the account's.", max_length=200))
    refusal: str = field(
        metadata=described('Refuse all mail with this: "421 …" or "550 …"; empty: take it.', max_length=260)
    )
    authentication_refusal: str = field(
        metadata=described(
            "Refuse mail without verified sender with this text; empty: take it.", max_length=256
        )
    )
    rules: tuple[Rule, ...]


class Addresses:
    """The operations."""

    def __init__(self, parts: AccountParts) -> None:
        self._parts = parts

    def operations(self) -> list[Operation]:
        """Return all of them."""
        address = Parameter(name="address", doc="As the account lists it.")
        return [
            Operation(
                method="GET",
                path="addresses/{address:path}",
                summary="What happens to mail for an address.",
                call=self.get_address,
                parameters=(address,),
            ),
            Operation(
                method="PUT",
                path="addresses/{address:path}",
                summary="Change what happens to mail for an address.",
                call=self.set_address,
                parameters=(address,),
            ),
        ]

    async def get_address(self, caller: Caller, address: str) -> AddressSettings:
        """Return the settings."""
        return _shown(_find(self._parts.settings(caller.account), address))

    async def set_address(self, caller: Caller, address: str, body: AddressSettings) -> AddressSettings:
        """Change the settings."""

        def build(old: AccountConfig) -> AccountConfig:
            if _version(_find(old, address)) != body.version:
                raise ProblemError(
                    409, "Somebody changed these settings meanwhile. Load the page again.", code="modified"
                )
            return replace(old, destinations={**old.destinations, address: _destination(body)})

        self._parts.change(caller.account, build)
        return await self.get_address(caller, address)


def _find(settings: AccountConfig, address: str) -> Destination:
    found = settings.destinations.get(address)
    if found is None:
        raise ProblemError(404, "That is not an address of this account.", code="no-such-address")
    return found


def _version(destination: Destination) -> str:
    return hashlib.sha256(repr(destination).encode()).hexdigest()[:16]


def _destination(body: AddressSettings) -> Destination:
    return Destination(
        mailbox=body.mailbox.strip(),
        full_name=body.full_name.strip(),
        smtp_error=body.refusal.strip(),
        message_auth_required_smtp_error=body.authentication_refusal.strip(),
        rulesets=tuple(
            Ruleset(
                mailbox=rule.mailbox.strip(),
                smtp_mail_from_regexp=rule.smtp_mail_from,
                msg_from_regexp=rule.msg_from,
                verified_domain=rule.verified_domain.strip(),
                headers_regexp={each.name: each.value for each in rule.headers},
                is_forward=rule.is_forward,
                list_allow_domain=rule.list_allow_domain.strip(),
                accept_rejects_to_mailbox=rule.accept_rejects_to_mailbox.strip(),
                comment=rule.comment,
            )
            for rule in body.rules
        ),
    )


def _shown(destination: Destination) -> AddressSettings:
    return AddressSettings(
        version=_version(destination),
        mailbox=destination.mailbox,
        full_name=destination.full_name,
        refusal=destination.smtp_error,
        authentication_refusal=destination.message_auth_required_smtp_error,
        rules=tuple(
            Rule(
                mailbox=each.mailbox,
                smtp_mail_from=each.smtp_mail_from_regexp,
                msg_from=each.msg_from_regexp,
                verified_domain=each.verified_domain,
                headers=tuple(
                    HeaderPattern(name=name, value=value) for name, value in each.headers_regexp.items()
                ),
                is_forward=each.is_forward,
                list_allow_domain=each.list_allow_domain,
                accept_rejects_to_mailbox=each.accept_rejects_to_mailbox,
                comment=each.comment,
            )
            for each in destination.rulesets
        ),
    )
