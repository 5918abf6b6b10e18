"""Moving in and out with all mail: archives become mailboxes, mailboxes become archives.

Import: .zip, .tar, .tgz and .tar.zst with Maildir trees and mbox files, Google Takeout's among them, a bare
.mbox or .eml, a directory. Everything is read as a stream, in a process of its own; memory does not grow with
the archive. It does not speak HTTP, knows no sessions and decides nothing about who may do this.

    imports = Imports(store=store, clock=clock)
    begun = imports.begin(ImportRequest("mox", Path("mail.tgz"), skip_prefix="Maildir"))
    async for event in begun.follow():  # Count, Problem, ReadOctets, Step, then Done or Aborted
        ...

An archive that comes over the network is written by `imports.uploads` first.

Export: a whole account, a mailbox, or messages as Maildir or mbox, into a directory or as a stream.

    exporter = Exporter(account=directory, request=ExportRequest(ExportFormat.MBOX), now=now)
    for piece in pack(exporter.files(), Packing.TGZ):
        ...

`begin` raises `ArchiveError` and `ImportRunningError`, `find` raises `ImportUnknownError`, an upload
`NoRoomError`; what goes wrong later is told by `Aborted`, and the account is as it was before. `Exporter`
raises `MailboxUnknownError`.
"""

from mox.moving.apart import Stager, stage_apart, stage_in_thread
from mox.moving.directorywriting import write_directory
from mox.moving.errors import (
    ArchiveError,
    ImportRunningError,
    ImportUnknownError,
    MovingError,
    NoRoomError,
)
from mox.moving.exporting import Exporter, ExportFile, ExportFormat, ExportRequest, export_name
from mox.moving.imports import Import, ImportRequest, Imports
from mox.moving.job import Problem, SourceKind, Step
from mox.moving.packing import Packing, pack
from mox.moving.state import Aborted, Count, Done, Event, Follower, ImportState, Phase, ReadOctets
from mox.moving.uploads import Upload, Uploads

__all__ = [
    "Aborted",
    "ArchiveError",
    "Count",
    "Done",
    "Event",
    "ExportFile",
    "ExportFormat",
    "ExportRequest",
    "Exporter",
    "Follower",
    "Import",
    "ImportRequest",
    "ImportRunningError",
    "ImportState",
    "ImportUnknownError",
    "Imports",
    "MovingError",
    "NoRoomError",
    "Packing",
    "Phase",
    "Problem",
    "ReadOctets",
    "SourceKind",
    "Stager",
    "Step",
    "Upload",
    "Uploads",
    "export_name",
    "pack",
    "stage_apart",
    "stage_in_thread",
    "write_directory",
]
