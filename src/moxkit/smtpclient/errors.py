"""What can go wrong: a refusal by the server, a connection that was of no use."""

from moxkit.smtp import Reply

__all__ = ["NotBegunError", "SmtpError"]


class SmtpError(Exception):
    """The server refused a command.

    Attributes:
        command: Which, like `MAIL`.
        reply: What it said.
        is_permanent: It will say so again (5xx).
    """

    def __init__(self, command: str, reply: Reply) -> None:
        super().__init__(f"{command}: {reply.code} {reply.enhanced} {reply.text}".replace("\n", " / "))
        self.command = command
        self.reply = reply
        self.is_permanent = reply.code >= 500


class NotBegunError(ConnectionError):
    """The connection broke before the server answered to the sender: it has nothing of the message."""
