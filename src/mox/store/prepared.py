"""What is learned from a message's octets before it is filed: parsed once, rendered once.

Pure and without database; run in a worker thread. A malformed message is never refused, its problems are
noted.
"""

from dataclasses import dataclass

__all__ = ["RENDER_VERSION", "Prepared"]

# Raised when renderings change; older rows are rendered anew when read.
RENDER_VERSION = 1


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message, ready to be filed.

    Attributes:
        size: Of prefix and content, in octets.
        prefix: Headers this server puts before the content.
        header: The whole header section, prefix included; None if it is large.
        envelope: As IMAP writes it; likewise bodystructure, and body without extension data.
        needs_utf8: These hold UTF-8.
        preview: The first words, at most 256 characters.
        problems: What is malformed, in short phrases.
        message_id: Normalised; empty if there is none.
        references: Normalised ids of ancestors, oldest first.
        base_subject: RFC 5256 §2.1, lower case.
        is_reply: The subject says that it is a reply or was forwarded.
        is_dsn: A delivery status notification (RFC 3464).
    """

    size: int
    prefix: bytes
    header: bytes | None
    envelope: bytes
    bodystructure: bytes
    body: bytes
    needs_utf8: bool
    preview: str
    problems: tuple[str, ...]
    message_id: str
    references: tuple[str, ...]
    base_subject: str
    is_reply: bool
    is_dsn: bool
