"""A real server started by root: what only root can open, and then the server without it (serve.md §1).

The process stays for as long as the server runs: it imports no more than it needs.
"""

import logging
import os
import sys
from pathlib import Path

import mox
from mox.certificates import certificate_files
from mox.config import load_config

assert sys.platform != "win32"  # noqa: S101  the command line says that it is not available there

from mox.app.workers import run_workers  # noqa: E402  see above
from mox.privilege import check_code_of_root, expected, find_user, repair  # noqa: E402  see above

__all__ = ["serve_as_root"]

logger = logging.getLogger(__name__)


def serve_as_root(static_file: Path, *, argv: list[str]) -> int:
    """Open what only root can, then have `argv` serve as the configured user; return its exit status.

    Raises:
        mox.config.ConfigError: The configuration is not good.
        mox.listen.BindError: A port cannot be had.
        mox.privilege.PrivilegeError: It must not, or cannot, be started like this.
    """
    check_code_of_root()
    static = load_config(static_file).static
    directory = static_file.parent
    data_dir = (directory / static.data_dir).resolve()
    run_as = find_user(static.user)
    logger.info(
        "starting as root",
        extra={"version": mox.__version__, "pid": os.getpid(), "config": static_file, "user": run_as.name},
    )
    if not data_dir.exists():
        data_dir.mkdir(mode=0o770)
    wrong = repair(expected(directory, data_dir, run_as), fix=not static.no_fix_permissions)
    if wrong and static.no_fix_permissions:
        logger.warning("NoFixPermissions is set: see above what is to be changed", extra={"paths": wrong})
    files = certificate_files(static.listeners.values(), directory)
    return run_workers(argv, static=static, data_dir=data_dir, run_as=run_as, files=files)
