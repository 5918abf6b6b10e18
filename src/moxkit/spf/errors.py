"""What parsers of this package raise."""

__all__ = ["ReceivedSpfError", "RecordError"]


class RecordError(ValueError):
    """A record, or a text with macros, has bad syntax."""


class ReceivedSpfError(ValueError):
    """A Received-SPF field has bad syntax."""
