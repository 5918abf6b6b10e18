"""Hold rules: what they match, on arrival and when they are added."""

import pytest

from mox.queue import EntryFilter, HoldRule, NewHoldRule, Queue, Steered
from mox.store import Store
from room.queue.remote import add

MATCHING = [
    NewHoldRule(),
    NewHoldRule(account="mox"),
    NewHoldRule(sender_domain="HERE.example"),
    NewHoldRule(recipient_domain="One.example"),
    NewHoldRule(account="mox", sender_domain="here.example", recipient_domain="one.example"),
]
OTHER = [
    NewHoldRule(account="pat"),
    NewHoldRule(sender_domain="re.example"),
    NewHoldRule(recipient_domain="example"),
    NewHoldRule(account="mox", recipient_domain="two.example"),
]


@pytest.mark.parametrize("rule", MATCHING)
async def test_what_matches_is_held(queue: Queue, store: Store, rule: NewHoldRule) -> None:
    await add(queue, store, "before@one.example")
    added, held = await queue.steering.add_hold_rule(rule)
    assert (added.id, held) == (1, 1)
    await add(queue, store, "after@One.example")
    assert [e["hold"] for e in queue.entries()] == [1, 1]


@pytest.mark.parametrize("rule", OTHER)
async def test_what_does_not_match_is_not(queue: Queue, store: Store, rule: NewHoldRule) -> None:
    await add(queue, store, "before@one.example")
    assert (await queue.steering.add_hold_rule(rule))[1] == 0
    await add(queue, store, "after@one.example")
    assert [e["hold"] for e in queue.entries()] == [0, 0]


async def test_a_removed_rule_releases_nothing(queue: Queue, store: Store) -> None:
    await queue.steering.add_hold_rule(NewHoldRule(recipient_domain="one.example"))
    await queue.steering.add_hold_rule(NewHoldRule(account="pat"))
    await add(queue, store, "x@one.example")
    assert await queue.steering.remove_hold_rule(1)
    assert not await queue.steering.remove_hold_rule(1)
    assert queue.steering.hold_rules() == [HoldRule(2, "pat", "", "")]
    await add(queue, store, "y@one.example")
    assert [e["hold"] for e in queue.entries()] == [1, 0]
    assert await queue.steering.set_hold(EntryFilter(), hold=False) == Steered(1)
