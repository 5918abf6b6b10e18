"""What names of Maildir say: flags, letters of keywords and times of files; mailboxes of directories.

Rules: reference import-export.md §2 and §3. In Maildir++, as Dovecot and Courier write it, mailboxes lie
side by side in directories that begin with a dot and have dots between levels, in modified UTF-7
(RFC 3501 §5.1.3).
"""

import re
from dataclasses import dataclass

from mox.store import NO_FLAGS, Flag, Flags, KeywordInvalidError, parse_flags
from moxkit.imap import MailboxNameError, decode_modified_utf7, encode_modified_utf7

__all__ = [
    "FLAG_LETTERS",
    "MOST_LETTERS",
    "MaildirFile",
    "folder_path",
    "parse_file_name",
    "parse_keywords",
    "spell_component",
]

# In the order in which names have them; P (passed on) is written by few and kept by nobody.
FLAG_LETTERS = {
    "D": Flag.DRAFT,
    "F": Flag.FLAGGED,
    "R": Flag.ANSWERED,
    "S": Flag.SEEN,
    "T": Flag.DELETED,
}
# a to z.
MOST_LETTERS = 26
# unique ":2," letters; where a file system knows no colon, other signs stand for it.
_INFO = re.compile(r"[:;!]2,([A-Za-z]*)\Z")
_SECONDS = re.compile(r"([0-9]{1,11})\.")
_DOT = "&AC4-"
_LONGEST_LINE = 1000


@dataclass(frozen=True, slots=True)
class MaildirFile:
    """What a file's name says of a message.

    Attributes:
        letters: Of keywords, sorted, to be looked up in `dovecot-keywords`.
        received_at: Unix seconds; None if the name does not begin with a number.
        has_unique_name: It has the three parts that programs give it.
    """

    flags: Flags
    letters: str
    received_at: int | None
    has_unique_name: bool


def parse_file_name(name: str) -> MaildirFile:
    """Return what a name says; any name is one."""
    info = _INFO.search(name)
    bits = NO_FLAGS.bits
    letters: set[str] = set()
    for letter in info[1] if info else "":
        if (flag := FLAG_LETTERS.get(letter)) is not None:
            bits |= flag
        elif letter.islower():
            letters.add(letter)
    begin = _SECONDS.match(name)
    received_at = int(begin[1]) if begin else None
    return MaildirFile(Flags(bits), "".join(sorted(letters)), received_at, name.count(".") >= 2)


def parse_keywords(octets: bytes) -> tuple[dict[str, Flags], list[str]]:
    """Return the keywords of a file `dovecot-keywords` by letter, and what is wrong with it.

    Lines are a number, a space and a name; `0` is the letter `a`.
    """
    found: dict[str, Flags] = {}
    problems: list[str] = []
    for number, line in enumerate(octets.decode("utf-8", "replace").splitlines(), 1):
        index, _, name = line[:_LONGEST_LINE].partition(" ")
        if not (index.isascii() and index.isdigit()) or not name:
            problems.append(f"line {number} is not a number and a keyword")
            continue
        if len(index) > 2 or int(index) >= MOST_LETTERS:
            problems.append(f"line {number}: there are letters for {MOST_LETTERS} keywords only")
            continue
        letter = chr(ord("a") + int(index))
        if letter in found:
            problems.append(f"line {number}: number {index} is used twice")
            continue
        try:
            found[letter] = parse_flags([name])
        except KeywordInvalidError as error:
            problems.append(f"line {number}: {error}")
    return found, problems


def folder_path(name: str) -> str:
    """Return the mailbox of a directory that holds a Maildir: its levels with `/` between them.

    A name that begins with a dot is one of Maildir++; others are taken as they are.
    """
    if not name.startswith(".") or name in {".", ".."}:
        return name
    return "/".join(_decoded(level) for level in name[1:].split("."))


def _decoded(level: str) -> str:
    # Written by ourselves only: a dot within a level.
    pieces = level.split(_DOT)
    try:
        return ".".join(decode_modified_utf7(piece.encode()) for piece in pieces)
    except MailboxNameError:
        # Dovecot can be told to write UTF-8.
        return level


def spell_component(component: str) -> str:
    """Return how a level of a mailbox's name is written as a directory, so that `folder_path` undoes it."""
    if not component.startswith("."):
        return component
    return "." + _DOT.join(encode_modified_utf7(piece).decode() for piece in component.split("."))
