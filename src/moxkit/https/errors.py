"""How a request can fail."""

from enum import StrEnum

__all__ = ["HttpsError", "Stage"]


class Stage(StrEnum):
    """How far a request came."""

    NAME = "name"
    """The name does not exist or has no address."""
    DNS = "dns"
    """The name could not be looked up for now."""
    CONNECT = "connect"
    """Nobody answered in time, or the URL cannot be used."""
    TLS = "tls"
    """No TLS, or a certificate that is not valid for the name."""
    RESPONSE = "response"
    """The answer is no HTTP, too long, came too late or only in part."""


class HttpsError(Exception):
    """There is no response.

    Attributes:
        stage: How far it came.
        reason: For `Stage.TLS` the verdict's or OpenSSL's short reason, else a sentence.
    """

    def __init__(self, stage: Stage, reason: str) -> None:
        super().__init__(stage, reason)
        self.stage = stage
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.stage}: {self.reason}"
