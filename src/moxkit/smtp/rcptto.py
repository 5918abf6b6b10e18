"""The RCPT command: a forward-path, and what the sender wants to hear of it (RFC 5321 §4.1.1.3, RFC 3461)."""

from dataclasses import dataclass, replace
from enum import StrEnum

from moxkit.smtp.errors import CommandError
from moxkit.smtp.mailfrom import take_parameter
from moxkit.smtp.path import Path, take_path
from moxkit.smtp.recipientaddress import AddressError, RecipientAddress, format_orcpt, parse_orcpt

__all__ = ["Notify", "RcptTo", "parse_rcpt_to"]


class Notify(StrEnum):
    """When a sender wants a notification of a recipient (RFC 3461 §4.1)."""

    NEVER = "NEVER"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    DELAY = "DELAY"


@dataclass(frozen=True, slots=True)
class RcptTo:
    """One RCPT command, before any policy; read by servers, written by clients.

    Attributes:
        notify: When to tell the sender; empty when nothing was said, which means of failure, and of delay as
            the server likes. `NEVER` stands alone.
        orcpt: The address the sender gave, before anything was forwarded (RFC 3461 §4.2).
    """

    forward_path: Path
    notify: frozenset[Notify] = frozenset()
    orcpt: RecipientAddress | None = None

    def __bytes__(self) -> bytes:
        """Return the line a client sends, with its CRLF.

        Raises:
            AddressError: The type of `orcpt` is none.
        """
        line = f"RCPT TO:<{self.forward_path}>"
        if self.notify:
            line += " NOTIFY=" + ",".join(each for each in Notify if each in self.notify)
        if self.orcpt is not None:
            # In ASCII, which every server with DSN reads (RFC 6533 §3).
            line += f" ORCPT={format_orcpt(self.orcpt)}"
        return line.encode() + b"\r\n"


def parse_rcpt_to(
    args: bytes, *, smtputf8: bool = False, allows_dsn: bool = True, is_pedantic: bool = False
) -> RcptTo:
    """Parse what follows ``RCPT`` and one space, without the final CRLF.

    Args:
        args: The octets.
        smtputf8: The transaction was begun with SMTPUTF8.
        allows_dsn: DSN was offered.
        is_pedantic: Refuse what is wrong and harmless.

    Raises:
        CommandError: 501 bad syntax, 555 an unknown parameter, 553 a path that needs SMTPUTF8
            (RFC 6531 §3.5).
    """
    if args[:3].upper() != b"TO:":
        raise CommandError(501, "5.5.2", "expected TO:")
    rest = args[3:] if is_pedantic else args[3:].removeprefix(b" ")
    path, rest = take_path(rest, is_pedantic=is_pedantic)
    if path is None:
        raise CommandError(501, "5.1.3", "recipient without address")
    command, seen = RcptTo(path), set[str]()
    while rest:
        keyword, value, rest = take_parameter(rest, seen)
        if keyword not in {"NOTIFY", "ORCPT"} or not allows_dsn:
            raise CommandError(555, "5.3.3", f"unknown parameter {keyword[:40]}")
        command = _with_dsn(command, keyword, value, smtputf8=smtputf8)
    if path.needs_smtputf8 and not smtputf8:
        raise CommandError(553, "5.6.7", "address needs SMTPUTF8")
    return command


def _with_dsn(command: RcptTo, keyword: str, value: str, *, smtputf8: bool) -> RcptTo:
    try:
        if keyword == "NOTIFY":
            return replace(command, notify=_notify(value))
        # Without SMTPUTF8 an address beyond ASCII comes in its encoded form (RFC 6533 §3).
        if value.isascii() or smtputf8:
            return replace(command, orcpt=parse_orcpt(value))
    except AddressError:
        pass
    raise CommandError(501, "5.5.4", f"bad value for {keyword}")


def _notify(value: str) -> frozenset[Notify]:
    words = value.upper().split(",")
    if len(words) > len(Notify) or not set(words) <= set(Notify):
        raise CommandError(501, "5.5.4", "bad value for NOTIFY")
    asked = frozenset(map(Notify, words))
    if Notify.NEVER in asked and len(words) > 1:
        raise CommandError(501, "5.5.4", "NOTIFY=NEVER stands alone")
    return asked
