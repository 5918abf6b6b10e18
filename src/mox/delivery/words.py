"""What the words of received messages are like: between what accounts learned and the judgement."""

import logging
from weakref import WeakKeyDictionary

from mox.config import JunkFilter
from mox.delivery.received import ReceivedMessage
from mox.filtering import Classifiers, Content, TakenApart

__all__ = ["WordsLearned"]

logger = logging.getLogger(__name__)

_NOTHING_KNOWN = Content(0.0, is_significant=False)


class WordsLearned:
    """Asks the classifiers of recipients' accounts; a message is taken apart once for all of them."""

    def __init__(self, *, classifiers: Classifiers) -> None:
        self._classifiers = classifiers
        # As long as somebody judges the message.
        self._apart: WeakKeyDictionary[ReceivedMessage, TakenApart] = WeakKeyDictionary()

    async def classify(self, account: str, message: ReceivedMessage, settings: JunkFilter) -> Content:
        """Say how much like junk a message is for one account."""
        del settings  # The classifier asks for those of its account itself.
        try:
            said = await self._classifiers.of(account).classify(self._take_apart(message).tokens)
        except Exception:  # A message that crashes it must still be delivered, or be refused for a reason.
            logger.exception("words of a message not judged", extra={"account": account})
            return _NOTHING_KNOWN
        if said is None:
            return _NOTHING_KNOWN
        words = tuple((word.text, word.probability) for word in said.words)
        return Content(said.probability, said.is_significant, words)

    def _take_apart(self, message: ReceivedMessage) -> TakenApart:
        if (taken_apart := self._apart.get(message)) is None:
            incoming = message.incoming
            members = [member for alias in incoming.aliases for member in alias.members]
            names = {recipient.account for recipient in [*incoming.recipients, *members]}
            # As it will be when it is filed, and learned from.
            prefix = f"Return-Path: <{incoming.reverse_path}>\r\n".encode()
            taken_apart = self._classifiers.take_apart(message.content, names, prefix)
            self._apart[message] = taken_apart
        return taken_apart
