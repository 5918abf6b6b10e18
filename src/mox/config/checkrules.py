"""Problems of what people match mail with: patterns, rulesets, and the mailboxes they name."""

import unicodedata
from collections.abc import Iterator

from mox.config.dynamic import AccountConfig, Destination, JunkFilter, Ruleset
from mox.config.patterns import PatternError, compile_pattern
from mox.config.problem import KeyPath

__all__ = ["check_rules"]

Found = tuple[KeyPath, str]


def check_rules(account: AccountConfig, path: KeyPath) -> Iterator[Found]:
    """Find problems of an account's rules."""
    if (flags := account.automatic_junk_flags) is not None:
        where = (*path, "AutomaticJunkFlags")
        yield from _check_pattern(flags.junk_mailbox_regexp, (*where, "JunkMailboxRegexp"))
        yield from _check_pattern(flags.neutral_mailbox_regexp, (*where, "NeutralMailboxRegexp"))
        yield from _check_pattern(flags.not_junk_mailbox_regexp, (*where, "NotJunkMailboxRegexp"))
    if account.junk_filter is not None:
        yield from _check_filter(account.junk_filter, (*path, "JunkFilter"))
    yield from _check_special_mailboxes(account, path)
    for address, destination in account.destinations.items():
        yield from _check_destination(destination, (*path, "Destinations", address))


def _check_special_mailboxes(account: AccountConfig, path: KeyPath) -> Iterator[Found]:
    for key, name in (("RejectsMailbox", account.rejects_mailbox), ("Introbox", account.introbox)):
        if name:
            yield from _check_mailbox(name, (*path, key))
        if name.lower() == "inbox":
            yield (*path, key), "cannot be Inbox"
    if account.introbox and account.introbox == account.rejects_mailbox:
        yield (*path, "Introbox"), "cannot be the same mailbox as RejectsMailbox"


def _check_mailbox(name: str, where: KeyPath) -> Iterator[Found]:
    if not name or unicodedata.normalize("NFC", name) != name:
        yield where, "must be a mailbox name in Unicode NFC"


def _check_pattern(text: str, where: KeyPath) -> Iterator[Found]:
    try:
        compile_pattern(text)
    except PatternError as error:
        yield where, f"is not a regular expression (RE2): {error}"


def _check_filter(settings: JunkFilter, where: KeyPath) -> Iterator[Found]:
    if not 0 <= settings.threshold <= 1:
        yield (*where, "Threshold"), "must be from 0 to 1"
    for key, value in (("MaxPower", settings.max_power), ("IgnoreWords", settings.ignore_words)):
        if not 0 <= value <= 0.5:
            yield (*where, key), "must be from 0 to 0.5"
    for key, count in (("TopWords", settings.top_words), ("RareWords", settings.rare_words)):
        if count < 0:
            yield (*where, key), "cannot be negative"
    if not (settings.onegrams or settings.twograms or settings.threegrams):
        yield where, "needs at least one of Onegrams, Twograms and Threegrams"


def _check_destination(destination: Destination, where: KeyPath) -> Iterator[Found]:
    for index, ruleset in enumerate(destination.rulesets):
        yield from _check_ruleset(ruleset, (*where, "Rulesets", index))


def _check_ruleset(ruleset: Ruleset, where: KeyPath) -> Iterator[Found]:
    yield from _check_mailbox(ruleset.mailbox, (*where, "Mailbox"))
    conditions = (ruleset.smtp_mail_from_regexp, ruleset.msg_from_regexp, ruleset.verified_domain)
    if not any(conditions) and not ruleset.headers_regexp:
        yield where, "has no condition; set at least one"
    yield from _check_pattern(ruleset.smtp_mail_from_regexp, (*where, "SMTPMailFromRegexp"))
    yield from _check_pattern(ruleset.msg_from_regexp, (*where, "MsgFromRegexp"))
    for name, value in ruleset.headers_regexp.items():
        for text in (name, value):
            yield from _check_pattern(text, (*where, "HeadersRegexp", name))
            if text != text.lower():
                yield (*where, "HeadersRegexp", name), "must be in lower case, as what it is matched with"
    if ruleset.is_forward and not (ruleset.smtp_mail_from_regexp and ruleset.verified_domain):
        yield (*where, "IsForward"), "needs SMTPMailFromRegexp and VerifiedDomain"
    if ruleset.is_forward and ruleset.list_allow_domain:
        yield (*where, "IsForward"), "cannot go with ListAllowDomain"
    if ruleset.accept_rejects_to_mailbox.lower() == "inbox":
        yield (*where, "AcceptRejectsToMailbox"), "cannot be Inbox"
