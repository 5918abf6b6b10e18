"""The command line of sendmail, as forty years of programs write it."""

from collections.abc import Sequence
from dataclasses import dataclass

from mox.sendmail.errors import SendmailError

__all__ = ["Plan", "read_arguments"]

# Flags whose value may be the next word (sendmail(8)); `-oi`, `-bm` and the like have theirs attached.
_WITH_VALUE = frozenset("BCFfhLNOoprRVX")


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for.

    Attributes:
        recipients: As given; names without a domain among them.
        reads_recipients: They are in the message's own fields (``-t``).
    """

    recipients: tuple[str, ...]
    reads_recipients: bool


def read_arguments(arguments: Sequence[str]) -> Plan:
    """Read flags and recipients; flags that mean nothing here are passed over.

    Raises:
        SendmailError: There are no recipients, or both kinds.
    """
    words = list(arguments)
    reads_recipients = False
    while words and words[0].startswith("-") and len(words[0]) > 1:
        flag = words.pop(0)
        if flag == "--":
            break
        if flag == "-t":
            reads_recipients = True
        elif len(flag) == 2 and flag[1] in _WITH_VALUE and words:
            words.pop(0)
    if reads_recipients and words:
        raise SendmailError("recipients are given both on the command line and by -t; use one of them")
    if not reads_recipients and not words:
        raise SendmailError("no recipient; give one, or -t to read them from the message")
    return Plan(tuple(words), reads_recipients)
