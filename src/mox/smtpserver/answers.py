"""What a session makes of an event."""

from dataclasses import dataclass

from moxkit.smtp import Reply

__all__ = ["Answer", "AuthChallenge", "HandshakeNext"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, perhaps the last one."""

    reply: Reply
    closes: bool = False


@dataclass(frozen=True, slots=True)
class AuthChallenge:
    """334 and these octets; the client's response comes next."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class HandshakeNext:
    """220, and TLS right behind it (RFC 3207 §4)."""

    reply: Reply
