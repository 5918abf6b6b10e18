"""Threads of messages (RFC 5256 §3): both algorithms of THREAD, and its response.

Chains may be as long as a mailbox, so nothing here recurses.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from moxkit.imap.lexer import Cursor

__all__ = [
    "ThreadData",
    "ThreadMessage",
    "ThreadNode",
    "take_thread_data",
    "thread_by_references",
    "thread_by_subject",
]

# A loop is looked for this far up; what is higher counts as one. Bounds what hostile references cost.
_HIGHEST = 1000


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """What the algorithms know of a message; strings are mapped for comparison, absent ones empty.

    Attributes:
        number: Message number or UID; ascending is mailbox order.
        sent_at: Sent date, in seconds.
        subject: Base subject.
        is_reply: The subject says that it is a reply or a forward.
        message_id: Normalised, in its own case.
        ancestors: Message ids it refers to, oldest first.
    """

    number: int
    sent_at: int
    subject: str
    is_reply: bool = False
    message_id: str = ""
    ancestors: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class ThreadNode:
    """A message with its children in order; without a number: of a parent that is not there."""

    number: int | None
    children: list["ThreadNode"] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True)
class ThreadData:
    """THREAD."""

    threads: tuple[ThreadNode, ...]

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        pieces: list[str] = ["* THREAD "] if self.threads else ["* THREAD"]
        # What is still to be written, last first.
        waiting: list[str | ThreadNode] = []
        for node in reversed(self.threads):
            waiting += (")", node, "(")
        while waiting:
            item = waiting.pop()
            if isinstance(item, str):
                pieces.append(item)
                continue
            if item.number is not None:
                pieces.append(str(item.number))
                pieces += [" "] if item.children else []
            if len(item.children) == 1:
                waiting.append(item.children[0])
            else:
                for child in reversed(item.children):
                    waiting += (")", child, "(")
        return "".join(pieces).encode("ascii") + b"\r\n"


def take_thread_data(cursor: Cursor) -> ThreadData:
    """Take ``[SP 1*thread-list]``.

    Raises:
        ImapSyntaxError: Malformed.
    """
    roots: list[ThreadNode] = []
    # Where the next member goes, for each open parenthesis.
    places: list[list[ThreadNode]] = []
    siblings = roots
    if cursor.at(b" ("):
        cursor.space()
    while not cursor.at_end():
        if cursor.take(b"("):
            places.append(siblings)
            if not cursor.at(b"("):
                continue
            # No member before the first list: their parent is not there.
            absent = ThreadNode(None)
            siblings.append(absent)
            siblings = absent.children
        elif cursor.take(b")"):
            if not places:
                raise cursor.fail("unexpected parenthesis")
            siblings = places.pop()
        elif places:
            cursor.take(b" ")
            if cursor.at(b"("):
                continue
            node = ThreadNode(cursor.nz_number())
            siblings.append(node)
            siblings = node.children
        else:
            break
    if places:
        raise cursor.fail("expected closing parenthesis")
    return ThreadData(tuple(roots))


def thread_by_subject(messages: Sequence[ThreadMessage]) -> tuple[ThreadNode, ...]:
    """Thread by ORDEREDSUBJECT: the first of a subject, and the others as its children."""
    ordered = sorted(messages, key=lambda message: (message.subject, message.sent_at, message.number))
    threads = [list(group) for _, group in groupby(ordered, key=attrgetter("subject"))]
    threads.sort(key=lambda thread: (thread[0].sent_at, thread[0].number))
    return tuple(
        ThreadNode(first.number, [ThreadNode(message.number) for message in rest]) for first, *rest in threads
    )


def thread_by_references(messages: Iterable[ThreadMessage]) -> tuple[ThreadNode, ...]:
    """Thread by REFERENCES, in the RFC's six steps.

    Args:
        messages: In mailbox order.
    """
    forest = _Forest()
    for message in messages:
        forest.add(message)
    roots = _pruned(forest.roots())
    _sort(roots)
    roots = _merged_by_subject(roots)
    _sort(roots)
    return tuple(_finished(roots))


class _Container:
    """A message, or the place of one that is only referred to."""

    __slots__ = ("children", "group", "linked", "message", "parent")

    def __init__(self, message: ThreadMessage | None = None) -> None:
        self.message = message
        self.parent: _Container | None = None
        # While links are made and broken; then they become `children`.
        self.linked: dict[_Container, None] = {}
        self.children: list[_Container] = []
        # Of the union of trees that were ever joined: see `_Forest._find`.
        self.group = self

    @property
    def order(self) -> tuple[int, int]:
        """What siblings are sorted by; of an absent message, its first child's."""
        container = self
        while container.message is None:
            container = container.children[0]
        return container.message.sent_at, container.message.number

    @property
    def subject(self) -> str:
        """The base subject of the thread that begins here (step 5 B i)."""
        shown = self.message or self.children[0].message
        return "" if shown is None else shown.subject

    @property
    def is_reply(self) -> bool:
        return self.message is not None and self.message.is_reply


