"""What can be wrong with a signature, and which status follows from it."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Problem", "ProblemKind", "Status"]


class Status(StrEnum):
    """Result of checking one signature (RFC 8601 §2.7.1)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a result, no password
    FAIL = "fail"
    POLICY = "policy"
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class ProblemKind(StrEnum):
    """Why a signature did not pass, in the order of the checks (RFC 6376 §6.1)."""

    TOO_LARGE = "too-large"
    TOO_MANY_SIGNATURES = "too-many-signatures"
    SYNTAX = "syntax"
    VERSION = "version"
    CANONICALIZATION = "canonicalization"
    QUERY_METHOD = "query-method"
    IDENTITY = "identity"
    FROM_NOT_SIGNED = "from-not-signed"
    EXPIRED = "expired"
    PUBLIC_SUFFIX = "public-suffix"
    ALGORITHM = "algorithm"
    POLICY = "policy"
    KEY_UNAVAILABLE = "key-unavailable"
    KEY_MISSING = "key-missing"
    KEY_AMBIGUOUS = "key-ambiguous"
    KEY_SYNTAX = "key-syntax"
    KEY_HASH = "key-hash"
    KEY_TYPE = "key-type"
    KEY_REVOKED = "key-revoked"
    KEY_SIZE = "key-size"
    KEY_SERVICE = "key-service"
    KEY_IDENTITY = "key-identity"
    SIGNATURE = "signature"
    BODY_HASH = "body-hash"
    BODY_LENGTH = "body-length"
    UNSIGNED_CONTENT = "unsigned-content"


# Everything else is permerror: trying again later gives the same (RFC 6376 §3.9, RFC 8601 §2.7.1).
_STATUS = {
    ProblemKind.TOO_MANY_SIGNATURES: Status.NEUTRAL,
    ProblemKind.POLICY: Status.POLICY,
    ProblemKind.UNSIGNED_CONTENT: Status.POLICY,
    ProblemKind.KEY_UNAVAILABLE: Status.TEMPERROR,
    # Results are undefined (RFC 6376 §3.6.2.2); most likely a key is being replaced just now.
    ProblemKind.KEY_AMBIGUOUS: Status.TEMPERROR,
    ProblemKind.SIGNATURE: Status.FAIL,
    ProblemKind.BODY_HASH: Status.FAIL,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason for not passing.

    Attributes:
        kind: For programs.
        text: For people, in ASCII except for what was quoted from the message.
    """

    kind: ProblemKind
    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def status(self) -> Status:
        """What it makes of a signature."""
        return _STATUS.get(self.kind, Status.PERMERROR)
