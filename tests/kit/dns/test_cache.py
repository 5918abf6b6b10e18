"""The cache: bounds and which entries go first."""

from moxkit.dns import Answer, Cache, RecordType
from moxkit.testing import FakeClock


def test_is_bounded_and_drops_the_least_recently_used() -> None:
    cache = Cache(max_entries=2, monotonic=FakeClock().monotonic)
    for name in ("a", "b"):
        cache.put((name, RecordType.TXT), Answer((name,), False, 60))
    assert cache.get(("a", RecordType.TXT)) is not None
    cache.put(("c", RecordType.TXT), Answer(("c",), False, 60))
    assert len(cache) == 2
    assert cache.get(("b", RecordType.TXT)) is None
    assert cache.get(("a", RecordType.MX)) is None


def test_ttl_is_capped_and_zero_is_not_kept() -> None:
    clock = FakeClock()
    cache = Cache(max_entries=9, monotonic=clock.monotonic)
    cache.put(("zero", RecordType.TXT), Answer(("x",), False, 0))
    assert len(cache) == 0
    cache.put(("long", RecordType.TXT), Answer(("x",), False, 2**31))
    cache.put(("none", RecordType.TXT), Answer((), False, 2**31))
    clock.jump(3600)
    assert cache.get(("none", RecordType.TXT)) is None
    assert cache.get(("long", RecordType.TXT)) is not None
    clock.jump(86400)
    assert cache.get(("long", RecordType.TXT)) is None
