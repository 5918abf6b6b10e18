"""The RCPT command: a forward-path; no parameters are known (RFC 5321 §4.1.1.3)."""

from dataclasses import dataclass

from moxkit.smtp.errors import CommandError
from moxkit.smtp.mailfrom import take_parameter
from moxkit.smtp.path import Path, take_path

__all__ = ["RcptTo", "parse_rcpt_to"]


@dataclass(frozen=True, slots=True)
class RcptTo:
    """One RCPT command, before any policy; read by servers, written by clients."""

    forward_path: Path

    def __bytes__(self) -> bytes:
        """Return the line a client sends, with its CRLF."""
        return f"RCPT TO:<{self.forward_path}>\r\n".encode()


def parse_rcpt_to(args: bytes, *, smtputf8: bool = False, is_pedantic: bool = False) -> RcptTo:
    """Parse what follows ``RCPT`` and one space, without the final CRLF.

    Args:
        args: The octets.
        smtputf8: The transaction was begun with SMTPUTF8.
        is_pedantic: Refuse what is wrong and harmless.

    Raises:
        CommandError: 501 bad syntax, 555 any parameter, 553 a path that needs SMTPUTF8 (RFC 6531 §3.5).
    """
    if args[:3].upper() != b"TO:":
        raise CommandError(501, "5.5.2", "expected TO:")
    rest = args[3:] if is_pedantic else args[3:].removeprefix(b" ")
    path, rest = take_path(rest, is_pedantic=is_pedantic)
    if path is None:
        raise CommandError(501, "5.1.3", "recipient without address")
    if rest:
        keyword, _, _ = take_parameter(rest, set())
        raise CommandError(555, "5.3.3", f"unknown parameter {keyword[:40]}")
    if path.needs_smtputf8 and not smtputf8:
        raise CommandError(553, "5.6.7", "address needs SMTPUTF8")
    return RcptTo(path)
