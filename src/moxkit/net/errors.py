"""What can go wrong on a connection, beyond `OSError` and `TimeoutError`."""

from typing import Literal

__all__ = ["LineTooLong", "Stage", "TLSError"]

Stage = Literal["starttls", "handshake", "verify", "read", "write"]


class TLSError(ConnectionError):
    """TLS failed; the connection is of no further use.

    Attributes:
        stage: When it failed.
        reason: OpenSSL's or our own short reason, good for a TLS report (RFC 8460 §4.3.1) and logs.
        alert: Name of the alert the peer sent, as ``unknown_ca`` (RFC 8446 §6); `None` if it sent none.
    """

    def __init__(self, stage: Stage, reason: str, alert: str | None = None) -> None:
        super().__init__(stage, reason, alert)
        self.stage = stage
        self.reason = reason
        self.alert = alert

    def __str__(self) -> str:
        return f"tls {self.stage}: {self.reason}"


class LineTooLong(ValueError):  # noqa: N818 - says what it is; a refusal, not a failure of ours
    """A line exceeded its limit; the rest of it is dropped by the next `readline`."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"line longer than {limit} octets")
        self.limit = limit
