"""What can go wrong while mail moves, apart from bugs and disks."""

__all__ = [
    "ArchiveError",
    "EntryError",
    "ImportRunningError",
    "ImportUnknownError",
    "MessageError",
    "MovingError",
    "NoRoomError",
]


class MovingError(Exception):
    """Mail cannot be moved; the text is for people."""


class ArchiveError(MovingError):
    """An archive cannot be read, or not any further: the import ends and changes nothing."""


class EntryError(MovingError):
    """One entry of an archive cannot be read, or not any further: the rest of it is passed over."""


class MessageError(EntryError):
    """One message cannot be taken: it is passed over."""


class ImportRunningError(MovingError):
    """An import into this account is running: one at a time."""


class ImportUnknownError(MovingError):
    """No import of that token; it ended some time ago, or there was none."""


class NoRoomError(MovingError):
    """The disk is full, or nearly."""
