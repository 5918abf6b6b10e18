"""Copies that leave out some octets."""

import pytest

from mox.store import Content, Store, copy_without


@pytest.mark.parametrize(
    ("spans", "kept"),
    [
        ([], b"0123456789"),
        ([(0, 3)], b"3456789"),
        ([(0, 1), (1, 2), (9, 10)], b"2345678"),
        ([(4, 6)], b"01236789"),
        ([(0, 10)], b""),
    ],
)
@pytest.mark.parametrize("times", [1, 100_000])
async def test_spans_are_left_out(
    store: Store, spans: list[tuple[int, int]], kept: bytes, times: int
) -> None:
    original, copy = store.spools.new(), store.spools.new()
    # Repeated, the message is too large for memory.
    original.write(b"0123456789" * times)
    if original.wants_flush:
        await original.flush()
    content, _ = await store.prepare(original)
    assert (content.octets is None) is (times > 1)
    await copy_without(content, spans, copy)
    copied = (await store.prepare(copy))[0]
    assert isinstance(copied, Content)
    assert copied.path.read_bytes() == kept + b"0123456789" * (times - 1)
    original.discard()
    copy.discard()
