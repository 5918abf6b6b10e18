"""What Gmail's labels mean, in mbox files of Google Takeout: labels are mailboxes, or flags.

A message has one place for each label that is a mailbox. Labels stand in X-Gmail-Labels, separated by commas,
in the language of the account; the usual ones are known in English only, others are mailboxes of that name.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass

from mox.store import NO_FLAGS, Flag, Flags
from moxkit.message import Headers

__all__ = ["Labels", "parse_labels"]

_FIELD = "x-gmail-labels"
_LONGEST = 64 << 10
_MOST_LABELS = 50
# Where a mailbox of the account has this use, that is meant; else the name beside it.
_USES = {
    "sent": ("\\Sent", "Sent"),
    "sent mail": ("\\Sent", "Sent"),
    "draft": ("\\Drafts", "Drafts"),
    "drafts": ("\\Drafts", "Drafts"),
    "spam": ("\\Junk", "Junk"),
    "trash": ("\\Trash", "Trash"),
    "archived": ("\\Archive", "Archive"),
}
_FLAGS = {"starred": Flag.FLAGGED, "draft": Flag.DRAFT, "drafts": Flag.DRAFT}
# RFC 8457 §2.
_KEYWORDS = {"important": "$important"}
_UNREAD = "unread"
# Said of where Gmail shows a message, which its categories do.
_NO_MAILBOX = frozenset({"opened", "starred", "important", "muted", "snoozed", _UNREAD, "all mail"})
_CATEGORY = "category "


@dataclass(frozen=True, slots=True)
class Labels:
    """What labels say.

    Attributes:
        mailboxes: Names as they are, at least one; not checked.
    """

    mailboxes: tuple[str, ...]
    flags: Flags


def parse_labels(headers: Headers, uses: Mapping[str, str]) -> Labels | None:
    r"""Return the labels of a message; None if it has none.

    Args:
        headers: Of the message.
        uses: Names of the account's mailboxes by special use, such as `\Sent`.
    """
    text = headers.text(_FIELD)
    if text is None:
        return None
    # Labels with commas are quoted, as in CSV files.
    line = " ".join(text[:_LONGEST].splitlines())
    labels = next(csv.reader([line], skipinitialspace=True), [])[:_MOST_LABELS]
    bits, keywords = NO_FLAGS.bits, set[str]()
    mailboxes: dict[str, None] = {}
    names = [label.strip() for label in labels if label.strip()]
    for name in names:
        lower = name.lower()
        bits |= _FLAGS.get(lower, NO_FLAGS.bits)
        if lower in _KEYWORDS:
            keywords.add(_KEYWORDS[lower])
        if lower in _USES:
            use, usual = _USES[lower]
            mailboxes[uses.get(use, usual)] = None
        elif lower not in _NO_MAILBOX and not lower.startswith(_CATEGORY):
            mailboxes[name] = None
    if _UNREAD not in {name.lower() for name in names}:
        bits |= Flag.SEEN
    return Labels(
        tuple(mailboxes) or (uses.get("\\Archive", "Archive"),), Flags(bits, tuple(sorted(keywords)))
    )
