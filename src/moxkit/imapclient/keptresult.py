"""A search result that follows the server's updates: ADDTO and REMOVEFROM (RFC 5267 §4.3.3, §4.3.4)."""

from moxkit.imap import Code, Condition, EsearchData, ExpungeData, Response, ResultUpdate, SequenceSet

__all__ = ["KeptResult", "expand"]

# More than any mailbox has; a set of few octets can name four thousand million.
_MOST = 10_000_000


def expand(numbers: SequenceSet | None) -> list[int]:
    """Return the numbers of a set, in its order.

    Raises:
        ConnectionError: There are absurdly many.
    """
    ranges = () if numbers is None else numbers.ranges
    if sum(high - low + 1 for low, high in ranges) > _MOST:
        raise ConnectionError("the server names more messages than there can be")
    return [number for low, high in ranges for number in range(low, high + 1)]


class KeptResult:
    """What a search found, as it is by now.

    Attributes:
        tag: Of the command; updates come with it.
        uid: Whether it is of UIDs.
        numbers: UIDs or message numbers, in the order asked for.
        is_updated: The server tells what becomes of it.
    """

    def __init__(self, tag: str, numbers: list[int], *, uid: bool = True) -> None:
        self.tag = tag
        self.uid = uid
        self.numbers = numbers
        self.is_updated = True

    def take(self, response: Response) -> bool:
        """Take note of a response; return whether it was about this result.

        Raises:
            ConnectionError: It names more messages than there can be.
        """
        match response:
            case EsearchData(tag=self.tag, updates=updates) if updates:
                for update in updates:
                    self._apply(update)
                return True
            case Condition(code=Code("NOUPDATE", argument)) if argument == f'"{self.tag}"'.encode():
                self.is_updated = False
                return True
            case ExpungeData(number=gone) if not self.uid:
                # It was told before that this one left; the others move up.
                self.numbers = [n - (n > gone) for n in self.numbers if n != gone]
                return True
            case _:
                return False

    def _apply(self, update: ResultUpdate) -> None:
        numbers = expand(update.numbers)
        if not update.adds:
            gone = set(numbers)
            self.numbers = [number for number in self.numbers if number not in gone]
        elif update.position:
            at = update.position - 1
            self.numbers[at:at] = numbers
        else:
            # Mailbox order.
            self.numbers = sorted({*self.numbers, *numbers})
