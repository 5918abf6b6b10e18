"""How much of a command is read before it is refused (RFC 9051 §11.2, RFC 7888 §4)."""

from dataclasses import dataclass

__all__ = ["BEFORE_LOGIN", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one command; message literals of APPEND are not counted here.

    Attributes:
        line_octets: One line, without its line end.
        command_octets: All lines of one command together, without literals.
        literal_octets: One string literal.
        literals_octets: All string literals of one command together.
        literals: Number of string literals in one command.
        discard_octets: A refused non-synchronizing message up to this size is read and thrown away;
            a larger one ends the connection.
        nesting: Depth of parentheses, NOT and OR.
    """

    line_octets: int = 16 * 1024
    command_octets: int = 128 * 1024
    literal_octets: int = 100 * 1024
    literals_octets: int = 1000 * 1024
    literals: int = 1000
    discard_octets: int = 1_000_000
    nesting: int = 50


# Strangers need literals for user names and passwords only.
BEFORE_LOGIN = Limits(
    command_octets=16 * 1024, literal_octets=4096, literals_octets=8192, literals=8, discard_octets=4096
)
