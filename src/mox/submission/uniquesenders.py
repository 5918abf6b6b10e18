"""Return paths that tell which message came back: `user+id@domain`, another for each recipient."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mox.queue import NewRecipient
from mox.submission.draft import Refusal, RefusalKind
from moxkit.smtp import parse_path

__all__ = ["Sending", "sendings"]

_ID_OCTETS = 16


@dataclass(frozen=True, slots=True)
class Sending:
    """One envelope.

    Attributes:
        reverse_path: Without brackets; empty for the null path.
        from_id: What makes it unique; empty: nothing does.
    """

    reverse_path: str
    recipients: tuple[NewRecipient, ...]
    from_id: str = ""


def sendings(
    reverse_path: str,
    recipients: Sequence[NewRecipient],
    *,
    separator: str,
    token: Callable[[int], bytes],
) -> Sequence[Sending] | Refusal:
    """Return the envelopes that a message goes in.

    Args:
        reverse_path: As the client gave it, without brackets.
        recipients: Of the message.
        separator: What stands before an id; empty: return paths stay as they are.
        token: Random octets.
    """
    if not separator or not reverse_path:
        return (Sending(reverse_path, tuple(recipients)),)
    path = parse_path(reverse_path)
    base, found, own_id = path.localpart.partition(separator)
    if found and own_id:
        if len(recipients) > 1:
            return Refusal(
                RefusalKind.SEVERAL_RECIPIENTS, "a sender with an id of your own goes to one recipient"
            )
        return (Sending(reverse_path, tuple(recipients), own_id),)
    made = []
    for recipient in recipients:
        from_id = base64.urlsafe_b64encode(token(_ID_OCTETS)).rstrip(b"=").decode()
        unique = replace(path, localpart=f"{base}{separator}{from_id}")
        made.append(Sending(str(unique), (recipient,), from_id))
    return made
