"""How the store's refusals are worded for IMAP: the one table (RFC 5530, RFC 9208)."""

from mox.store import (
    AnnotationsTooLargeError,
    KeywordInvalidError,
    MailboxExistsError,
    MailboxHasChildrenError,
    MailboxUnknownError,
    OverQuotaError,
    StoreError,
    TooManyAnnotationsError,
    UidsExhaustedError,
)
from moxkit.imap import (
    Code,
    ConditionKind,
    MailboxNameError,
    MetadataCode,
    MetadataProblem,
    ResponseCode,
)

__all__ = ["RefusedError", "refusal"]


class RefusedError(Exception):
    """A command is answered with NO or BAD; the connection lives."""

    def __init__(
        self, text: str, code: ResponseCode | str | None = None, kind: ConditionKind = ConditionKind.NO
    ) -> None:
        super().__init__(text)
        self.text = text
        self.code = Code(code) if isinstance(code, str) else code
        self.kind = kind


def refusal(error: StoreError | MailboxNameError, *, creates_target: bool = False) -> RefusedError:
    """Word a refusal.

    Args:
        error: Of the store, or a name no mailbox can have.
        creates_target: The command has a target mailbox that the client could create (TRYCREATE).
    """
    text, kind = str(error), ConditionKind.NO
    code: ResponseCode | str = "CANNOT"
    match error:
        case MailboxUnknownError():
            text, code = "no such mailbox", "TRYCREATE" if creates_target else "NONEXISTENT"
        case MailboxExistsError():
            text, code = "mailbox exists already", "ALREADYEXISTS"
        case MailboxHasChildrenError():
            text, code = "mailbox has children, delete them first", "HASCHILDREN"
        case OverQuotaError():
            text, code = "account is over quota", "OVERQUOTA"
        case KeywordInvalidError():
            kind = ConditionKind.BAD
        case TooManyAnnotationsError():
            code = MetadataCode(MetadataProblem.TOOMANY)
        case AnnotationsTooLargeError(limit_octets=limit):
            code = MetadataCode(MetadataProblem.MAXSIZE, limit)
        case UidsExhaustedError():
            text, code = "mailbox has given its last UID", "LIMIT"
        case _:
            pass
    return RefusedError(text, code, kind)
