"""LANGUAGE (RFC 5255 §3): texts are English, which is what i-default and en both mean here."""

from collections.abc import Iterable

from mox.imapserver.errors import RefusedError
from mox.imapserver.session import Done, Session
from moxkit.imap import Language, LanguageData

__all__ = ["DEFAULT_LANGUAGE", "language"]

DEFAULT_LANGUAGE = "i-default"
_ENGLISH = "en"
_LANGUAGES = (_ENGLISH, DEFAULT_LANGUAGE)


async def language(session: Session, _tag: str, command: Language) -> Done:
    """Choose a language, or tell which there are."""
    if not command.ranges:
        session.write(LanguageData(_LANGUAGES).encode())
        return Done("languages listed")
    chosen = _choose(command.ranges)
    if chosen is None:
        raise RefusedError("none of these languages is supported")
    session.language = chosen
    session.write(LanguageData((chosen,)).encode())
    return Done("language chosen")


def _choose(ranges: Iterable[str]) -> str | None:
    """Find the first supported one, by lookup: en-GB is served in en (RFC 4647 §3.4)."""
    for wanted in map(str.lower, ranges):
        if wanted == DEFAULT_LANGUAGE:
            return DEFAULT_LANGUAGE
        # "default" is what the administrator prefers (RFC 5255 §3.2); "*" is any (RFC 4647 §2.1).
        if wanted in ("default", "*") or wanted.partition("-")[0] == _ENGLISH:
            return _ENGLISH
    return None
