"""How accounts and listeners want received mail judged, from the configuration."""

from dataclasses import dataclass
from datetime import timedelta

from mox.config import AccountConfig, JunkFilter
from mox.delivery.rejects import NO_REJECTS, KeepRejects

__all__ = ["AccountRules", "rules_of"]


@dataclass(frozen=True, slots=True)
class AccountRules:
    """Of one account.

    Attributes:
        junk_filter: Parameters of the classifier; None: words are not looked at.
        subject_pass: How long a word in the subject counts; None: there is no such way in.
        introbox: Where mail of new senders goes; empty: where all goes.
        delays_strangers: Senders of whom nothing is known wait for the answer.
    """

    junk_filter: JunkFilter | None = None
    subject_pass: timedelta | None = None
    introbox: str = ""
    rejects: KeepRejects = NO_REJECTS
    delays_strangers: bool = True


def rules_of(account: AccountConfig) -> AccountRules:
    """Return the rules of an account as it is configured."""
    return AccountRules(
        junk_filter=account.junk_filter,
        subject_pass=account.subject_pass.period if account.subject_pass is not None else None,
        introbox=account.introbox,
        rejects=KeepRejects(account.rejects_mailbox, account.keep_rejects),
        delays_strangers=not account.no_first_time_sender_delay,
    )
