"""What accounts may and want, as the configuration says it now, in the words of those who ask."""

from datetime import timedelta

from mox.config import ConfigSource, InitialMailboxes, Pattern, compile_pattern
from mox.queue import SendLimits
from mox.store import DEFAULT_MAILBOXES, NO_RULES, JunkFlagRules, Quota

__all__ = ["initial_mailboxes", "junk_flag_rules", "keep_retired", "quota", "send_limits"]

# Of accounts that are gone.
_RETIRED_OF_NOBODY = timedelta(weeks=1)
# Where the configuration says 0.
_RECIPIENTS_A_DAY, _NEW_RECIPIENTS_A_DAY = 1000, 200


def junk_flag_rules(source: ConfigSource, name: str) -> JunkFlagRules:
    """Return which flags follow from an account's mailboxes."""
    flags = source.current.accounts[name].automatic_junk_flags
    if flags is None or not flags.enabled:
        return NO_RULES

    def pattern(text: str) -> Pattern | None:
        return compile_pattern(text) if text else None

    return JunkFlagRules(
        junk=pattern(flags.junk_mailbox_regexp),
        neutral=pattern(flags.neutral_mailbox_regexp),
        notjunk=pattern(flags.not_junk_mailbox_regexp),
    )


def keep_retired(source: ConfigSource, name: str) -> timedelta:
    """Return how long it is remembered what an account sent."""
    account = source.current.accounts.get(name)
    return _RETIRED_OF_NOBODY if account is None else account.keep_retired_message_period


def send_limits(source: ConfigSource, name: str) -> SendLimits:
    """Return how much an account may send."""
    account = source.current.accounts[name]
    return SendLimits(
        account.max_outgoing_messages_per_day or _RECIPIENTS_A_DAY,
        account.max_first_time_recipients_per_day or _NEW_RECIPIENTS_A_DAY,
    )


def quota(source: ConfigSource, name: str) -> Quota:
    """Return how much an account may hold."""
    own, general = source.current.accounts[name], source.current.static

    def limit(of_account: int, of_all: int) -> int:
        return max(0, of_account) if of_account else of_all

    return Quota(
        octets=limit(own.quota_message_size, general.quota_message_size),
        messages=limit(own.quota_messages, general.quota_messages),
        mailboxes=limit(own.quota_mailboxes, general.quota_mailboxes),
    )


def initial_mailboxes(configured: InitialMailboxes) -> tuple[tuple[str, str | None], ...]:
    """Name what a new account gets; nothing configured means the usual ones."""
    use = configured.special_use
    special = (
        (use.sent, "\\Sent"),
        (use.archive, "\\Archive"),
        (use.trash, "\\Trash"),
        (use.draft, "\\Drafts"),
        (use.junk, "\\Junk"),
    )
    named = [(name, flag) for name, flag in special if name]
    return (*named, *((name, None) for name in configured.regular)) or DEFAULT_MAILBOXES
