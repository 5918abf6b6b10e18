"""FUTURERELEASE: a submission that is to leave later (RFC 4865): pure."""

from datetime import datetime, timedelta

from moxkit.smtp import MailFrom, Reply

__all__ = ["check_release", "longest_release", "release_of"]

_LONGEST = timedelta(days=60)


def longest_release(now: datetime) -> str:
    """Return the parameters of the keyword: the most seconds, and the latest time (RFC 4865 §4)."""
    return f"{int(_LONGEST.total_seconds())} {_text(now + _LONGEST)}"


def check_release(mail: MailFrom, now: datetime) -> Reply | None:
    """Return why a message cannot be kept for as long as asked, if so."""
    if mail.hold_for is not None and mail.hold_for > _LONGEST.total_seconds():
        return Reply(554, "5.5.4", f"HOLDFOR is at most {int(_LONGEST.total_seconds())} seconds")
    if mail.hold_until is not None and not now < mail.hold_until <= now + _LONGEST:
        return Reply(554, "5.5.4", f"HOLDUNTIL is a time from now to {_text(now + _LONGEST)}")
    return None


def release_of(mail: MailFrom, now: datetime) -> tuple[datetime | None, str]:
    """Return when a message that is accepted now may leave, and the request as DSNs repeat it (RFC 4865).

    The time is None for a message that does not ask for any.
    """
    if mail.hold_for is not None:
        return now + timedelta(seconds=mail.hold_for), f"for;{mail.hold_for}"
    if mail.hold_until is not None:
        return mail.hold_until, f"until;{_text(mail.hold_until)}"
    return None, ""


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
