"""Commands about connection and account as values: compression, starting over, language, limits."""

from dataclasses import dataclass
from typing import ClassVar

from moxkit.imap.commands import Command

__all__ = ["Compress", "Language", "SetQuota", "Unauthenticate"]


@dataclass(frozen=True, slots=True)
class Compress(Command):
    """COMPRESS (RFC 4978 §3); after its OK both sides compress what they send.

    Attributes:
        algorithm: Upper-case; DEFLATE is the only one there is.
    """

    algorithm: str = "DEFLATE"
    verb: ClassVar[str] = "COMPRESS"


@dataclass(frozen=True, slots=True)
class Unauthenticate(Command):
    """UNAUTHENTICATE (RFC 8437 §3): back to the state before signing in, TLS stays."""

    verb: ClassVar[str] = "UNAUTHENTICATE"


@dataclass(frozen=True, slots=True)
class Language(Command):
    """LANGUAGE (RFC 5255 §3.2).

    Attributes:
        ranges: Wanted languages, the dearest first; none asks which there are.
    """

    ranges: tuple[str, ...] = ()
    verb: ClassVar[str] = "LANGUAGE"


@dataclass(frozen=True, slots=True)
class SetQuota(Command):
    """SETQUOTA (RFC 9208 §4.1.3).

    Attributes:
        limits: New limit of each resource; those that are not named have none any more.
    """

    root: str
    limits: tuple[tuple[str, int], ...]
    verb: ClassVar[str] = "SETQUOTA"
