"""What the IMAP grammar can say no with; texts are for the other side, never secrets."""

__all__ = ["CommandSyntaxError", "ImapSyntaxError", "MailboxNameError", "ResponseSyntaxError"]


class ImapSyntaxError(ValueError):
    """Octets that are not IMAP.

    Attributes:
        text: One human sentence, safe to send back.
        code: Response code without brackets, such as ``BADCHARSET``, or `None`.
    """

    def __init__(self, text: str, code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class CommandSyntaxError(ImapSyntaxError):
    """A client's command is not in the grammar: answered with BAD (RFC 9051 §7.1.3)."""


class ResponseSyntaxError(ImapSyntaxError):
    """A server's response is not in the grammar: the client gives up the connection."""


class MailboxNameError(ValueError):
    """A mailbox name that no mailbox can have: answered with NO [CANNOT] (RFC 5530 §3)."""
