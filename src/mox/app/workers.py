"""Several processes that serve together: the parent's part."""

import sys
from collections.abc import Sequence
from pathlib import Path

from mox.app.addresses import listen_addresses
from mox.config import StaticConfig
from mox.listen import bind
from mox.observe import TOGETHER, place_together

assert sys.platform != "win32"  # noqa: S101  there one process serves

from mox.privilege import RunAs, run_parent  # noqa: E402  see above

__all__ = ["run_workers"]


def run_workers(
    argv: Sequence[str], *, static: StaticConfig, data_dir: Path, run_as: RunAs | None, files: Sequence[Path]
) -> int:
    """Bind all ports, and have as many processes as configured serve them; return the exit status.

    Args:
        argv: Of each process.
        static: The configuration.
        data_dir: Where data lies.
        run_as: Whom they run as; None: as whoever this is.
        files: Keys and certificates for them.

    Raises:
        mox.listen.BindError: A port cannot be had.
        mox.privilege.PrivilegeError: They cannot be started.
    """
    sockets = {
        (each.ip, each.port): bind(each.service, each.ip, each.port) for each in listen_addresses(static)
    }
    # Made by the workers: root creates nothing where others may write.
    environment = {TOGETHER: str(place_together(data_dir))} if static.workers > 1 else {}
    return run_parent(
        argv, run_as=run_as, sockets=sockets, files=files, workers=static.workers, environment=environment
    )
