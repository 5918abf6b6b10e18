"""The TXT record at ``_mta-sts``: its id changes when the policy does (RFC 8461 §3.1)."""

import re
from dataclasses import dataclass

__all__ = ["Record", "RecordError", "is_record", "parse_record"]

_MAX_CHARACTERS = 4096
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
# sts-ext-name and sts-ext-value of RFC 8461 §3.1.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_VALUE = re.compile(r"[!-:<>-~]+")
# sts-version is case-sensitive and alone before the first semicolon.
_VERSION = re.compile(r"v=STSv1[ \t]*;")


class RecordError(ValueError):
    """The text is no MTA-STS record."""


@dataclass(frozen=True, slots=True)
class Record:
    """An MTA-STS record.

    Attributes:
        id: Letters and digits, at most 32.
        extensions: Other fields, in order.
    """

    id: str
    extensions: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        fields = [("v", "STSv1"), ("id", self.id), *self.extensions]
        return " ".join(f"{name}={value};" for name, value in fields)


def is_record(text: str) -> bool:
    """Return whether the text means to be an MTA-STS record; others are ignored (RFC 8461 §3.1)."""
    return _VERSION.match(text) is not None


def parse_record(text: str) -> Record:
    """Parse the text of a record.

    Raises:
        RecordError: Bad syntax, or no id (RFC 8461 §3.1).
    """
    if len(text) > _MAX_CHARACTERS:
        raise RecordError(f"record has more than {_MAX_CHARACTERS} characters")
    if not is_record(text):
        raise RecordError("record does not begin with v=STSv1;")
    _, *fields = text.split(";")
    if fields and not fields[-1].strip(" \t"):
        fields.pop()
    identifier: str | None = None
    extensions = []
    for field in fields:
        name, separator, value = field.strip(" \t").partition("=")
        if name == "id":
            if identifier is not None:
                raise RecordError("more than one id")
            if _ID.fullmatch(value) is None:
                raise RecordError("id is not 1 to 32 letters and digits")
            identifier = value
        elif separator and _NAME.fullmatch(name) and _VALUE.fullmatch(value):
            extensions.append((name, value))
        else:
            raise RecordError(f"malformed field {field.strip()[:40]!r}")
    if identifier is None:
        raise RecordError("there is no id")
    return Record(identifier, tuple(extensions))
