"""What a new domain begins with: settings and keys for DKIM (reference config.md §4)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from mox.config import DKIM, MTASTS, Canonicalization, DomainConfig, ReportAddress, Selector, StaticConfig
from moxkit import dkim

__all__ = ["NewDomain", "new_domain"]

_DIRECTORY = "dkim"
_SELECTORS = ("a", "b")
_KEY_ENDING = ".rsa2048.privatekey.pkcs8.pem"
_SIGNATURES_LAST = timedelta(hours=72)
_POLICY_LASTS = timedelta(hours=24)


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

    MTA-STS is configured where a listener serves policies, and nowhere else; a name of its own for mail
    programs where certificates come for any name: those of another tool are for the names that it knows.
    """
    made = {f"{now:%Y}{each}": make_key() for each in _SELECTORS}
    files = {
        selector: f"{_DIRECTORY}/{selector}._domainkey.{name}.{now:%Y%m%dT%H%M%S}{_KEY_ENDING}"
        for selector in made
    }
    serves_policies = any(
        listener.mtasts_https is not None and listener.mtasts_https.enabled
        for listener in static.listeners.values()
    )
    issues = any(listener.tls is not None and listener.tls.acme for listener in static.listeners.values())
    config = DomainConfig(
        disabled=is_disabled,
        client_settings_domain=f"mail.{name}" if issues else "",
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
