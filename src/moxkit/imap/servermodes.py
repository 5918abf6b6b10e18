"""What a server's machine takes the next octets for."""

from enum import Enum, auto

__all__ = ["Mode"]


class Mode(Enum):
    """What the next octets are."""

    COMMAND = auto()  # a line of a command
    STRING = auto()  # a string literal of a command
    DECISION = auto()  # unknown until the announced message is accepted or refused
    MESSAGE = auto()  # an accepted message
    APPEND_TAIL = auto()  # the line after a message
    CATENATE = auto()  # a line of a message that is put together, within it
    URL = auto()  # a URL as a literal
    DISCARD = auto()  # a refused message
    DISCARD_TAIL = auto()  # the line after a refused message
    CONTINUATION = auto()  # a line of an authentication exchange
    IDLE = auto()  # DONE
    STOPPED = auto()  # nothing is read any more
