"""What sealing raises; validation raises nothing of this."""

__all__ = ["ArcError", "SealError", "SetError"]


class ArcError(Exception):
    """Any of the errors of this package."""


class SetError(ArcError):
    """A field of an ARC Set is malformed."""


class SealError(ArcError):
    """A message cannot be sealed as it is (RFC 8617 §5.1)."""
