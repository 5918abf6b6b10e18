"""Every refusal that is not grammar, as a reply: one table."""

import errno
from collections.abc import Sequence

from mox.accounts import AddressUnknown, DomainDisabled, DomainUnknown, Refused, SignInFailed
from mox.delivery import Outcome
from mox.submission import Refusal, RefusalKind
from moxkit.sasl import FailureKind
from moxkit.smtp import DataEnd, Reply

__all__ = [
    "combined",
    "content_reply",
    "refused_address",
    "refused_draft",
    "sign_in_reply",
    "size_reply",
    "storage_reply",
]

_LARGE_OCTETS = 100 << 20
_NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}

_DRAFT = {
    RefusalKind.MALFORMED: (550, "5.6.0"),
    RefusalKind.NOT_YOURS: (550, "5.7.1"),
    RefusalKind.NEEDS_SMTPUTF8: (550, "5.6.0"),
    RefusalKind.NEEDS_8BITMIME: (500, "5.6.0"),
    RefusalKind.TOO_MANY: (451, "4.7.1"),
    RefusalKind.SEVERAL_RECIPIENTS: (554, "5.5.3"),
    RefusalKind.SENDER_TAKEN: (554, "5.1.7"),
}
_SIGN_IN = {
    FailureKind.CREDENTIALS: (535, "5.7.8"),
    FailureKind.AUTHORIZATION: (535, "5.7.8"),
    FailureKind.CHANNEL_BINDING: (535, "5.7.7"),
    FailureKind.PROTOCOL: (501, "5.5.2"),
}


def refused_address(found: DomainUnknown | DomainDisabled | AddressUnknown | Refused) -> Reply:
    """Say that a recipient is not accepted."""
    match found:
        case DomainUnknown():
            return Reply(550, "5.1.1", "not a domain of this server")
        case DomainDisabled():
            return Reply(450, "4.2.1", "domain is temporarily disabled")
        case AddressUnknown():
            return Reply(550, "5.1.1", "no such user")
        case Refused(text):
            # Configured as 421 or 550 and a text; 421 would end the connection for the others too.
            code, _, words = text.partition(" ")
            if code == "421":
                return Reply(451, "4.3.0", words or "error processing, try again later")
            return Reply(550, "5.1.1", words or "no such user")


def refused_draft(refusal: Refusal) -> Reply:
    """Say that a submission was not taken."""
    code, enhanced = _DRAFT[refusal.kind]
    return Reply(code, enhanced, refusal.text)


def sign_in_reply(failure: SignInFailed) -> Reply:
    """Say that an authentication failed (RFC 4954 §6)."""
    if failure.is_disabled:
        return Reply(525, "5.7.13", failure.text or "account is disabled")
    code, enhanced = _SIGN_IN[failure.kind]
    return Reply(code, enhanced, failure.text)


def size_reply(max_size: int, *, is_declared: bool) -> Reply:
    """Say that a message is too large: as declared with SIZE (RFC 1870 §6.1), or as received."""
    subject = "3.4" if max_size >= _LARGE_OCTETS else "2.3"
    if is_declared:
        return Reply(552, f"5.{subject}", f"message too large, the limit is {max_size} octets")
    return Reply(451, f"4.{subject}", f"message too large, the limit is {max_size} octets")


def storage_reply(error: OSError) -> Reply:
    """Say that our disk fails us."""
    if error.errno in _NO_ROOM:
        return Reply(452, "4.3.1", "no room on disk, try again later")
    return Reply(451, "4.3.0", "error processing, try again later")


def content_reply(end: DataEnd, max_size: int) -> Reply | None:
    """Say what is wrong with content as it came, if anything (RFC 5321 §2.3.8)."""
    if end.too_large:
        return size_reply(max_size, is_declared=False)
    if end.has_bare_cr:
        return Reply(500, "5.5.2", "bare carriage return in message")
    if end.has_false_end:
        return Reply(500, "5.5.2", "line with a dot that is not ended or not preceded by CRLF in message")
    return None


def combined(outcomes: Sequence[Outcome]) -> Reply:
    """Say in one reply what became of a message for all its recipients."""
    failed = [outcome for outcome in outcomes if not outcome.is_delivered]
    if len(failed) < len(outcomes):
        return Reply(250, "2.2.0", "delivered")
    first = failed[0]
    if all((each.code, each.enhanced) == (first.code, first.enhanced) for each in failed):
        texts = dict.fromkeys(each.text for each in failed)
        return Reply(first.code, first.enhanced, "\n".join(texts))
    lines = [f"{each.recipient.path}: {each.code} {each.enhanced} {each.text}" for each in failed]
    if any(each.code >= 500 for each in failed):
        return Reply(554, "5.3.0", "\n".join([*lines, "no recipient accepted"]))
    return Reply(451, "4.3.0", "\n".join([*lines, "no recipient accepted, try again later"]))
