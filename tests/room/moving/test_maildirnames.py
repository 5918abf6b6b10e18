"""Names of Maildir: flags, letters, times, and directories of Maildir++."""

import pytest
from hypothesis import given, strategies as st

from mox.moving.maildirnames import folder_path, parse_file_name, parse_keywords, spell_component
from mox.store import Flag, Flags, parse_flags

FILES = [
    ("1204680122.27c448.mox:2,DFRST", "\\Draft \\Flagged \\Answered \\Seen \\Deleted", "", 1204680122),
    ("1204680122.M1P2.host,S=5,W=6:2,Sab", "\\Seen", "ab", 1204680122),
    ("1204680122.x.y;2,S", "\\Seen", "", 1204680122),
    ("1204680122.x.y!2,PS", "\\Seen", "", 1204680122),
    ("1204680122.x.y", "", "", 1204680122),
    ("x.1.2:2,S", "\\Seen", "", None),
    ("1.2:1,S", "", "", 1),
    ("12:2,", "", "", None),
    ("999999999999.x", "", "", None),
]


@pytest.mark.parametrize(("name", "flags", "letters", "received_at"), FILES)
def test_names_of_files(name: str, flags: str, letters: str, received_at: int | None) -> None:
    found = parse_file_name(name)
    assert (found.flags, found.letters, found.received_at) == (
        parse_flags(flags.split()),
        letters,
        received_at,
    )


def test_lists_of_keywords_with_mistakes() -> None:
    octets = (
        b"0 $Forwarded\n1 Work\n1 again\n26 many\nx y\n3 \n4 (bad)\n-1 x\n25 last\n\xff \xfe\n" + b"9" * 5000
    )
    found, problems = parse_keywords(octets)
    assert found == {
        "a": Flags(Flag.FORWARDED),
        "b": parse_flags(["work"]),
        "z": parse_flags(["last"]),
    }
    assert [problem.partition(":")[0].partition(" is")[0] for problem in problems] == [
        f"line {n}" for n in (3, 4, 5, 6, 7, 8, 10, 11)
    ]


FOLDERS = [
    ("Sent", "Sent"),
    (".Sent", "Sent"),
    (".Sent.2020", "Sent/2020"),
    (".Entw&APw-rfe", "Entwürfe"),
    (".R&-D", "R&D"),
    # Not modified UTF-7: as it stands.
    (".R&D", "R&D"),
    ("R&-D", "R&-D"),
    (".a.", "a/"),
    ("..", ".."),
]


@pytest.mark.parametrize(("directory", "mailbox"), FOLDERS)
def test_directories(directory: str, mailbox: str) -> None:
    assert folder_path(directory) == mailbox


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1))
def test_levels_are_spelled_so_that_they_come_back(component: str) -> None:
    if component not in {".", ".."}:
        assert folder_path(spell_component(component)) == component
