"""Junk flags that follow from where a message is put (reference junk-and-reputation.md §4).

People say what is junk by moving it; mail programs do not all set flags. The Junk mailbox always says junk.
"""

from dataclasses import dataclass

from mox.config import Pattern
from mox.store.flags import Flag

__all__ = ["NO_RULES", "JunkFlagRules", "automatic_flags"]

_JUDGED = int(Flag.JUNK | Flag.NOTJUNK)


@dataclass(frozen=True, slots=True)
class JunkFlagRules:
    """What mailboxes say, by their names in lower case; the first that is found counts.

    If exactly two are set, the third is what all other names say.
    """

    junk: Pattern | None = None
    neutral: Pattern | None = None
    notjunk: Pattern | None = None


NO_RULES = JunkFlagRules()


def automatic_flags(rules: JunkFlagRules, name: str, special_use: str | None, bits: int) -> int:
    r"""Return the flags a message gets by being put into a mailbox.

    Args:
        rules: Of the account.
        name: Of the mailbox.
        special_use: Of it; `\Junk` says junk whatever the rules are.
        bits: The flags it has.
    """
    wanted = _wanted(rules, name.lower(), special_use)
    return bits if wanted is None else bits & ~_JUDGED | wanted


def _wanted(rules: JunkFlagRules, name: str, special_use: str | None) -> int | None:
    if special_use == "\\Junk":
        return int(Flag.JUNK)
    said = ((rules.junk, int(Flag.JUNK)), (rules.neutral, 0), (rules.notjunk, int(Flag.NOTJUNK)))
    for pattern, flags in said:
        if pattern is not None and pattern.is_in(name):
            return flags
    unset = [flags for pattern, flags in said if pattern is None]
    return unset[0] if len(unset) == 1 else None
