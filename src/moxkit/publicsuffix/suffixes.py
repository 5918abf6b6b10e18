"""The list, read when it is first needed, and the questions that mail authentication asks of it."""

from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

from moxkit.domain import Domain

__all__ = ["is_public_suffix", "organizational_domain", "public_suffix"]


def public_suffix(domain: Domain) -> Domain:
    """Return the part under which anybody can register names; an unlisted top-level domain is one."""
    return _last_labels(domain, _count_suffix_labels(domain.ascii))


def is_public_suffix(domain: Domain) -> bool:
    """Return whether anybody can register names directly below `domain`."""
    return _count_suffix_labels(domain.ascii) > domain.ascii.count(".")


def organizational_domain(domain: Domain) -> Domain:
    """Return the public suffix and one label before it (RFC 7489 §3.2); a suffix stays as it is."""
    return _last_labels(domain, _count_suffix_labels(domain.ascii) + 1)


def _last_labels(domain: Domain, count: int) -> Domain:
    labels = domain.ascii.split(".")
    if count >= len(labels):
        return domain
    return Domain(".".join(labels[-count:]), ".".join(domain.unicode.split(".")[-count:]))


@lru_cache(maxsize=4096)
def _count_suffix_labels(name: str) -> int:
    suffix = _list().publicsuffix(name) or name
    return suffix.count(".") + 1


@cache
def _list() -> PublicSuffixList:
    # Only suffixes of registries, as RFC 7489 §3.2 means them; hosting companies' are in another section.
    return PublicSuffixList(only_icann=True)
