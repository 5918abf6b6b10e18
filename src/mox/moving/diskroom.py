"""Room on the disk: what is left of it is for mail that arrives, not for archives."""

import shutil
from pathlib import Path

from mox.moving.errors import NoRoomError

__all__ = ["check_room"]

_RESERVE_OCTETS = 256 << 20


def check_room(directory: Path, octets: int = 0) -> None:
    """Look whether so many octets can be written and something is left.

    Raises:
        NoRoomError: There is too little.
        OSError: That cannot be found out.
    """
    free = shutil.disk_usage(directory).free
    if free - octets < _RESERVE_OCTETS:
        wanted = f", {octets >> 20} MiB are wanted" if octets >> 20 else ""
        raise NoRoomError(
            f"the server's disk is nearly full: {free >> 20} MiB are free{wanted}, "
            f"and {_RESERVE_OCTETS >> 20} MiB are kept for mail that arrives"
        )
