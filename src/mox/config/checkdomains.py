"""Problems of domains: signing, reports, the MTA-STS policy, separators."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta

from mox.config.dynamic import DKIM, MTASTS, DomainConfig, DynamicConfig, ReportAddress, Selector
from mox.config.problem import KeyPath
from mox.config.static import StaticConfig
from moxkit.domain import DomainError, parse_domain

__all__ = ["check_domain_config"]

Found = tuple[KeyPath, str]

# RFC 8461 §3.1, §3.2.
_POLICY_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_MODES = ("enforce", "testing", "none")
_LONGEST_AGE = timedelta(seconds=31557600)
_HASHES = ("sha256", "sha1")
_LOCALPART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")


def check_domain_config(
    config: DynamicConfig, static: StaticConfig, domain: DomainConfig, path: KeyPath
) -> Iterator[Found]:
    """Find the problems of a domain."""
    if domain.client_settings_domain:
        yield from _check_name(domain.client_settings_domain, (*path, "ClientSettingsDomain"))
    yield from _check_separators(domain, path)
    if domain.dkim is not None:
        yield from _check_dkim(domain.dkim, (*path, "DKIM"))
    for key, reports in (("DMARC", domain.dmarc), ("TLSRPT", domain.tlsrpt)):
        if reports is not None:
            yield from _check_reports(config, reports, (*path, key))
    if domain.mtasts is not None:
        yield from _check_policy(static, domain.mtasts, (*path, "MTASTS"))


def _check_separators(domain: DomainConfig, path: KeyPath) -> Iterator[Found]:
    several = (*path, "LocalpartCatchallSeparators")
    if domain.localpart_catchall_separator and domain.localpart_catchall_separators:
        yield several, "cannot go with LocalpartCatchallSeparator; keep one"
    for index, separator in enumerate(domain.localpart_catchall_separators):
        if not separator:
            yield (*several, index), "must not be empty"
        elif domain.localpart_catchall_separators.index(separator) != index:
            yield (*several, index), f"{separator!r} is there already"


def _check_dkim(dkim: DKIM, path: KeyPath) -> Iterator[Found]:
    for name, selector in dkim.selectors.items():
        where = (*path, "Selectors", name)
        yield from _check_name(name, where)
        yield from _check_selector(selector, where)
    for index, name in enumerate(dkim.sign):
        if name not in dkim.selectors:
            yield (*path, "Sign", index), f"selector {name!r} is not configured"


def _check_selector(selector: Selector, path: KeyPath) -> Iterator[Found]:
    if selector.hash not in _HASHES:
        yield (*path, "Hash"), f"must be one of {', '.join(_HASHES)}; sha256 is the secure one"
    if selector.headers and "from" not in {name.lower() for name in selector.headers}:
        yield (*path, "Headers"), "must have From (RFC 6376 §5.4)"
    if selector.expiration < timedelta(0):
        yield (*path, "Expiration"), "must not be negative"
    if not selector.private_key_file:
        yield (*path, "PrivateKeyFile"), "must not be empty"


def _check_reports(config: DynamicConfig, reports: ReportAddress, path: KeyPath) -> Iterator[Found]:
    if not _LOCALPART.fullmatch(reports.localpart):
        yield (*path, "Localpart"), "must be a localpart in ASCII, the part of an address before the @"
    if reports.domain and reports.domain not in config.domains:
        yield (*path, "Domain"), f"domain {reports.domain!r} is not configured"
    if reports.account not in config.accounts:
        yield (*path, "Account"), f"there is no account {reports.account!r}"
    if not reports.mailbox or unicodedata.normalize("NFC", reports.mailbox) != reports.mailbox:
        yield (*path, "Mailbox"), "must be a mailbox name in Unicode NFC"


def _check_policy(static: StaticConfig, policy: MTASTS, path: KeyPath) -> Iterator[Found]:
    if not any(each.mtasts_https and each.mtasts_https.enabled for each in static.listeners.values()):
        yield path, "is served by nobody: enable MTASTSHTTPS of a listener, or leave it out"
    if not _POLICY_ID.fullmatch(policy.policy_id):
        yield (*path, "PolicyID"), "must be up to 32 letters and digits"
    if policy.mode not in _MODES:
        yield (*path, "Mode"), f"must be one of {', '.join(_MODES)}"
    if not timedelta(0) <= policy.max_age <= _LONGEST_AGE:
        yield (*path, "MaxAge"), "must be at most a year (8766h)"
    for index, host in enumerate(policy.mx):
        yield from _check_name(host.removeprefix("*."), (*path, "MX", index))


def _check_name(name: str, path: KeyPath) -> Iterator[Found]:
    try:
        parse_domain(name, allow_underscore=True)
    except DomainError as error:
        yield path, f"{name!r} is not a domain name: {error}"
