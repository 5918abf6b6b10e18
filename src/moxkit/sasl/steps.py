"""What an exchange says at each step."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "Challenge",
    "Failure",
    "FailureKind",
    "NeedCramMd5Verifier",
    "NeedPasswordCheck",
    "NeedScramVerifier",
    "Step",
    "Success",
]


class FailureKind(StrEnum):
    """Why an exchange failed, for logs and for the choice of the reply."""

    CREDENTIALS = "credentials"
    CHANNEL_BINDING = "channel binding"
    PROTOCOL = "protocol"
    AUTHORIZATION = "authorization"


@dataclass(frozen=True, slots=True)
class Challenge:
    """Send these octets, and give the client's answer to `respond`."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class NeedPasswordCheck:
    """Check a password, and tell `supply` whether it is right (bool)."""

    username: str
    password: str

    def __repr__(self) -> str:
        # A password must not reach a log through a traceback or a debugger's print.
        return f"NeedPasswordCheck(username={self.username!r}, password=***)"


@dataclass(frozen=True, slots=True)
class NeedScramVerifier:
    """Give `supply` the stored `ScramVerifier`; for an unknown user a fake one, so that nobody can tell."""

    username: str
    hash_name: str


@dataclass(frozen=True, slots=True)
class NeedCramMd5Verifier:
    """Give `supply` the stored `CramMd5Verifier`, or a fake one."""

    username: str


@dataclass(frozen=True, slots=True)
class Success:
    """The client proved who it is.

    Attributes:
        username: Authentication identity; for EXTERNAL the wanted authorization identity, may be empty.
    """

    username: str


@dataclass(frozen=True, slots=True)
class Failure:
    """The exchange is over without success.

    Attributes:
        text: For people; holds no secret.
        last_challenge: What the mechanism says to the client before the protocol refuses (SCRAM's `e=`).
        username: As far as the client told.
    """

    kind: FailureKind
    text: str
    last_challenge: bytes | None = None
    username: str = ""


Step = Challenge | NeedPasswordCheck | NeedScramVerifier | NeedCramMd5Verifier | Success | Failure