class _Forest:
    """Step 1: parents and children by references."""

    def __init__(self) -> None:
        self._by_id: dict[str, _Container] = {}
        self._all: list[_Container] = []

    def add(self, message: ThreadMessage) -> None:
        parent: _Container | None = None
        for ancestor in message.ancestors:
            container = self._of(ancestor)
            if parent is not None and container.parent is None:
                self._link(parent, container)
            parent = container
        own = self._own(message)
        # (B) The last reference is the parent, whatever was there before.
        if own.parent is not None:
            del own.parent.linked[own]
            own.parent = None
        if parent is not None:
            self._link(parent, own)

    def _of(self, message_id: str) -> _Container:
        container = self._by_id.get(message_id)
        if container is None:
            container = self._by_id[message_id] = _Container()
            self._all.append(container)
        return container

    def _own(self, message: ThreadMessage) -> _Container:
        """Return the message's container; of two with one id, the second stands alone."""
        if message.message_id:
            container = self._of(message.message_id)
            if container.message is None:
                container.message = message
                return container
        container = _Container(message)
        self._all.append(container)
        return container

    def _link(self, parent: _Container, child: _Container) -> None:
        """Link, unless that makes a loop; the child has no parent."""
        top, below = self._find(parent), self._find(child)
        if top is below and self._is_above(child, parent):
            return
        below.group = top
        child.parent = parent
        parent.linked[child] = None

    def _is_above(self, child: _Container, parent: _Container) -> bool:
        """Look for a loop: trees in one group may have been cut apart since."""
        if child is parent or not child.linked:
            return child is parent
        above = parent.parent
        for _ in range(_HIGHEST):
            if above is None or above is child:
                return above is child
            above = above.parent
        return True

    def _find(self, container: _Container) -> _Container:
        while container.group is not container:
            container.group = container.group.group
            container = container.group
        return container

    def roots(self) -> list[_Container]:
        """Step 2; links are final from here on."""
        for container in self._all:
            container.children = list(container.linked)
        return [container for container in self._all if container.parent is None]


def _bottom_up(roots: Sequence[_Container]) -> Iterator[_Container]:
    """Yield children before their parents."""
    found: list[_Container] = []
    waiting = list(roots)
    while waiting:
        container = waiting.pop()
        found.append(container)
        waiting += container.children
    return reversed(found)


def _pruned(roots: list[_Container]) -> list[_Container]:
    """Step 3: absent messages give way to their children, except at the top with several."""
    for container in _bottom_up(roots):
        if any(child.message is None for child in container.children):
            container.children = [
                kept
                for child in container.children
                for kept in ([child] if child.message is not None else child.children)
            ]
    kept_roots: list[_Container] = []
    for root in roots:
        if root.message is not None or len(root.children) > 1:
            kept_roots.append(root)
        else:
            kept_roots += root.children
    return kept_roots


def _sort(roots: list[_Container]) -> None:
    """Steps 4 and 6: siblings by sent date, the lowest first."""
    for container in _bottom_up(roots):
        if len(container.children) > 1:
            container.children.sort(key=attrgetter("order"))
    roots.sort(key=attrgetter("order"))


def _merged_by_subject(roots: list[_Container]) -> list[_Container]:
    """Step 5: one thread for each subject."""
    table: dict[str, _Container] = {}
    for root in roots:
        if not (subject := root.subject):
            continue
        known = table.get(subject)
        if known is None or (
            known.message is not None and (root.message is None or (known.is_reply and not root.is_reply))
        ):
            table[subject] = root
    kept: dict[_Container, None] = {}
    taken: set[_Container] = set()
    for root in roots:
        known = table.get(root.subject)
        if root in taken:
            continue
        if known is None or known is root:
            kept[root] = None
        elif known.message is None:
            known.children += root.children if root.message is None else [root]
        elif root.is_reply and not known.is_reply:
            known.children.append(root)
        else:
            both = _Container()
            both.children = [root, known]
            table[root.subject] = both
            taken.add(known)
            kept.pop(known, None)
            kept[both] = None
    return list(kept)


def _finished(roots: Sequence[_Container]) -> list[ThreadNode]:
    nodes: dict[_Container, ThreadNode] = {}
    for container in _bottom_up(roots):
        number = None if container.message is None else container.message.number
        nodes[container] = ThreadNode(number, [nodes[child] for child in container.children])
    return [nodes[root] for root in roots]
