"""Trying other settings on the mail that is there: what would have been judged otherwise. Changes nothing.

A message that was learned is judged by what all others taught: its own counts are taken away first.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mox.config import JunkFilter
from mox.filtering.classifier.learning import read_tokens
from mox.filtering.classifier.probability import Classification, Counts, classify_tokens
from mox.filtering.classifier.stored import StoredCounts
from moxkit.message import Headers

__all__ = ["Flip", "Judgement", "backtest"]

_JUDGED = "SELECT id, is_junk FROM learned ORDER BY id DESC LIMIT :limit"
_MESSAGE = """SELECT c.prefix, c.header, b.name, m.uid, m.received_at FROM message m
  JOIN content c ON c.id = m.id JOIN mailbox b ON b.id = m.mailbox_id
  WHERE m.id = :id AND m.expunged_at IS NULL"""


@dataclass(frozen=True, slots=True)
class Flip:
    """A message that would be judged otherwise.

    Attributes:
        id: Of the message.
        received_at: Unix seconds.
        is_junk: What people say.
        before: Probability of junk as it is configured.
        after: And with the other settings.
        is_refused: With the other settings; as it is configured, the contrary.
    """

    id: int
    mailbox: str
    uid: int
    received_at: int
    sender: str
    subject: str
    is_junk: bool
    before: float
    after: float
    is_refused: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """One message of a backtest.

    Attributes:
        is_junk: What people say.
        was_refused: As it is configured.
        is_refused: With the other settings.
        flip: Which message, if the two differ.
    """

    is_junk: bool
    was_refused: bool
    is_refused: bool
    flip: Flip | None


def backtest(
    stored: StoredCounts, settings: JunkFilter, others: JunkFilter, *, most: int
) -> Iterator[Judgement]:
    """Judge messages that people judged, newest first, with two settings.

    Args:
        stored: The account.
        settings: As it is configured.
        others: To be tried; what is counted stays the same.
        most: Messages at most.

    Raises:
        DatabaseError, DriverError, OSError: Something cannot be read.
    """
    for id_, learned_as in stored.words.rows(_JUDGED, limit=most):
        if (row := stored.mail.row(_MESSAGE, id=id_)) is None:
            continue
        tokens = read_tokens(stored.files, id_, row[0], stored.recipe.grams)
        if tokens is None:
            continue
        is_junk = bool(learned_as)
        counts = _without(stored.find(tokens.texts), is_junk=is_junk)
        before = classify_tokens(tokens, counts, settings)
        after = classify_tokens(tokens, counts, others)
        was_refused, is_refused = _is_refused(before, settings), _is_refused(after, others)
        _, header, mailbox, uid, received_at = row
        headers = Headers(header or b"")
        flip = Flip(
            id=id_,
            mailbox=mailbox,
            uid=uid,
            received_at=received_at,
            sender=headers.text("From") or "",
            subject=headers.text("Subject") or "",
            is_junk=is_junk,
            before=before.probability,
            after=after.probability,
            is_refused=is_refused,
        )
        yield Judgement(is_junk, was_refused, is_refused, flip if was_refused != is_refused else None)


def _is_refused(said: Classification, settings: JunkFilter) -> bool:
    """Say how mail ends that nothing else is known of, jitter apart."""
    return said.is_significant and said.probability > settings.threshold


def _without(counts: Counts, *, is_junk: bool) -> Counts:
    """Take away what one message taught."""
    ham, junk = int(not is_junk), int(is_junk)
    left = {(of[0] - ham, of[1] - junk): tokens for of, tokens in counts.tokens.items()}
    return Counts(
        counts.ham - ham, counts.junk - junk, {of: tokens for of, tokens in left.items() if of > (0, 0)}
    )
