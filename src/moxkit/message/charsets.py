"""Charset names of mail to Python codecs; a name nobody knows is decoded with replacement.

Python's registry also holds codecs that are no charsets (`punycode`, `unicode_escape`, `zlib`), so only the
listed ones are used.
"""

import codecs
import re
from functools import lru_cache

__all__ = ["charset_codec", "decode_charset", "is_known_charset"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:()+-]{0,63}")

# Labels in use that Python does not know, and subsets that senders name while they use the superset.
_ALIASES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "x-gbk": "gb18030",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "shift_jis": "cp932",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "unknown-8bit": "utf-8",
    "x-unknown": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "": "utf-8",
}

_CODECS = frozenset(
    [
        "ascii",
        "utf-8",
        "utf-7",
        "utf-16",
        "utf-16-be",
        "utf-16-le",
        "utf-32",
        "utf-32-be",
        "utf-32-le",
        "big5",
        "big5hkscs",
        "cp949",
        "gb18030",
        "gb2312",
        "gbk",
        "hz",
        "euc_jp",
        "euc_jis_2004",
        "euc_jisx0213",
        "euc_kr",
        "iso2022_jp",
        "iso2022_jp_1",
        "iso2022_jp_2",
        "iso2022_jp_2004",
        "iso2022_jp_3",
        "iso2022_jp_ext",
        "iso2022_kr",
        "johab",
        "shift_jis",
        "shift_jis_2004",
        "shift_jisx0213",
        "cp932",
        "cp950",
        "koi8-r",
        "koi8-t",
        "koi8-u",
        "kz1048",
        "mac-cyrillic",
        "mac-greek",
        "mac-iceland",
        "mac-latin2",
        "mac-roman",
        "mac-turkish",
        "ptcp154",
        "tis-620",
        "hp-roman8",
        "cp037",
        "cp437",
        "cp500",
        "cp720",
        "cp737",
        "cp775",
        "cp850",
        "cp852",
        "cp855",
        "cp856",
        "cp857",
        "cp858",
        "cp860",
        "cp861",
        "cp862",
        "cp863",
        "cp864",
        "cp865",
        "cp866",
        "cp869",
        "cp874",
        "cp875",
        "cp1006",
        "cp1026",
        "cp1125",
        "cp1140",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
        "cp1258",
        "iso8859-1",
        "iso8859-2",
        "iso8859-3",
        "iso8859-4",
        "iso8859-5",
        "iso8859-6",
        "iso8859-7",
        "iso8859-8",
        "iso8859-9",
        "iso8859-10",
        "iso8859-11",
        "iso8859-13",
        "iso8859-14",
        "iso8859-15",
        "iso8859-16",
    ]
)


@lru_cache(maxsize=256)
def charset_codec(name: str) -> str | None:
    """Return the Python codec for a charset name, or `None` for one that is not known."""
    name = name.strip().lower()
    name = _ALIASES.get(name, name)
    if not _NAME.fullmatch(name):
        return None
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return codec if codec in _CODECS else None


def is_known_charset(name: str) -> bool:
    """Whether text in this charset can be decoded."""
    return charset_codec(name) is not None


def decode_charset(octets: bytes, name: str) -> str:
    """Decode ``octets``; what cannot be decoded becomes the replacement character.

    An unknown charset is read as UTF-8: its ASCII stays readable, nothing is invented.
    """
    try:
        return octets.decode(charset_codec(name) or "utf-8", "replace")
    except (UnicodeError, ValueError):  # some multi-byte codecs ignore the error handler at the end
        return octets.decode("utf-8", "replace")
