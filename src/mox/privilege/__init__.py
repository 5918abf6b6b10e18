"""Started as root, running without: what only root can open is opened and handed to unprivileged processes.

The parent stays small. It binds ports, opens keys and certificates, sees to ownership and modes, starts the
same program as somebody else, once or several times, and then watches: over the processes, whose end is its
own unless something killed one of several, and over the files, of which they get fresh descriptors when
another tool replaced them. It never reads what is in them.

    check_code_of_root()                                    # who could write our code would be root
    repair(expected(config_dir, data_dir, run_as), fix=True)
    return run_parent(argv, run_as=run_as, sockets=sockets, files=files, workers=2)

and in each process, `Inherited.take()` returns what was handed over, `confine()` makes sure of no way back.

Raises `PrivilegeError`, whose text says what to do. For systems with `setuid`: not for Windows.
"""

import sys

if sys.platform != "win32":
    from mox.privilege.child import Inherited, confine
    from mox.privilege.code import check_code_of_root
    from mox.privilege.errors import PrivilegeError
    from mox.privilege.parent import run_parent
    from mox.privilege.permissions import Expected, expected, repair
    from mox.privilege.user import RunAs, find_user

__all__ = [
    "Expected",
    "Inherited",
    "PrivilegeError",
    "RunAs",
    "check_code_of_root",
    "confine",
    "expected",
    "find_user",
    "repair",
    "run_parent",
]
