"""Learning in a process of its own, where much waits: mail comes and goes undisturbed on the other processor.

The process ends when nothing waits any more, when it took its time, and when its standard input ends: so it
outlives neither `stop` nor the death of its parent.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from mox.database import open_reader
from mox.filtering.classifier.counts import open_words
from mox.filtering.classifier.learning import Recipe, learn_batch
from mox.filtering.classifier.tokenhelper import TokenHelper
from mox.filtering.classifier.words import Grams
from mox.runtime import ChildProcess, be_child
from mox.store import MessageFiles

__all__ = ["learn_until_done", "learning_process"]

# In one transaction: as much as keeps two processors busy.
_BATCH = 200
# Then it is another account's turn.
_LONGEST_S = 60.0


def learning_process(*, words: Path, mail: Path, files: Path, recipe: Recipe) -> ChildProcess:
    """Return the process that learns until nothing waits."""
    arguments = (str(words), str(mail), str(files), recipe.account, str(int(recipe.grams)))
    return ChildProcess("mox.filtering.classifier", arguments)


def learn_until_done(arguments: Sequence[str]) -> None:
    """Be that process.

    Raises:
        mox.database.DriverError, mox.database.DatabaseError, OSError: The counts cannot be written.
    """
    words_path, mail_path, files, account, grams = arguments
    ended = be_child()
    mail = open_reader(Path(mail_path))
    words = open_words(Path(words_path))
    recipe = Recipe(account, Grams(int(grams)))
    ends_at = time.monotonic() + _LONGEST_S
    kept = MessageFiles(Path(files))
    helper = TokenHelper(kept, recipe.grams)
    try:
        while learn_batch(words, mail, kept, recipe, batch=_BATCH, read=helper.read):
            if ended.is_set() or time.monotonic() > ends_at:
                return
    finally:
        helper.close()
        words.close()
        mail.close()
