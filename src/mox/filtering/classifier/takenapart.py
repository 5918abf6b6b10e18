"""A message that is on its way in, taken apart into its tokens once for all who judge it."""

import threading

from mox.filtering.classifier.tokens import Tokens, tokenize
from mox.filtering.classifier.words import Grams
from mox.store import Content, open_content

__all__ = ["TakenApart"]


class TakenApart:
    """The tokens of a message; the first who asks makes them."""

    __slots__ = ("_content", "_grams", "_lock", "_prefix", "_tokens")

    def __init__(self, content: Content, grams: Grams, prefix: bytes = b"") -> None:
        """Remember the message; see `tokenize`."""
        self._content = content
        self._grams = grams
        self._prefix = prefix
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None

    def tokens(self) -> Tokens:
        """Return them; blocking, for a worker thread.

        Raises:
            OSError: The file of the message cannot be read.
        """
        with self._lock:
            if self._tokens is None:
                with open_content(self._content) as octets:
                    self._tokens = tokenize(octets, self._grams, self._prefix)
            return self._tokens
