"""What an attempt came to, for one recipient; `host` is the server that said so, empty for ourselves."""

from dataclasses import dataclass

__all__ = ["Delivered", "Failed", "Result", "Retry"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """The remote server took responsibility.

    Attributes:
        passes_on_dsn: It was told what notifications the sender wants, and makes them (RFC 3461 §5.2.1).
        is_final: The recipient's mailbox has it; no other server is involved.
    """

    code: int
    enhanced: str
    text: str
    host: str = ""
    passes_on_dsn: bool = False
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now: a 4xx reply, or no answer at all (code None)."""

    code: int | None
    enhanced: str
    text: str
    host: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """Never: a 5xx reply, or the queue gave up."""

    code: int | None
    enhanced: str
    text: str
    host: str = ""


Result = Delivered | Retry | Failed
