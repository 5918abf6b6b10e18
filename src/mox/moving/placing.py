"""Which entry of an archive is what, and which mailbox it is for (reference import-export.md §2)."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from mox.moving.entries import Entry, EntryKind
from mox.moving.errors import ArchiveError
from mox.moving.maildirnames import folder_path
from moxkit.imap import INBOX, MailboxNameError, check_mailbox_name

__all__ = ["Found", "FoundKind", "Placing"]

_MAILDIR = frozenset({"cur", "new", "tmp"})
_KEYWORDS_NAME = "dovecot-keywords"
# What servers and computers keep beside mail: nobody misses it.
_NOT_MAIL = (
    "dovecot.",
    "dovecot-",
    "maildirfolder",
    "maildirsize",
    "courierimap",
    "subscriptions",
    ".DS_Store",
    "._",
)
_BESIDE = "__MACOSX/"
_DEEPEST = 32
_LONGEST_NAME = 1000


class FoundKind(StrEnum):
    """What an entry is."""

    MAILBOX = "mailbox"
    MBOX = "mbox"
    MAILDIR_MESSAGE = "maildir message"
    KEYWORDS = "keywords"
    MESSAGE = "message"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Found:
    """An entry and the mailbox it is for; empty if it is for none."""

    kind: FoundKind
    mailbox: str = ""


_NOTHING, _UNKNOWN = Found(FoundKind.NOTHING), Found(FoundKind.UNKNOWN)


class Placing:
    """Places entries."""

    def __init__(self, *, skip_prefix: str = "", below: str = "") -> None:
        """Remember how names of mailboxes follow from names of entries.

        Args:
            skip_prefix: Cut from the beginning of each entry's name, with a `/` behind it.
            below: Mailbox below which all are put; empty for none.
        """
        self._skip_prefix = skip_prefix.removeprefix("./").lstrip("/")
        self._below = below.strip("/")
        # The same name for many entries, one after the other.
        self._last = ("", "")

    def place(self, entry: Entry) -> Found:
        """Say what an entry is.

        Raises:
            ArchiveError: It is for a mailbox of a name that none can have.
        """
        name = entry.name
        if self._skip_prefix and name.startswith(self._skip_prefix):
            name = name[len(self._skip_prefix) :].removeprefix("/")
        if entry.kind is EntryKind.DIRECTORY:
            above, _, last = name.rstrip("/").rpartition("/")
            return Found(FoundKind.MAILBOX, self._folder(above)) if last in _MAILDIR else _NOTHING
        return _NOTHING if entry.name.startswith(_BESIDE) else self._file(name)

    def _file(self, name: str) -> Found:
        above, _, last = name.rpartition("/")
        folder, _, parent = above.rpartition("/")
        if last.lower().endswith(".mbox"):
            path = name[: -len(".mbox")]
            return Found(FoundKind.MBOX, self.mailbox(path) if last[: -len(".mbox")] else "")
        # First: a mailbox may be named as the folders of a Maildir are.
        if last == _KEYWORDS_NAME:
            return Found(FoundKind.KEYWORDS, self._folder(above))
        if parent in _MAILDIR:
            return Found(FoundKind.MAILDIR_MESSAGE, self._folder(folder))
        if last.lower().endswith(".eml"):
            return Found(FoundKind.MESSAGE, self.mailbox(above or INBOX))
        return _NOTHING if last.startswith(_NOT_MAIL) else _UNKNOWN

    def _folder(self, directory: str) -> str:
        """Return the mailbox of a directory that holds a Maildir; the topmost is the Inbox."""
        if self._last[0] == directory and self._last[1]:
            return self._last[1]
        above, slash, name = directory.rpartition("/")
        mailbox = self.mailbox(f"{above}{slash}{folder_path(name)}" if directory else INBOX)
        self._last = (directory, mailbox)
        return mailbox

    def mailbox(self, path: str) -> str:
        """Return a name as the account has it.

        Raises:
            ArchiveError: None can have it.
        """
        name = unicodedata.normalize("NFC", f"{self._below}/{path}" if self._below else path)
        if name.count("/") >= _DEEPEST or len(name) > _LONGEST_NAME:
            most = f"{_DEEPEST} levels or {_LONGEST_NAME:,} characters"
            raise ArchiveError(f"a mailbox's name has more than {most}: {name[:200]!r}")
        try:
            return check_mailbox_name(name)
        except MailboxNameError as error:
            raise ArchiveError(f"no mailbox can be named {name[:200]!r}: {error}") from None
