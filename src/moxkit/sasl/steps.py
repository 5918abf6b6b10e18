"""What an exchange says at each step."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from moxkit.sasl.credentials import CramMd5Verifier, ScramVerifier

__all__ = [
    "Challenge",
    "Failure",
    "FailureKind",
    "NeedCramMd5Verifier",
    "NeedPasswordCheck",
    "NeedScramVerifier",
    "Step",
    "Success",
    "Supplied",
    "verifiers_of",
]

VerifierT = TypeVar("VerifierT", ScramVerifier, CramMd5Verifier)


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
    """Give `supply` the stored `ScramVerifier`; for an unknown user a fake one, so that nobody can tell.

    A user with several passwords has several, with one salt and number of iterations: supply all of them.
    """

    username: str
    hash_name: str


@dataclass(frozen=True, slots=True)
class NeedCramMd5Verifier:
    """Give `supply` the stored `CramMd5Verifier`, or a fake one; of several passwords, all."""

    username: str


@dataclass(frozen=True, slots=True)
class Success:
    """The client proved who it is.

    Attributes:
        username: Authentication identity; for EXTERNAL the wanted authorization identity, may be empty.
        verifier: Which of the verifiers that were supplied matched, counted from 0.
    """

    username: str
    verifier: int = 0


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


Supplied = ScramVerifier | CramMd5Verifier | Sequence[ScramVerifier | CramMd5Verifier] | bool
"""What a `Need…` step asked for."""
Step = Challenge | NeedPasswordCheck | NeedScramVerifier | NeedCramMd5Verifier | Success | Failure


def verifiers_of(answer: Supplied, kind: type[VerifierT]) -> tuple[VerifierT, ...]:
    """Return the verifiers that were supplied, one or several.

    Raises:
        TypeError: Something else was supplied.
    """
    several = answer if isinstance(answer, Sequence) else (answer,)
    found = tuple(each for each in several if isinstance(each, kind))
    if not found or len(found) != len(several):
        raise TypeError(f"a {kind.__name__} was asked for")
    return found
