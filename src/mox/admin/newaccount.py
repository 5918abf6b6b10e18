"""What a new account and a new domain begin with (reference config.md §3.3, §4)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from mox.config import (
    DKIM,
    MTASTS,
    AccountConfig,
    AutomaticJunkFlags,
    Canonicalization,
    Destination,
    DomainConfig,
    JunkFilter,
    ReportAddress,
    Selector,
    StaticConfig,
    SubjectPass,
)
from moxkit import dkim

__all__ = ["DKIM_DIRECTORY", "NewDomain", "new_account", "new_domain"]

DKIM_DIRECTORY = "dkim"
_SELECTORS = ("a", "b")
_KEY_ENDING = ".rsa2048.privatekey.pkcs8.pem"
_SIGNATURES_LAST = timedelta(hours=72)
_POLICY_LASTS = timedelta(hours=24)


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


@dataclass(frozen=True, slots=True)
class NewDomain:
    """Settings, and the keys to be written, by path below the configuration's directory."""

    config: DomainConfig
    keys: dict[Path, bytes]


def new_domain(
    name: str,
    static: StaticConfig,
    *,
    account: str,
    now: datetime,
    is_disabled: bool = False,
    make_key: Callable[[], dkim.PrivateKey] = dkim.generate_rsa,
) -> NewDomain:
    """Return a new domain, whose reports go to an account.

    MTA-STS is configured where a listener serves policies, and nowhere else.
    """
    made = {f"{now:%Y}{each}": make_key() for each in _SELECTORS}
    files = {
        selector: f"{DKIM_DIRECTORY}/{selector}._domainkey.{name}.{now:%Y%m%dT%H%M%S}{_KEY_ENDING}"
        for selector in made
    }
    serves_policies = any(
        listener.mtasts_https is not None and listener.mtasts_https.enabled
        for listener in static.listeners.values()
    )
    config = DomainConfig(
        disabled=is_disabled,
        client_settings_domain=f"mail.{name}",
        localpart_catchall_separator="+",
        dkim=DKIM(
            selectors={
                selector: Selector(
                    # What programs on the way do to spaces and lines is no forgery.
                    canonicalization=Canonicalization(header_relaxed=True, body_relaxed=True),
                    expiration=_SIGNATURES_LAST,
                    private_key_file=file,
                )
                for selector, file in files.items()
            },
            # The other is there to change to, once this one has to go.
            sign=(next(iter(made)),),
        ),
        dmarc=ReportAddress(localpart="dmarcreports", account=account, mailbox="DMARC"),
        tlsrpt=ReportAddress(localpart="tlsreports", account=account, mailbox="TLSRPT"),
        mtasts=MTASTS(
            policy_id=f"{now:%Y%m%dT%H%M%S}", mode="enforce", max_age=_POLICY_LASTS, mx=(static.hostname,)
        )
        if serves_policies
        else None,
    )
    return NewDomain(
        config,
        {Path(files[selector]): dkim.encode_private_key(key) for selector, key in made.items()},
    )
