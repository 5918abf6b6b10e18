"""Lines of keys: each key that tomllib sees has the line it stands at."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings, strategies as st

from mox.config.positions import positions


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from leaves(item, (*path, n))
    else:
        yield path, value


scalars = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["a\nb", '"', "'''", '"""', "# no comment", "[x]", "a = 1", "\\", "]", "}"]),
    st.integers(-5, 5),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.datetimes(),
    st.dates(),
)
names = st.one_of(
    st.sampled_from(["a", "b", "A-1", "x y", "dot.ted", 'q"', "é", "'", ""]), st.text("ab#=[", max_size=3)
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(names, values, max_size=4))
@settings(deadline=None, max_examples=60)
def test_every_key_of_a_written_document_has_a_line(document: dict[str, Any]) -> None:
    text = tomlkit.dumps(document)
    found = positions(text)
    lines = text.split("\n")
    for path, value in leaves(tomllib.loads(text)):
        assert path in found, (path, text)
        if type(value) is bool:
            assert str(value).lower() in lines[found[path] - 1]


STYLES = '''# comment = "x"
top = 1 # [not.a.table]
"quoted.key" = 'its'
a.b."c d" = """
[nor] = this
"""   # after
list = [ # first
  1, "two]",
  [3, { x = 4, y.z = [5] },
  ], # more
]
when = 1979-05-27 07:32:00
[ table . "sub.table" ]
k = \'\'\'
x = 1\'\'\'
[[many]]
n = 1
[many.below]
n = 2
[[many.deep]]
n = 3
[[many]]
n = 4
[[many.deep]]
n = 5
[[many.deep]]
n = 6
inline = { a = 1, "b c" = { d = "}" } }
'''


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_all_the_ways_of_writing_keys(newline: str) -> None:
    text = STYLES.replace("\n", newline)
    found = positions(text)
    expected = {
        ("top",): 2,
        ("quoted.key",): 3,
        ("a", "b", "c d"): 4,
        ("list", 0): 8,
        ("list", 1): 8,
        ("list", 2, 0): 9,
        ("list", 2, 1, "x"): 9,
        ("list", 2, 1, "y", "z", 0): 9,
        ("when",): 12,
        ("table", "sub.table", "k"): 14,
        ("many", 0, "n"): 17,
        ("many", 0, "below", "n"): 19,
        ("many", 0, "deep", 0, "n"): 21,
        ("many", 1, "n"): 23,
        ("many", 1, "deep", 0, "n"): 25,
        ("many", 1, "deep", 1, "n"): 27,
        ("many", 1, "deep", 1, "inline", "a"): 28,
        ("many", 1, "deep", 1, "inline", "b c", "d"): 28,
    }
    assert {path for path, _ in leaves(tomllib.loads(text))} == set(expected)
    assert {path: found.get(path) for path in expected} == expected


def test_a_long_text_costs_one_pass() -> None:
    text = "".join(f'[[entry]]\nname = "x{n}"\nlist = [1, 2, 3]\n' for n in range(5000))
    assert positions(text)["entry", 4999, "list", 2] == 15_000
