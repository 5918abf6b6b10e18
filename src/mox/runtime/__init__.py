"""What every server package needs from the process: time, owned tasks, shutdown, ids and durable files.

It knows nothing of mail. It does not read the configuration and does not log on its own behalf, but for
the crash of a task that nobody awaits.
"""

from mox.runtime.childprocess import ChildProcess, be_child, python_argv
from mox.runtime.clock import Clock, SystemClock
from mox.runtime.connectionid import ConnectionIds, connection_id
from mox.runtime.disk import (
    StrPath,
    link_or_copy,
    remove_file,
    sync_directory,
    sync_file,
    write_file_durably,
)
from mox.runtime.filewatch import FileWatch
from mox.runtime.lane import Lane
from mox.runtime.notices import Notices
from mox.runtime.removing import FileRemover
from mox.runtime.servicemanager import notify_service_manager
from mox.runtime.shutdown import Shutdown
from mox.runtime.tasks import Tasks
from mox.runtime.turns import Turn, Turns
from mox.runtime.worker import Worker

__all__ = [
    "ChildProcess",
    "Clock",
    "ConnectionIds",
    "FileRemover",
    "FileWatch",
    "Lane",
    "Notices",
    "Shutdown",
    "StrPath",
    "SystemClock",
    "Tasks",
    "Turn",
    "Turns",
    "Worker",
    "be_child",
    "connection_id",
    "link_or_copy",
    "notify_service_manager",
    "python_argv",
    "remove_file",
    "sync_directory",
    "sync_file",
    "write_file_durably",
]
