"""How a command that failed is answered; which failures are the client's, which are ours."""

import logging

from mox.database import DatabaseError
from mox.imapserver.errors import RefusedError, refusal
from mox.imapserver.signingin import ByeError
from mox.store import StoreError
from moxkit.imap import Condition, ConditionKind, ConnectionState, MailboxNameError, Unauthenticate, allowed

__all__ = ["check_state", "condition_of"]

logger = logging.getLogger(__name__)


def check_state(name: str, state: ConnectionState) -> None:
    """Refuse a command in a state that does not allow it.

    Raises:
        RefusedError: This state does not.
    """
    if not allowed(name, state):
        # NO to UNAUTHENTICATE could not be told from success where commands follow at once (RFC 8437 §3).
        kind = ConditionKind.BAD if name == Unauthenticate.verb else ConditionKind.NO
        raise RefusedError(f"{name} is not possible in this state", kind=kind)


def condition_of(error: Exception, tag: str, command: str) -> Condition:
    """Say how a command failed; a bug is logged once, with its traceback."""
    match error:
        case RefusedError():
            refused = error
        case StoreError() | MailboxNameError():
            refused = refusal(
                error, creates_target=command.removeprefix("UID ") in {"APPEND", "COPY", "MOVE", "REPLACE"}
            )
        case ConnectionError() | TimeoutError() | ByeError():
            raise error
        case _:
            logger.error("imap command crashed", extra={"command": command}, exc_info=error)
            is_trouble = isinstance(error, OSError | DatabaseError)
            refused = RefusedError(
                "internal error, try again later", "UNAVAILABLE" if is_trouble else "SERVERBUG"
            )
    return Condition(refused.kind, refused.text, refused.code, tag)
