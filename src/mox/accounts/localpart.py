"""The part before the `@`, in the one form that is compared."""

import unicodedata
from typing import Protocol

__all__ = ["LocalpartRules", "canonical_localpart"]


class LocalpartRules(Protocol):
    """How a domain compares localparts."""

    @property
    def localpart_case_sensitive(self) -> bool:
        """Upper and lower case differ."""
        ...

    @property
    def separators(self) -> tuple[str, ...]:
        """What begins a part that is ignored, like `+`."""
        ...


def canonical_localpart(localpart: str, rules: LocalpartRules) -> str:
    """Return what a localpart is compared by: NFC, case folded, without what follows a separator."""
    canonical = unicodedata.normalize("NFC", localpart)
    if not rules.localpart_case_sensitive:
        canonical = canonical.lower()
    for separator in rules.separators:
        head = canonical.partition(separator)[0]
        # A localpart that begins with the separator is an address of its own.
        canonical = head or canonical
    return canonical
