"""Root's code: writable by nobody else, however the path leads there."""

from pathlib import Path

import pytest

from mox.privilege import PrivilegeError, check_code_of_root


def test_what_is_root_s_alone_is_good() -> None:
    check_code_of_root(["/usr/bin/env", "/usr/lib", "/usr/lib/python311.zip"])


@pytest.mark.parametrize("mode", [0o777, 0o757])
def test_a_directory_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    place = tmp_path / "site-packages"
    place.mkdir()
    place.chmod(mode)
    with pytest.raises(PrivilegeError, match=r"could be changed: .*(belongs to user|written by everybody)"):
        check_code_of_root([place])


def test_so_is_what_lies_below_it_and_what_a_link_leads_to(tmp_path: Path) -> None:
    place = tmp_path / "open" / "lib"
    place.mkdir(parents=True)
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to(place)
    for path in (place, tmp_path / "link"):
        with pytest.raises(PrivilegeError, match="install mox where only root can write"):
            check_code_of_root([path])
