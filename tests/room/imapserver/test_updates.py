"""What a client is told adds up to what is stored, whoever changed it and whenever it was told."""

import re
from array import array
from collections.abc import Callable

from hypothesis import given, strategies as st

from mox.imapserver.selected import Selected
from mox.imapserver.updates import apply_batches, reconcile
from mox.store import Batch, Change, FlagsChanged, MessagesAdded, MessagesRemoved

_FLAGS = ("", "\\Seen", "\\Flagged", "\\Seen \\Flagged")
_LINE = re.compile(rb"\* (\d+) (EXISTS|EXPUNGE|FETCH \(UID (\d+) FLAGS \(([^)]*)\)\))")


class Told:
    """A client that believes what it is told, and notices what cannot be."""

    def __init__(self, uids: list[int]) -> None:
        self.numbers: list[int | None] = list(uids)
        self.flags: dict[int, str] = dict.fromkeys(uids, "")

    def hear(self, octets: bytes) -> None:
        for line in octets.splitlines():
            found = _LINE.fullmatch(line)
            assert found is not None, line
            number = int(found[1])
            if found[2] == b"EXISTS":
                assert number > len(self.numbers), "EXISTS never takes a message away (RFC 9051 §7.4.1)"
                self.numbers += [None] * (number - len(self.numbers))
                continue
            assert 1 <= number <= len(self.numbers), "the client knows no such message"
            if found[2] == b"EXPUNGE":
                del self.numbers[number - 1]
                continue
            uid = int(found[3])
            assert self.numbers[number - 1] in (None, uid)
            self.numbers[number - 1] = uid
            self.flags[uid] = found[4].decode()


class House:
    """A mailbox, a session that is told late, and its client."""

    def __init__(self) -> None:
        self.stored = {1: "", 2: "", 3: ""}
        self.modseq, self.next_uid = 1, 4
        self.queue: list[Batch] = []
        self.selected = Selected(
            mailbox_id=1, name="x", uids=array("I", (1, 2, 3)), modseq=1, keywords=(), read_only=False
        )
        self.client = Told([1, 2, 3])

    def publish(self, change: Change, *, is_own: bool) -> None:
        self.queue.append(Batch(self if is_own else None, (change,)))

    def add(self, _which: int, _flags: str) -> None:
        self.modseq += 1
        self.publish(MessagesAdded(1, self.modseq, ((self.next_uid, ""),)), is_own=False)
        self.stored[self.next_uid] = ""
        self.next_uid += 1

    def remove(self, which: int, _flags: str) -> None:
        if self.stored:
            uid = sorted(self.stored)[which % len(self.stored)]
            del self.stored[uid]
            self.modseq += 1
            self.publish(MessagesRemoved(1, self.modseq, (uid,)), is_own=which % 2 == 0)

    def change(self, which: int, flags: str) -> None:
        self._change(which, flags, is_own=False)

    def change_own(self, which: int, flags: str) -> None:
        """As STORE does: the session answers at once, for what its client knows."""
        self._change(which, flags, is_own=True)

    def _change(self, which: int, flags: str, *, is_own: bool) -> None:
        known = sorted(uid for uid in self.stored if not is_own or self.selected.number_of(uid))
        if not known:
            return
        uid = known[which % len(known)]
        self.stored[uid] = flags
        self.modseq += 1
        self.publish(FlagsChanged(1, self.modseq, ((uid, flags),)), is_own=is_own)
        if is_own and (number := self.selected.number_of(uid)) is not None:
            self.client.hear(f"* {number} FETCH (UID {uid} FLAGS ({flags}))\r\n".encode())

    def tell(self, _which: int = 0, _flags: str = "") -> None:
        batches, self.queue = self.queue, []
        self.client.hear(apply_batches(self.selected, batches, origin=self))

    def miss(self, _which: int, _flags: str) -> None:
        """Lose the queue, as a listener that overflowed does."""
        self.queue.clear()
        self.client.hear(reconcile(self.selected, self.stored))


_STEPS: tuple[Callable[[House, int, str], None], ...] = (
    House.add,
    House.remove,
    House.change,
    House.change_own,
    House.tell,
)
_step = st.tuples(st.sampled_from(_STEPS), st.integers(0, 9), st.sampled_from(_FLAGS))


@given(st.lists(_step, max_size=30))
def test_last_word_is_what_is_stored(steps: list[tuple[Callable[[House, int, str], None], int, str]]) -> None:
    house = House()
    for step, which, flags in steps:
        step(house, which, flags)
    house.tell()
    assert list(house.selected.uids) == sorted(house.stored)
    assert len(house.client.numbers) == len(house.stored)
    for number, uid in enumerate(house.selected.uids, 1):
        assert house.client.numbers[number - 1] in (None, uid)
        assert house.client.flags.get(uid, "") == house.stored[uid]


@given(
    st.lists(st.tuples(st.sampled_from((*_STEPS, House.miss)), st.integers(0, 9), st.just("")), max_size=30)
)
def test_numbers_agree_even_after_changes_were_missed(
    steps: list[tuple[Callable[[House, int, str], None], int, str]],
) -> None:
    house = House()
    for step, which, flags in steps:
        step(house, which, flags)
    house.tell()
    assert list(house.selected.uids) == sorted(house.stored)
    assert len(house.client.numbers) == len(house.stored)
