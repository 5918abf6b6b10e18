"""When to renew, and when to try again. Pure."""

from datetime import datetime, timedelta

from mox.acme.certificate import Issued

__all__ = ["LONGEST_AHEAD", "renewal_time", "retry_delay"]

LONGEST_AHEAD = timedelta(days=30)
_FIRST_RETRY = timedelta(minutes=10)
_LONGEST_RETRY = timedelta(hours=12)


def renewal_time(issued: Issued, renew_before: timedelta) -> datetime:
    """Return when a certificate is to be renewed: a third of its life before its end at the latest chance.

    Certificates of six days are renewed after four, however early others are.
    """
    lifetime = issued.not_after - issued.not_before
    return issued.not_after - min(renew_before, LONGEST_AHEAD, lifetime / 3)


def retry_delay(failures: int, told: timedelta | None = None) -> timedelta:
    """Return how long to wait after so many failures in a row, at least as long as the provider told."""
    delay = min(_LONGEST_RETRY, _FIRST_RETRY * (1 << min(failures - 1, 10)))
    return delay if told is None else max(delay, told)
