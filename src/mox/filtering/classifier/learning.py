"""Learning from an account's mail, a batch at a time: reads its index and files, writes the counts.

Runs in a worker thread or in a process of its own, apart from any transaction of the account. What a message
counts as follows from how the account is now and not from how it came there: it is live and has exactly one
of the flags $Junk and $NotJunk. So following the change log late, twice or out of order learns the same.
"""

import dataclasses
import json
import mmap
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from mox.database import Connection, Row
from mox.filtering.classifier.counts import Lesson, StaleCountsError, State, read_state, write_lessons
from mox.filtering.classifier.tokens import VERSION, Tokens, tokenize
from mox.filtering.classifier.words import Grams
from mox.store import Flag, MessageFiles

__all__ = [
    "Progress",
    "Recipe",
    "Wanted",
    "learn_batch",
    "parse_recipe",
    "read_all",
    "read_progress",
    "read_tokens",
]

# In one transaction: some hundredths of a second of work.
_BATCH = 50
# For each of these so many are looked at: most changes of flags teach nothing.
_LOOKS = 40
# Of ten million tokens, about. When there are more, the oldest tenth of the messages does not count any more.
_MOST_OCTETS = 256 << 20

_ACCOUNT = "SELECT modseq, purged_modseq, next_message_id FROM account"
_MODSEQ = "SELECT modseq FROM account"
_CHANGES = """SELECT id, modseq, mailbox_id, data FROM change
  WHERE modseq > :modseq AND (modseq > :modseq + 1 OR id >= :id)
    AND kind IN ('MessagesAdded', 'MessagesRemoved', 'FlagsChanged')
  ORDER BY modseq, id LIMIT 500"""
_CHANGED = """SELECT id, flags, expunged_at IS NULL, uid FROM message
  WHERE mailbox_id = :mailbox_id AND uid BETWEEN :first AND :last ORDER BY uid LIMIT :limit"""
_SCAN = """SELECT id, flags, expunged_at IS NULL FROM message
  WHERE id > :after ORDER BY id LIMIT :limit"""
_PREFIXES = "SELECT id, prefix FROM content WHERE id IN (SELECT value FROM json_each(:ids))"

_LEARNED = "SELECT id, is_junk FROM learned WHERE id IN (SELECT value FROM json_each(:ids))"
_AGED = "SELECT id, is_junk FROM learned WHERE id <= :oldest_id ORDER BY id LIMIT :limit"
_NTH = "SELECT id FROM learned ORDER BY id LIMIT 1 OFFSET :count"
_OCTETS = """SELECT (page_count - freelist_count) * page_size
  FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()"""

# Python's tables of characters count too: they say what a word is.
_MAKER = f"{VERSION}/{unicodedata.unidata_version}"

_GRAMS = frozenset("01234567")

