"""`moxkit.publicsuffix` as an outsider uses it; checked by mypy, not run."""

from moxkit.domain import Domain
from moxkit.publicsuffix import is_public_suffix, organizational_domain, public_suffix


def same_owner(one: Domain, other: Domain) -> bool:
    suffix: Domain = public_suffix(one)
    registered: bool = not is_public_suffix(suffix)
    return registered or organizational_domain(one) == organizational_domain(other)
