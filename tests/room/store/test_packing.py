"""Packed texts: what goes in is found, damage is noticed, little is unpacked for what stands early."""

import pytest
from hypothesis import given, strategies as st

from mox.store.searchindex import DamagedTextError, PackedText, SearchText
from mox.store.searchindex.packing import pack_text

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=3000)


@given(header=texts, body=texts, wanted=texts, data=st.data())
def test_finds_what_is_in_the_text(header: str, body: str, wanted: str, data: st.DataObject) -> None:
    if body and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(body) - 1))
        wanted = body[at : at + 5]
    packed = pack_text(SearchText(header, body))
    for in_body in (True, False):
        found = PackedText(packed).has(wanted.encode(), in_body=in_body)
        assert found == (wanted in body or (not in_body and wanted in header))


@pytest.mark.parametrize("size", [0, 100, 2047, 2048, 2049, 100_000])
def test_finds_the_last_word_whatever_the_size(size: int) -> None:
    text = PackedText(pack_text(SearchText("h" * (size // 2), "b" * size + " last")))
    assert not text.has(b"nothing", in_body=False)
    assert text.has(b" last", in_body=True)
    assert text.has(b"", in_body=True)


@pytest.mark.parametrize("at", [0, 3, 4, 10, -1])
def test_damage_is_noticed_before_anything_is_found(at: int) -> None:
    packed = bytearray(pack_text(SearchText("header", "body" * 100)))
    packed[at] ^= 1
    with pytest.raises(DamagedTextError):
        PackedText(bytes(packed))


def test_an_empty_value_is_damage() -> None:
    with pytest.raises(DamagedTextError):
        PackedText(b"")
