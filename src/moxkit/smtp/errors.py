"""The refusal of one command: what the client is told; the connection goes on (RFC 5321 §4.2.4)."""

__all__ = ["CommandError"]


class CommandError(Exception):
    """A command that is refused.

    Attributes:
        code: Of the reply (RFC 5321 §4.2).
        enhanced: Enhanced status code (RFC 3463).
        text: For people; holds nothing secret.
    """

    def __init__(self, code: int, enhanced: str, text: str) -> None:
        super().__init__(f"{code} {enhanced} {text}")
        self.code = code
        self.enhanced = enhanced
        self.text = text
