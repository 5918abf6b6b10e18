"""Whom a server runs as."""

import pytest

from mox.privilege import PrivilegeError, RunAs, find_user


def test_by_name_and_by_number() -> None:
    daemon = find_user("daemon")
    assert (daemon.uid, daemon.gid) == (1, 1)
    assert find_user("1") == daemon


def test_a_number_without_a_name_is_its_own_group() -> None:
    assert find_user("54321") == RunAs("54321", 54321, 54321)


@pytest.mark.parametrize("configured", ["root", "0"])
def test_root_is_refused(configured: str) -> None:
    with pytest.raises(PrivilegeError, match="User is root"):
        find_user(configured)


def test_an_unknown_user_is_told_with_the_way_out() -> None:
    with pytest.raises(PrivilegeError, match=r"no user 'nobody-of-that-name' .* useradd --system"):
        find_user("nobody-of-that-name")
