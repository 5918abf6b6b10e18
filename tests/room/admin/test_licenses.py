"""Licenses are told of everything that is installed because mox needs it, with their texts."""

from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path

import pytest

from mox.admin import License, installed_licenses


class Installed:
    """Packages in a directory, as an installer leaves them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def add(self, name: str, metadata: str, **files: str) -> None:
        info = self._directory / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{metadata}\n")
        record = [f"{info.name}/METADATA,,"]
        for file, text in files.items():
            (info / file).write_text(text)
            record.append(f"{info.name}/{file},,")
        (info / "RECORD").write_text("\n".join(record))

    def find(self, name: str) -> Distribution:
        if not (info := self._directory / f"{name}-1.0.dist-info").exists():
            raise PackageNotFoundError(name)
        return Distribution.at(info)


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    return Installed(tmp_path)


def test_what_is_needed_by_what_is_needed(installed: Installed) -> None:
    installed.add(
        "top", "License-Expression: MIT\nRequires-Dist: zebra>=2\nRequires-Dist: Ant", LICENSE="mine\n"
    )
    installed.add("zebra", "License: BSD\nRequires-Dist: middle[fast] (<3)\nRequires-Dist: top", COPYING="z")
    installed.add("Ant", 'Requires-Dist: spare; extra == "more"', LICENCE="a", NOTICE="b")
    installed.add("middle", 'Requires-Dist: winonly; sys_platform == "win32"', README="no license")
    installed.add("spare", "License: none of ours")
    assert list(installed_licenses("top", find=installed.find)) == [
        License("top", "1.0", "MIT", ("mine",)),
        License("Ant", "1.0", "", ("a", "b")),
        License("middle", "1.0", "", ()),
        License("zebra", "1.0", "BSD", ("z",)),
    ]


def test_a_text_in_the_place_of_a_name_is_no_name(installed: Installed) -> None:
    installed.add("top", f"License: {'word ' * 30}")
    assert [each.terms for each in installed_licenses("top", find=installed.find)] == [""]
    with pytest.raises(PackageNotFoundError):
        list(installed_licenses("absent", find=installed.find))


def test_all_that_mox_is_made_of_has_a_text() -> None:
    own, *others = installed_licenses()
    assert (own.name, own.terms) == ("moxmail", "MIT")
    names = {each.name.lower() for each in others}
    assert {"cryptography", "pyopenssl", "starlette", "publicsuffixlist", "h2"} <= names
    assert "pytest" not in names
    assert [each.name for each in (own, *others) if not each.texts] == []
