"""Whom the server runs as."""

import pwd
import sys
from dataclasses import dataclass

from mox.privilege.errors import PrivilegeError

assert sys.platform != "win32"  # noqa: S101  there is no such thing on Windows

__all__ = ["RunAs", "find_user"]


@dataclass(frozen=True, slots=True)
class RunAs:
    """A user by numbers; `name` is for people."""

    name: str
    uid: int
    gid: int


def find_user(configured: str) -> RunAs:
    """Return the user that the configuration names, by name or number.

    Raises:
        PrivilegeError: There is none, or it is root.
    """
    try:
        if configured.isascii() and configured.isdecimal():
            found = _by_number(int(configured))
        else:
            entry = pwd.getpwnam(configured)
            found = RunAs(configured, entry.pw_uid, entry.pw_gid)
    except KeyError:
        raise PrivilegeError(
            f"there is no user {configured!r} on this machine to run as; make it with: "
            f"useradd --system --user-group --no-create-home {configured}, or name another as User"
        ) from None
    if found.uid == 0:
        raise PrivilegeError("User is root: name a user without privileges")
    return found


def _by_number(uid: int) -> RunAs:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        # Containers have users without names.
        return RunAs(str(uid), uid, uid)
    return RunAs(entry.pw_name, uid, entry.pw_gid)
