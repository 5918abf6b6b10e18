"""A refusal by the server."""

from moxkit.imap import Condition, ConditionKind

__all__ = ["ImapError"]


class ImapError(Exception):
    """The server answered NO or BAD.

    Attributes:
        command: Name of the command.
        condition: The answer, with its code.
        is_syntax: It was BAD: a fault of ours or of the server, not of the user.
    """

    def __init__(self, command: str, condition: Condition) -> None:
        code = "" if condition.code is None else f"[{bytes(condition.code).decode(errors='replace')}] "
        super().__init__(f"{command}: {condition.kind} {code}{condition.text}")
        self.command = command
        self.condition = condition
        self.is_syntax = condition.kind is ConditionKind.BAD
