"""What a new account begins with (reference config.md §3.3)."""

from datetime import timedelta

from mox.config import AccountConfig, AutomaticJunkFlags, Destination, JunkFilter, SubjectPass

__all__ = ["new_account"]


def new_account(domain: str, address: str) -> AccountConfig:
    """Return the settings of a new account."""
    return AccountConfig(
        domain=domain,
        destinations={address: Destination()},
        rejects_mailbox="Rejects",
        automatic_junk_flags=AutomaticJunkFlags(
            enabled=True,
            junk_mailbox_regexp="^(junk|spam)",
            neutral_mailbox_regexp="^(inbox|introbox|neutral|postmaster|dmarc|tlsrpt|rejects)",
        ),
        junk_filter=JunkFilter(
            threshold=0.95, onegrams=True, max_power=0.01, top_words=10, ignore_words=0.1, rare_words=2
        ),
        subject_pass=SubjectPass(period=timedelta(hours=12)),
        no_custom_password=True,
    )
