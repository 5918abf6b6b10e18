"""Dataclasses as JSON: reading is strict, writing and reading agree, schemas say the same."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from mox.http import ProblemError, described
from mox.http.jsontypes import encode, read_value, schema_of


class Colour(StrEnum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part."""

    name: str = field(metadata=described("For people.", max_length=10, min_length=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All that there is.

    And more.
    """

    parts: tuple[Part, ...]
    colour: Colour
    weight: float = field(metadata=described("Of it.", minimum=0, maximum=1))
    count: int = 1
    is_new: bool = False
    kept: timedelta = timedelta()
    note: str | None = None


GOOD: dict[str, Any] = {"parts": [{"name": "a"}], "colour": "red", "weight": 1}
REFUSED: list[tuple[object, str]] = [
    ([], ""),
    (None, ""),
    ({}, "parts"),
    (GOOD | {"more": 1}, "more"),
    (GOOD | {"parts": {}}, "parts"),
    (GOOD | {"parts": [{"name": "a"}] * 1001}, "parts"),
    (GOOD | {"parts": [{"name": ""}]}, "name"),
    (GOOD | {"parts": [{"name": "x" * 11}]}, "name"),
    (GOOD | {"parts": [{"name": "\ud800"}]}, "name"),
    (GOOD | {"parts": [{"name": "a\0"}]}, "name"),
    (GOOD | {"colour": "green"}, "colour"),
    (GOOD | {"colour": ["red"]}, "colour"),
    (GOOD | {"weight": 1.1}, "weight"),
    (GOOD | {"weight": float("nan")}, "weight"),
    (GOOD | {"weight": float("inf")}, "weight"),
    (GOOD | {"weight": True}, "weight"),
    (GOOD | {"weight": 10**400}, "weight"),
    (GOOD | {"count": 1.0}, "count"),
    (GOOD | {"count": 2**60}, "count"),
    (GOOD | {"is_new": 1}, "is_new"),
    (GOOD | {"kept": -1}, "kept"),
    (GOOD | {"kept": 10**20}, "kept"),
    (GOOD | {"note": 3}, "note"),
]


def test_reads_what_is_given_and_the_rest_by_default() -> None:
    assert read_value(Whole, GOOD) == Whole(parts=(Part(name="a"),), colour=Colour.RED, weight=1.0)
    assert read_value(Whole, GOOD | {"kept": 60, "note": "x"}).kept == timedelta(minutes=1)


@pytest.mark.parametrize(("value", "name"), REFUSED)
def test_refuses_and_names_the_field(value: object, name: str) -> None:
    with pytest.raises(ProblemError) as refused:
        read_value(Whole, value)
    assert (refused.value.status, refused.value.field) == (422, name)


def test_schema_says_what_is_read() -> None:
    components: dict[str, Any] = {}
    assert schema_of(Whole, components) == {"$ref": "#/components/schemas/Whole"}
    whole = components["Whole"]
    assert whole["description"] == "All that there is."
    assert whole["required"] == ["parts", "colour", "weight"]
    assert whole["additionalProperties"] is False
    assert whole["properties"]["weight"] == {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "description": "Of it.",
    }
    assert components["Colour"] == {"type": "string", "enum": ["red", "blue"]}
    assert components["Part"]["properties"]["name"]["maxLength"] == 10
    assert whole["properties"]["note"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}


def test_writes_moments_in_utc() -> None:
    assert encode(datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2030-01-02T03:04:05Z"


@settings(deadline=None)
@given(
    st.builds(
        Whole,
        parts=st.lists(st.builds(Part, name=st.sampled_from(["a", "ß", "😀" * 10])), max_size=3).map(tuple),
        colour=st.sampled_from(Colour),
        weight=st.floats(0, 1),
        count=st.integers(-(2**53), 2**53),
        is_new=st.booleans(),
        kept=st.integers(0, 10**9).map(lambda seconds: timedelta(seconds=seconds)),
        note=st.none() | st.just("note"),
    )
)
def test_reads_what_it_writes(whole: Whole) -> None:
    assert read_value(Whole, encode(whole)) == whole


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*GOOD, "count", "note", "x"]), inner, max_size=5)
    ),
)


@settings(deadline=None)
@given(_JSON)
def test_noise_gives_a_value_or_a_problem(noise: object) -> None:
    with suppress(ProblemError):
        assert isinstance(read_value(Whole, noise), Whole)
