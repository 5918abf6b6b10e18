"""Random histories of three IMAP sessions on one mailbox, against a small model.

Real sessions of a real server on the loopback: message numbers, when removals are told, what a client that
comes back is told after QRESYNC, and events of NOTIFY. MOX_IMAP_EXAMPLES says how many histories; the default
is small enough for every day.
"""

import asyncio
import os
from collections.abc import Coroutine, Iterator
from typing import ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from properties.believer import Believer, Cache
from properties.stage import FLAGS, LETTER, MODES, WATCHES, Box, Player, Stage

T = TypeVar("T")

EXAMPLES = int(os.environ.get("MOX_IMAP_EXAMPLES", "30"))
STEPS = 30


@pytest.fixture(autouse=True, scope="module")
def stage() -> Iterator[None]:
    SessionMachine.stage = Stage()
    yield
    SessionMachine.stage.close()


players = st.sampled_from([0, 1, 2])
picks = st.lists(st.integers(0, 20), min_size=1, max_size=4)
some_flags = st.sets(st.sampled_from(FLAGS), max_size=2).map(frozenset)


class SessionMachine(RuleBasedStateMachine):
    """The mailbox, the model, and the sessions."""

    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.stage.histories += 1
        self.name = f"m{self.stage.histories}"
        self.other_name = f"o{self.stage.histories}"
        self.box, self.other = Box(), Box()
        self.players: list[Player] = []

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        return self.stage.run(coroutine)

    @initialize(
        modes=st.tuples(*[st.sampled_from(MODES)] * 3),
        watches=st.tuples(*[st.sampled_from(["", *WATCHES])] * 3),
        letters=st.integers(0, 4),
    )
    def begin(self, modes: tuple[str, ...], watches: tuple[str, ...], letters: int) -> None:
        self.run(self._begin(modes, letters))
        for who, watch in enumerate(watches):
            if watch:
                self.notify(who, watch)

    async def _begin(self, modes: tuple[str, ...], letters: int) -> None:
        client = await self.stage.house.signed_in()
        for name in (self.name, self.other_name):
            assert (await client.ask(f"CREATE {name}"))[-1].startswith("OK")
        for _ in range(letters):
            answer = await client.ask(f"APPEND {self.name} {{{len(LETTER)}+}}\r\n{LETTER.decode()}")
            assert answer[-1].startswith("OK"), answer
            self.box.add(frozenset())
        client.writer.transport.abort()
        for mode in modes:
            self.players.append(Player(mode, await self._connected(mode, Cache())))

    async def _connected(self, mode: str, cache: Cache, *, names_uids: bool = False) -> Believer:
        """Return a session with the mailbox selected, and a cache that is up to date."""
        believer = Believer(await self.stage.house.signed_in(), uid_only="UIDONLY" in mode)
        if mode:
            await believer.ask(f"ENABLE {mode}")
        known = sorted(cache.flags)
        comes_back = "QRESYNC" in mode and cache.highest > 0
        parameters = ""
        if comes_back:
            uids = f" {','.join(map(str, known))}" if names_uids and known else ""
            parameters = f" (QRESYNC ({cache.uidvalidity} {cache.highest}{uids}))"
            believer.cache = cache
        lines = await believer.ask(f"SELECT {self.name}{parameters}")
        assert lines[-1].startswith("OK [READ-WRITE]"), lines
        believer.cache.uidvalidity = next(
            int(line.split("[UIDVALIDITY ")[1].split("]")[0]) for line in lines if "[UIDVALIDITY " in line
        )
        if comes_back and names_uids and known:
            # Of messages behind those it named nothing was told.
            await believer.ask(f"UID FETCH {known[-1] + 1}:* (UID FLAGS)")
        elif not comes_back:
            await believer.ask("UID FETCH 1:* (UID FLAGS)")
        believer.begin(lines)
        assert believer.cache.flags == self.box.messages
        return believer

    def teardown(self) -> None:
        self.run(self._leave())

    async def _leave(self) -> None:
        for player in self.players:
            await self._check(player)
            player.believer.client.writer.transport.abort()

    # What is checked.

    async def _check(self, player: Player) -> None:
        """After NOOP a client knows all, if it wants to."""
        believer = player.believer
        await believer.ask("NOOP")
        assert not believer.overflowed
        if player.hears_all:
            assert believer.count == len(self.box.messages)
            known = believer.known
            assert known == sorted(known)
            if len(known) == believer.count:
                assert known == list(self.box.messages)
            if "QRESYNC" in player.mode:
                assert len(known) == believer.count
            for uid in known:
                flags = believer.cache.flags.get(uid)
                assert flags is None or flags == self.box.messages[uid], f"flags of {uid}"
        self._check_other(player)

    def _check_other(self, player: Player) -> None:
        """RFC 5465 §5.2, §5.3: what STATUS last said is how it is."""
        statuses, player.believer.statuses = player.believer.statuses, {}
        watches = player.watch in ("selected", "delayed", "no flags", "others")
        assert statuses.keys() <= ({self.other_name} if watches else set())
        if watches and player.other_uidnext:
            told = statuses[self.other_name]
            # Own additions behind it are not told, unless another telling finds them.
            assert player.other_uidnext <= told["UIDNEXT"] <= self.other.uidnext
            assert told["MESSAGES"] == told["UIDNEXT"] - 1
        player.other_uidnext = 0

    # What happens.

    def _uids(self, player: Player, numbers: list[int]) -> list[int]:
        """Pick messages the client knows, live or not."""
        known = sorted(player.believer.cache.flags)
        return sorted({known[n % len(known)] for n in numbers}) if known else []

    def _set(self, player: Player, uids: list[int]) -> tuple[str, str]:
        """Write them as message numbers if the client can, else as UIDs with the prefix that says so."""
        numbers = player.believer.numbers
        if player.counts and all(uid in numbers for uid in uids):
            return "", ",".join(str(numbers.index(uid) + 1) for uid in uids)
        return "UID ", ",".join(map(str, uids))

    @rule(who=players, flags=some_flags)
    def append(self, who: int, flags: frozenset[str]) -> None:
        player = self.players[who]
        self.run(self._append(player, flags))

    async def _append(self, player: Player, flags: frozenset[str]) -> None:
        uid = self.box.add(flags)
        lines = await player.believer.ask(f"APPEND {self.name} ({' '.join(flags)})", LETTER)
        assert f" {uid}] " in lines[-1], lines
        player.believer.appended(uid, flags)

    @rule(flags=some_flags)
    def a_message_arrives(self, flags: frozenset[str]) -> None:
        """From outside: no session's doing."""
        self.box.add(flags)
        house = self.stage.house
        self.run(house.deposit(house.account, LETTER, mailbox=self.name, flags=" ".join(flags)))

    @rule(who=players, numbers=picks, flags=some_flags, action=st.sampled_from(["", "+", "-"]))
    def store(self, who: int, numbers: list[int], flags: frozenset[str], action: str) -> None:
        player = self.players[who]
        uids = self._uids(player, numbers)
        if not uids:
            return
        prefix, text = self._set(player, uids)
        for uid in set(uids) & self.box.messages.keys():
            old = self.box.messages[uid]
            self.box.messages[uid] = old | flags if action == "+" else old - flags if action else flags
        command = f"{prefix}STORE {text} {action}FLAGS ({' '.join(flags)})"
        lines = self.run(player.believer.ask(command))
        assert lines[-1].startswith("OK"), (command, lines)

    @rule(who=players)
    def expunge(self, who: int) -> None:
        player = self.players[who]
        # Never what the client was not told of: its view at that moment (RFC 9051 §6.4.3).
        self.run(self._check(player))
        before = set(self.box.messages) if player.hears_all else None
        lines = self.run(player.believer.ask("EXPUNGE"))
        assert lines[-1].startswith("OK"), lines
        gone = [uid for uid, flags in self.box.messages.items() if "\\Deleted" in flags]
        if before is None:
            # A client that does not hear of new messages keeps them.
            self.run(self._look_again(gone))
            return
        for uid in gone:
            del self.box.messages[uid]
        self.run(self._check(player))

    async def _look_again(self, candidates: list[int]) -> None:
        """Learn which of the messages are gone, by the eyes of somebody else."""
        client = await self.stage.house.signed_in()
        await client.ask(f"EXAMINE {self.name}")
        (line, *_) = await client.ask("UID SEARCH ALL")
        client.writer.transport.abort()
        live = {int(word) for word in line.split()[2:]}
        assert set(self.box.messages) - live <= set(candidates)
        self.box.messages = {uid: flags for uid, flags in self.box.messages.items() if uid in live}

    @rule(who=players, numbers=picks, moves=st.booleans())
    def transfer(self, who: int, numbers: list[int], moves: bool) -> None:
        player = self.players[who]
        uids = self._uids(player, numbers)
        if not uids:
            return
        prefix, text = self._set(player, uids)
        lines = self.run(
            player.believer.ask(f"{prefix}{'MOVE' if moves else 'COPY'} {text} {self.other_name}")
        )
        assert lines[-1].startswith("OK"), lines
        live = [uid for uid in uids if uid in self.box.messages]
        for uid in live:
            self.other.add(self.box.messages[uid])
            if moves:
                del self.box.messages[uid]
        if live:
            for other in self.players:
                if other is not player:
                    other.other_uidnext = self.other.uidnext

    @rule(who=players, numbers=picks, flags=some_flags)
    def replace(self, who: int, numbers: list[int], flags: frozenset[str]) -> None:
        player = self.players[who]
        uids = self._uids(player, numbers[:1])
        if uids:
            self.run(self._replace(player, uids[0], flags))

    async def _replace(self, player: Player, uid: int, flags: frozenset[str]) -> None:
        prefix, text = self._set(player, [uid])
        command = f"{prefix}REPLACE {text} {self.name} ({' '.join(flags)})"
        if uid not in self.box.messages:
            lines = await player.believer.ask(command, LETTER)
            assert lines[-1].startswith("NO"), lines
            return
        del self.box.messages[uid]
        new_uid = self.box.add(flags)
        lines = await player.believer.ask(command, LETTER)
        assert lines[-1].startswith("OK"), lines
        code = f"[APPENDUID {player.believer.cache.uidvalidity} {new_uid}]"
        assert any(code in line for line in lines), lines
        player.believer.appended(new_uid, flags)

    @rule(who=players)
    def fetch(self, who: int) -> None:
        """Removed messages keep their number until the client was told; flags are as they are."""
        player = self.players[who]
        believer = player.believer
        if not believer.count:
            return
        items = "(UID FLAGS MODSEQ)" if player.mode else "(UID FLAGS)"
        command = f"{'' if player.counts else 'UID '}FETCH 1:* {items}"
        before = list(believer.numbers)
        lines = self.run(believer.ask(command))
        assert lines[-1].startswith("OK"), lines
        if player.counts:
            assert len(believer.numbers) == len(before)
            assert None not in believer.numbers
            for uid in set(believer.known) & self.box.messages.keys():
                assert believer.cache.flags[uid] == self.box.messages[uid]

    @rule(who=players, flag=st.sampled_from(FLAGS))
    def search(self, who: int, flag: str) -> None:
        """Among what the client knows, and in numbers it knows."""
        player = self.players[who]
        key = f"KEYWORD {flag}" if flag == "word" else flag.removeprefix("\\")
        known = list(player.believer.numbers)
        lines = self.run(player.believer.ask(f"{'' if player.counts else 'UID '}SEARCH {key}"))
        if not player.counts:
            return
        found = [int(word) for line in lines if line.startswith("* SEARCH") for word in line.split()[2:]]
        assert found == sorted(found)
        expected = {uid for uid, flags in self.box.messages.items() if flag in flags}
        for number in found:
            assert known[number - 1] is None or known[number - 1] in expected
        missing = [uid for n, uid in enumerate(known, 1) if uid in expected and n not in found]
        assert missing == []

    @rule(who=players)
    def noop(self, who: int) -> None:
        self.run(self._check(self.players[who]))

    @rule(who=players)
    def idle(self, who: int) -> None:
        self.run(self._idle(self.players[who]))

    async def _idle(self, player: Player) -> None:
        await player.believer.ask("IDLE\r\nDONE")
        await self._check(player)

    @rule(who=players)
    def changed_since(self, who: int) -> None:
        """RFC 7162 §3.2.6: with the modseq the client keeps, in the middle of a connection."""
        player = self.players[who]
        if "QRESYNC" in player.mode:
            highest = max(1, player.believer.cache.highest)
            command = f"UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE {highest} VANISHED)"
            assert self.run(player.believer.ask(command))[-1].startswith("OK")
            self.run(self._check(player))

    @rule(who=players, names_uids=st.booleans())
    def come_back(self, who: int, names_uids: bool) -> None:
        """The connection breaks; whatever was not told is told now, by QRESYNC if the client can."""
        player = self.players[who]
        player.believer.client.writer.transport.abort()
        cache = player.believer.cache
        player.believer = self.run(self._connected(player.mode, cache, names_uids=names_uids))
        player.watch, player.other_uidnext = "", 0

    @rule(
        who=players,
        other=players,
        numbers=st.tuples(*[st.integers(0, 20)] * 3),
        flags=some_flags,
        coins=st.tuples(*[st.booleans()] * 3),
    )
    def be_behind(
        self,
        who: int,
        other: int,
        numbers: tuple[int, int, int],
        flags: frozenset[str],
        coins: tuple[bool, bool, bool],
    ) -> None:
        """Somebody changes a message, removes another; this client counts on, and may hear no more."""
        player, remover = self.players[who], self.players[other]
        looks, breaks, names_uids = coins
        gone = self._uids(remover, [numbers[0]])
        if player is remover or not gone:
            return
        self.store(other, [numbers[1]], flags, "+")
        self.run(self._remove(remover, gone[0]))
        if looks:
            self.fetch(who)
        self.store(who, [numbers[2]], flags, "-")
        if breaks:
            self.come_back(who, names_uids)

    async def _remove(self, player: Player, uid: int) -> None:
        await player.believer.ask(f"UID STORE {uid} +FLAGS (\\Deleted)")
        await player.believer.ask(f"UID EXPUNGE {uid}")
        self.box.messages.pop(uid, None)

    @rule(order=st.permutations([0, 1, 2]), numbers=picks, flags=some_flags)
    def all_at_once(self, order: list[int], numbers: list[int], flags: frozenset[str]) -> None:
        """One files, one marks, one looks; whoever is first, it comes to the same."""
        filing, marking, looking = (self.players[who] for who in order)
        self.run(self._all_at_once(filing, marking, looking, numbers, flags))

    async def _all_at_once(
        self, filing: Player, marking: Player, looking: Player, numbers: list[int], flags: frozenset[str]
    ) -> None:
        deeds: list[Coroutine[object, object, object]] = [
            self._append(filing, flags),
            looking.believer.ask("UID FETCH 1:* (UID FLAGS)"),
        ]
        if uids := self._uids(marking, numbers):
            prefix, text = self._set(marking, uids)
            deeds.append(marking.believer.ask(f"{prefix}STORE {text} +FLAGS (word)"))
            for uid in set(uids) & self.box.messages.keys():
                self.box.messages[uid] |= {"word"}
        await asyncio.gather(*deeds)
        await self._check(looking)

    @rule(who=players, watch=st.sampled_from(list(WATCHES)))
    def notify(self, who: int, watch: str) -> None:
        player = self.players[who]
        # What was told before belongs to the old watch.
        self.run(self._check(player))
        player.believer.pushes = watch in ("selected", "items", "no flags")
        words = WATCHES[watch].replace("other", self.other_name).replace(f"{self.other_name}s", "others")
        lines = self.run(player.believer.ask(f"NOTIFY {words}"))
        assert lines[-1].startswith("OK"), lines
        player.watch = watch
        player.other_uidnext = 0
        player.believer.statuses = {}


SessionMachine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestSessions = SessionMachine.TestCase
