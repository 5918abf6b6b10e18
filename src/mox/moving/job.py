"""What an import is asked to do, and what it tells: values that travel between processes as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

__all__ = [
    "Counted",
    "Ended",
    "Failed",
    "Job",
    "Problem",
    "SourceKind",
    "Step",
    "Told",
    "decode_job",
    "decode_told",
    "encode_told",
]


class SourceKind(StrEnum):
    """What is brought."""

    ARCHIVE = "archive"
    MAILDIR = "maildir"
    MBOX = "mbox"


@dataclass(frozen=True, slots=True)
class Job:
    """All that staging needs to know.

    Attributes:
        source: Path of an archive or a directory.
        name: What the archive is called by whoever brought it.
        kind: An archive says by its names which mailboxes there are; others are for one mailbox.
        mailbox: For which; of an archive: below which, empty for none.
        skip_prefix: Cut from names in an archive.
        skip_present: Leave out messages that the account has.
        account: Path of its directory.
        first_id: Of staged messages.
        free_octets: How much the account may get; None without limit. Likewise messages.
        uses: Names of its mailboxes by special use.
        now: Unix seconds.
    """

    source: str
    name: str
    kind: SourceKind
    mailbox: str
    skip_prefix: str
    skip_present: bool
    account: str
    first_id: int
    free_octets: int | None
    free_messages: int | None
    uses: Mapping[str, str]
    now: int

    def encode(self) -> bytes:
        """Write it as one line."""
        return json.dumps(asdict(self)).encode() + b"\n"


def decode_job(line: bytes) -> Job:
    """Read what `encode` wrote."""
    values = json.loads(line)
    return Job(**values | {"kind": SourceKind(values["kind"])})


@dataclass(frozen=True, slots=True)
class Counted:
    """How far it is: messages of mailboxes that got some since the last time, octets read of the source."""

    counts: Mapping[str, int]
    read_octets: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of the source that was passed over or put right; the text says what and where."""

    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """All is read; a step follows that takes a while."""

    title: str


@dataclass(frozen=True, slots=True)
class Ended:
    """All is staged."""

    messages: int
    octets: int
    skipped: int
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot go on; the text is for people."""

    text: str


Told = Counted | Problem | Step | Ended | Failed
_KINDS: dict[str, type[Told]] = {each.__name__: each for each in (Counted, Problem, Step, Ended, Failed)}


def encode_told(told: Told) -> bytes:
    """Write it as one line."""
    return json.dumps({"told": type(told).__name__, **asdict(told)}).encode() + b"\n"


def decode_told(line: bytes) -> Told:
    """Read what `encode_told` wrote.

    Raises:
        ValueError, KeyError: It did not.
    """
    values = json.loads(line)
    return _KINDS[values.pop("told")](**values)
