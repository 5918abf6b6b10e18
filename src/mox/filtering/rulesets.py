"""Which ruleset of a destination a message matches, and where it goes by that (reference §3). Pure."""

from mox.config import Destination, Ruleset, compile_pattern
from mox.filtering.evidence import Placement, Sender
from moxkit.message import Headers

__all__ = ["place"]


def place(destination: Destination, sender: Sender, headers: Headers) -> Placement:
    """Return where a message is meant to go."""
    for ruleset in destination.rulesets:
        if _matches(ruleset, sender, headers):
            return Placement(ruleset.mailbox, ruleset, is_list=_is_list(ruleset, sender))
    return Placement(destination.mailbox or "Inbox")


def _is_list(ruleset: Ruleset, sender: Sender) -> bool:
    domain = ruleset.list_allow_domain.lower()
    if not domain:
        return False
    return domain in sender.dkim_domains or (
        sender.is_mail_from_validated and domain == sender.mail_from_domain
    )


def _matches(ruleset: Ruleset, sender: Sender, headers: Headers) -> bool:
    return (
        _is_in(ruleset.smtp_mail_from_regexp, sender.mail_from)
        and (not ruleset.msg_from_regexp or _is_from(ruleset.msg_from_regexp, sender.author))
        and (not ruleset.verified_domain or _is_verified(ruleset.verified_domain.lower(), sender))
        and all(_has_header(headers, name, value) for name, value in ruleset.headers_regexp.items())
    )


def _is_from(pattern: str, author: str) -> bool:
    return bool(author) and compile_pattern(pattern).is_in(author)


def _is_in(pattern: str, text: str) -> bool:
    return not pattern or compile_pattern(pattern).is_in(text)


def _is_verified(domain: str, sender: Sender) -> bool:
    verified = list(sender.dkim_domains)
    if sender.is_mail_from_validated:
        verified.append(sender.mail_from_domain)
    if sender.is_ehlo_validated:
        verified.append(sender.ehlo_domain)
    return any(each == domain or each.endswith("." + domain) for each in verified)


def _has_header(headers: Headers, name: str, value: str) -> bool:
    name_pattern, value_pattern = compile_pattern(name), compile_pattern(value)
    return any(
        name_pattern.is_in(field.name.lower()) and value_pattern.is_in(field.text.strip().lower())
        for field in headers
    )
