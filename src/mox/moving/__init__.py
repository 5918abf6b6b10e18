"""Moving in and out with all mail: archives become mailboxes, mailboxes become archives.

Import: .zip, .tar, .tgz and .tar.zst with Maildir trees and mbox files, Google Takeout's among them, a bare
.mbox or .eml, a directory. Everything is read as a stream, in a process of its own; memory does not grow with
the archive. It does not speak HTTP, knows no sessions and decides nothing about who may do this.

    imports = Imports(store=store, clock=clock)
    begun = imports.begin(ImportRequest("mox", Path("mail.tgz"), skip_prefix="Maildir"))
    async for event in begun.follow():  # Count, Problem, ReadOctets, Step, then Done or Aborted
        ...

`begin` raises `ArchiveError` and `ImportRunningError`, `find` raises `ImportUnknownError`; what goes wrong
later is told by `Aborted`, and the account is as it was before.
"""

from mox.moving.apart import Stager, stage_apart, stage_in_thread
from mox.moving.errors import ArchiveError, ImportRunningError, ImportUnknownError, MovingError
from mox.moving.imports import Import, ImportRequest, Imports
from mox.moving.job import Problem, SourceKind, Step
from mox.moving.state import Aborted, Count, Done, Event, ImportState, Phase, ReadOctets

__all__ = [
    "Aborted",
    "ArchiveError",
    "Count",
    "Done",
    "Event",
    "Import",
    "ImportRequest",
    "ImportRunningError",
    "ImportState",
    "ImportUnknownError",
    "Imports",
    "MovingError",
    "Phase",
    "Problem",
    "ReadOctets",
    "SourceKind",
    "Stager",
    "Step",
    "stage_apart",
    "stage_in_thread",
]
