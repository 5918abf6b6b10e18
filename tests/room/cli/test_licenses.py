"""`mox licenses`: texts for people, names for scripts."""

import json

from room.cli.commandline import Run


def test_texts_of_packages_and_of_the_programs_in_pages(run: Run) -> None:
    done = run("licenses")
    assert (done.status, done.err) == (0, "")
    headings = [line for line in done.out.splitlines() if line.startswith("# ")]
    assert headings[0].startswith("# moxmail ")
    assert headings[-1] == "# programs in the pages"
    assert "Permission is hereby granted" in done.out.partition("# apsw")[0]
    assert "Mozilla Public License" in done.out
    assert "preact" in done.out.rpartition("# programs in the pages")[2]


def test_names_for_scripts(run: Run) -> None:
    found = {each["name"]: each["terms"] for each in json.loads(run("licenses", "--json").out)}
    assert (found["moxmail"], found["publicsuffixlist"]) == ("MIT", "MPL-2.0")
