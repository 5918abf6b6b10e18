"""An account that learns, for tests: junk and good messages filed, batches run, counts looked at."""

from collections.abc import Iterable
from dataclasses import dataclass

from mox.config import JunkFilter
from mox.database import Connection
from mox.store import Account, FlagChange, FlagsAction, change_flags, parse_flags

__all__ = ["JUNK", "NOTJUNK", "SETTINGS", "Counted", "counted", "message", "reflag"]

SETTINGS = JunkFilter(
    threshold=0.95, onegrams=True, max_power=0.01, top_words=10, ignore_words=0.1, rare_words=2
)
JUNK, NOTJUNK = "$Junk", "$NotJunk"


@dataclass(frozen=True, slots=True)
class Counted:
    """All that is counted."""

    ham: int
    junk: int
    words: dict[int, tuple[int, int]]
    learned: dict[int, bool]


def counted(words: Connection) -> Counted:
    ham, junk = words.row("SELECT ham, junk FROM state") or (0, 0)
    return Counted(
        ham,
        junk,
        {id_: (good, bad) for id_, good, bad in words.rows("SELECT id, ham, junk FROM word")},
        {id_: bool(is_junk) for id_, is_junk in words.rows("SELECT id, is_junk FROM learned")},
    )


def message(words: Iterable[str]) -> bytes:
    return b"\r\n" + " ".join(words).encode() + b"\r\n"


async def reflag(account: Account, mailbox_id: int, uids: tuple[int, int], flags: str) -> None:
    """Replace the flags of messages of a span of UIDs."""
    change = FlagChange(FlagsAction.REPLACE, parse_flags(flags.split()))
    await account.write(lambda tx: change_flags(tx, mailbox_id, [uids], change))
