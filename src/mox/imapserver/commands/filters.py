"""FILTER in a search: the client's named search programs, kept as annotations (RFC 5466)."""

from collections.abc import Iterable

from mox.imapserver.errors import RefusedError
from mox.imapserver.session import Session
from mox.store import list_annotations
from moxkit.imap import And, Code, FilterKey, ImapSyntaxError, Not, Or, SearchKey, parse_search_keys

__all__ = ["check_filters", "with_filters"]

# Private before shared (RFC 5466 §3.1); names of annotations are in lower case.
_PLACES = ("/private/filters/values/", "/shared/filters/values/")
# At least 3 passes; what goes deeper counts as a loop (RFC 5466 §3.1).
_DEEPEST = 5
# In one search, so that filters that name each other twice do not multiply.
_MOST = 50


def with_filters(session: Session, key: SearchKey) -> SearchKey:
    """Put search programs where FILTER names them.

    Raises:
        RefusedError: There is no such filter, or it is not a search program, or it names itself.
    """
    return _Filters(session).expand(key, 0)


def check_filters(entries: Iterable[tuple[str, bytes | None]]) -> None:
    """Refuse annotations that are filters and no search programs (RFC 5466 §3.2).

    Raises:
        RefusedError: One is not.
    """
    for name, value in entries:
        if value is not None and name.startswith(_PLACES):
            try:
                parse_search_keys(value)
            except ImapSyntaxError as error:
                raise RefusedError("the filter is not a search program", "CANNOT") from error


class _Filters:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._values: dict[str, bytes] | None = None
        self._left = _MOST

    def expand(self, key: SearchKey, depth: int) -> SearchKey:
        match key:
            case And(keys):
                return And(tuple(self.expand(each, depth) for each in keys))
            case Or(left, right):
                return Or(self.expand(left, depth), self.expand(right, depth))
            case Not(inner):
                return Not(self.expand(inner, depth))
            case FilterKey(name):
                self._left -= 1
                if depth >= _DEEPEST or self._left < 0:
                    raise _undefined(name)
                return self.expand(self._program(name), depth + 1)
            case _:
                return key

    def _program(self, name: str) -> SearchKey:
        if self._values is None:
            entries = list_annotations(self._session.mail.reader, None)
            self._values = {entry.name: entry.value for entry in entries}
        for place in _PLACES:
            value = self._values.get(place + name.lower())
            if value is not None:
                try:
                    return parse_search_keys(value)
                except ImapSyntaxError as error:
                    raise _undefined(name) from error
        raise _undefined(name)


def _undefined(name: str) -> RefusedError:
    return RefusedError("no such filter", Code("UNDEFINED-FILTER", name.encode("ascii")))
