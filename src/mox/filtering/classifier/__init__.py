"""The classifier that learns: how much like junk a message is, by its words and by what the account said.

Each account has its own counts, in `junk.db` beside its index: in how many good and in how many junk messages
a word is. They follow the account's change log in the background: a message counts as long as it is live and
has exactly one of the flags $Junk and $NotJunk. They are made from the mail; what is lost, damaged or made in
another way than is configured now is made anew, while the old counts go on to answer.

    classifiers = Classifiers(store=store, settings=lambda name: config.accounts[name].junk_filter)
    message = classifiers.take_apart(content, ["mox"])  # once for all recipients
    said = await classifiers.of("mox").classify(message.tokens)
    said.probability, said.is_significant, [(word.text, word.probability) for word in said.words]
    while await classifiers.of("mox").learn():  # what the background task of `mox.app` does
        pass

It does not decide what happens to a message (`mox.filtering`) nor what people's moves say (`mox.store`).
`Classifiers.of` raises what opening an account does, `StoredCounts.open` raises `CountsUnreadableError`;
`backtest` and `check_counts` raise what their docstrings say. Other trouble is logged, and nothing is known.
"""

from mox.filtering.classifier.backtest import Flip, Judgement, backtest
from mox.filtering.classifier.checking import CountsCheck, check_counts
from mox.filtering.classifier.classifier import FILE_NAME, Classifier
from mox.filtering.classifier.classifiers import Classifiers
from mox.filtering.classifier.learning import Progress
from mox.filtering.classifier.probability import Classification, Counts, Word, classify_tokens
from mox.filtering.classifier.stored import CountsUnreadableError, StoredCounts
from mox.filtering.classifier.takenapart import TakenApart
from mox.filtering.classifier.tokens import Tokens, tokenize
from mox.filtering.classifier.words import Grams

__all__ = [
    "FILE_NAME",
    "Classification",
    "Classifier",
    "Classifiers",
    "Counts",
    "CountsCheck",
    "CountsUnreadableError",
    "Flip",
    "Grams",
    "Judgement",
    "Progress",
    "StoredCounts",
    "TakenApart",
    "Tokens",
    "Word",
    "backtest",
    "check_counts",
    "classify_tokens",
    "tokenize",
]
