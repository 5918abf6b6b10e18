"""What the parsers and the signer raise; checking a message raises nothing of this."""

from moxkit.dkim.problem import ProblemKind

__all__ = ["DkimError", "KeyFormatError", "RecordError", "SignError", "SignatureError", "TagListError"]


class DkimError(Exception):
    """Any of the errors of this package."""


class TagListError(DkimError):
    """Text is no list of ``tag=value`` (RFC 6376 §3.2)."""


class SignatureError(DkimError):
    """A signature field cannot be used.

    Attributes:
        kind: What is wrong with it.
    """

    def __init__(self, kind: ProblemKind, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class RecordError(DkimError):
    """Text is no key record (RFC 6376 §3.6.1)."""


class KeyFormatError(DkimError):
    """Octets are no key that DKIM can use, or one too small or too large (RFC 8301 §3.2)."""


class SignError(DkimError):
    """A message cannot be signed as it is (RFC 6376 §5)."""