Wanted = tuple[int, bytes | None]
"""A message whose tokens are wanted: its id and its prefix, which is missing if it is gone."""
_Difference = tuple[bool | None, bool | None]
_Chunks = Iterator[tuple[State, Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What counts are made of; of another recipe they are of no use.

    Attributes:
        account: What tells the account from others that had its name.
        grams: How many words in a row are counted together.
    """

    account: str
    grams: Grams

    @property
    def text(self) -> str:
        """As the database keeps it."""
        return f"{_MAKER}/{int(self.grams)}/{self.account}"


def parse_recipe(text: str) -> Recipe | None:
    """Return the recipe that a database keeps; None if it is not of this version."""
    made, _, account = text.rpartition("/")
    maker, _, grams = made.rpartition("/")
    return Recipe(account, Grams(int(grams))) if maker == _MAKER and grams in _GRAMS else None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far learning is: messages up to an id were looked at, of those up to another.

    Attributes:
        ham: So many were learned from. Likewise junk.
        is_behind: Something that changed since was not looked at yet.
    """

    looked_at: int
    of: int
    ham: int
    junk: int
    is_behind: bool


def _is_outdated(state: State, mail: Connection, recipe: Recipe) -> bool:
    """Say whether counts are of another recipe, or of a later state of the account than it has now."""
    return bool(state.made_of) and (state.made_of != recipe.text or state.modseq > mail.value(_MODSEQ))


def read_progress(words: Connection, mail: Connection) -> Progress:
    """Return how far learning is."""
    state, (_, _, next_id) = read_state(words), mail.row(_ACCOUNT) or (0, 0, 1)
    looked_at = next_id - 1 if state.made_of and state.scanned_id is None else state.scanned_id or 0
    changed = mail.rows(_CHANGES, modseq=state.modseq, id=state.change_id)
    is_behind = not state.made_of or state.scanned_id is not None or bool(changed)
    return Progress(looked_at, next_id - 1, state.ham, state.junk, is_behind)


def learn_batch(
    words: Connection,
    mail: Connection,
    files: MessageFiles,
    recipe: Recipe,
    *,
    batch: int = _BATCH,
    most_octets: int = _MOST_OCTETS,
    read: Callable[[Sequence[Wanted]], Sequence[Collection[int] | None]] | None = None,
) -> bool:
    """Learn some of what is new, unlearn some of what is gone; return whether more waits.

    Args:
        words: The counts.
        mail: The account's index.
        files: Its messages.
        recipe: What the counts are made of.
        batch: So many messages in one transaction, about.
        most_octets: Size of the counts from which the oldest messages do not count any more.
        read: Makes the tokens of messages; by default here, one after the other.

    Raises:
        StaleCountsError: They have to be made anew.
        DatabaseError, DriverError, OSError: Something cannot be read or written.
    """
    before = read_state(words)
    if _is_outdated(before, mail, recipe):
        raise StaleCountsError("they are of another state of the account, or made in another way")
    with mail.snapshot():
        state = _begin(mail, before, recipe)
        differences, state, more = _aged(words, state, batch, most_octets)
        if not more:
            differences, state, more = _differing(words, mail, state, batch)
        prefixes: dict[int, bytes] = dict(mail.rows(_PREFIXES, ids=json.dumps([*differences])))
    asked = [(id_, prefixes.get(id_)) for id_ in differences]
    found = read_all(files, asked, recipe.grams) if read is None else read(asked)
    lessons = []
    for (id_, (was, wanted)), tokens in zip(differences.items(), found, strict=True):
        if tokens is not None:
            lessons.append(Lesson(id_, was, wanted, tokens))
        elif was is not None:
            raise StaleCountsError(f"message {id_} was erased before it was unlearned")
    if lessons or state != before:
        write_lessons(words, before, state, lessons)
    return more


def read_all(files: MessageFiles, wanted: Sequence[Wanted], grams: Grams) -> list[Collection[int] | None]:
    """Return the tokens of stored messages, by number; `None` for one that is not there any more."""
    found = (read_tokens(files, id_, prefix, grams) for id_, prefix in wanted)
    return [None if tokens is None else tokens.texts.keys() for tokens in found]


def read_tokens(files: MessageFiles, id_: int, prefix: bytes | None, grams: Grams) -> Tokens | None:
    """Return the tokens of a stored message; None if it is not there any more."""
    if prefix is None:
        return None
    try:
        with files.path(id_).open("rb") as file:
            if file.seek(0, 2) == 0:
                return tokenize(b"", grams, prefix)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
                return tokenize(octets, grams, prefix)
    except FileNotFoundError:
        return None


def _begin(mail: Connection, state: State, recipe: Recipe) -> State:
    """Return the state to go on from: it is new, or the log does not reach back: compare all."""
    modseq, purged_modseq, _ = mail.row(_ACCOUNT) or (0, 0, 1)
    if state.made_of and purged_modseq <= state.modseq:
        return state
    return dataclasses.replace(
        state, made_of=recipe.text, modseq=modseq, change_id=0, change_uid=0, scanned_id=0
    )


def _aged(
    words: Connection, state: State, batch: int, most_octets: int
) -> tuple[dict[int, _Difference], State, bool]:
    """Find messages that do not count any more since there is too much."""
    rows = words.rows(_AGED, oldest_id=state.oldest_id, limit=batch)
    if not rows and words.value(_OCTETS) > most_octets:
        oldest_id = words.value(_NTH, count=(state.ham + state.junk) // 10) or state.oldest_id
        state = dataclasses.replace(state, oldest_id=oldest_id)
        rows = words.rows(_AGED, oldest_id=oldest_id, limit=batch)
    return {id_: (bool(is_junk), None) for id_, is_junk in rows}, state, bool(rows)


def _differing(
    words: Connection, mail: Connection, state: State, batch: int
) -> tuple[dict[int, _Difference], State, bool]:
    """Find messages that count as something else than they were learned as."""
    found: dict[int, _Difference] = {}
    looked_at, reached = 0, state
    for reached, rows in _chunks(mail, state, batch):
        found |= _compared(words, rows, state.oldest_id)
        looked_at += 1 + len(rows)
        if len(found) >= batch or looked_at >= _LOOKS * batch:
            return found, reached, True
    return found, reached, False


def _chunks(mail: Connection, state: State, batch: int) -> _Chunks:
    """Yield messages to compare, and the state that is reached then: the log's, then all if need be."""
    for reached, rows in _followed(mail, state, batch):
        state = reached
        yield reached, rows
    state = dataclasses.replace(state, modseq=mail.value(_MODSEQ), change_id=0, change_uid=0)
    after = state.scanned_id
    while after is not None and (rows := mail.rows(_SCAN, after=after, limit=batch)):
        after = rows[-1][0]
        yield dataclasses.replace(state, scanned_id=after), rows
    yield dataclasses.replace(state, scanned_id=None), ()


def _followed(mail: Connection, state: State, batch: int) -> _Chunks:
    while changes := mail.rows(_CHANGES, modseq=state.modseq, id=state.change_id):
        for id_, modseq, mailbox_id, data in changes:
            done = state.change_uid if id_ == state.change_id else 0
            for uid, rows in _messages(mail, mailbox_id, json.loads(data)["uids"], done, batch):
                yield dataclasses.replace(state, modseq=modseq - 1, change_id=id_, change_uid=uid), rows
            # Others of the same modseq may follow.
            state = dataclasses.replace(state, modseq=modseq - 1, change_id=id_ + 1, change_uid=0)
            yield state, ()


def _messages(
    mail: Connection, mailbox_id: int, spans: str, done: int, batch: int
) -> Iterator[tuple[int, Sequence[Row]]]:
    """Yield messages of spans of UIDs, a chunk at a time, with the last UID; not those up to one."""
    for span in filter(None, spans.split(",")):
        first, _, last = span.partition(":")
        at, end = max(int(first), done + 1), int(last or first)
        while rows := mail.rows(_CHANGED, mailbox_id=mailbox_id, first=at, last=end, limit=batch):
            at = rows[-1][3] + 1
            yield at - 1, rows


def _compared(words: Connection, rows: Sequence[Row], oldest_id: int) -> dict[int, _Difference]:
    learned: dict[int, int] = (
        dict(words.rows(_LEARNED, ids=json.dumps([row[0] for row in rows]))) if rows else {}
    )
    found: dict[int, _Difference] = {}
    for id_, flags, is_live, *_ in rows:
        was = bool(learned[id_]) if id_ in learned else None
        wanted = _wanted(flags) if is_live and id_ > oldest_id else None
        if was is not wanted:
            found[id_] = was, wanted
    return found


def _wanted(flags: int) -> bool | None:
    """Say whether a message is junk by its flags; None: they do not say, or say both."""
    is_junk, is_ham = bool(flags & Flag.JUNK), bool(flags & Flag.NOTJUNK)
    return is_junk if is_junk != is_ham else None
