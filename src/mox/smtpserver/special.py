"""Recipients that fail on purpose, for people who test their programs (reference localserve.md §4, §5).

Pure; a server without them is given none, and no other file knows what they are for.
"""

import re
from dataclasses import dataclass

from moxkit.smtp import Reply

__all__ = ["SpecialFailure", "SpecialRecipients"]

_CODE = re.compile(r"(?:[45][0-9]{2})\Z", re.ASCII)
_TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class SpecialFailure:
    """How a command fails: after a wait, with a reply."""

    reply: Reply
    wait_s: float = 0


class SpecialRecipients:
    """The rules: what the end of a localpart asks for, and its beginning at which command."""

    def at_mail(self, localpart: str) -> SpecialFailure | None:
        """Say how MAIL fails."""
        return self._rule(localpart) if localpart.lower().startswith("mailfrom") else None

    def at_rcpt(self, localpart: str) -> SpecialFailure | None:
        """Say how RCPT fails."""
        return self._rule(localpart) if localpart.lower().startswith("rcptto") else None

    def at_delivery(self, localpart: str) -> SpecialFailure | None:
        """Say how delivery to one recipient fails."""
        return self._rule(localpart)

    def at_submission(self, localpart: str) -> SpecialFailure | None:
        """Say how submission fails; a localpart in ``queue`` fails only when the queue delivers."""
        return None if localpart.lower().startswith("queue") else self._rule(localpart)

    def _rule(self, localpart: str) -> SpecialFailure | None:
        lowered = localpart.lower()
        if lowered.endswith("temperror"):
            return SpecialFailure(Reply(451, "4.0.0", "temporary error, as asked for by the address"))
        if lowered.endswith("permerror"):
            return SpecialFailure(Reply(550, "5.0.0", "permanent error, as asked for by the address"))
        if lowered.endswith("timeout"):
            return SpecialFailure(Reply(451, "4.0.0", "timeout, as asked for by the address"), _TIMEOUT_S)
        if (found := _CODE.search(lowered)) is not None:
            code = int(found[0])
            return SpecialFailure(Reply(code, f"{code // 100}.0.0", "error, as asked for by the address"))
        return None
