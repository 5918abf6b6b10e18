"""Encoded words (RFC 2047, language tags of RFC 2231 §5): decode tolerantly, encode strictly.

Tolerant: unknown charsets give replacement characters, a word may stand inside other text, and a multi-byte
character may be cut between two words of the same charset, which RFC 2047 §5 forbids and many senders do.
"""

import binascii
import re

from moxkit.message.charsets import decode_charset

__all__ = ["decode_words", "encode_word"]

# encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
_WORD = re.compile(r"=\?([^?*\s]{1,64})(?:\*[^?\s]{0,64})?\?([bBqQ])\?([^?\r\n]*)\?=")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_LONGEST = 75  # octets of one encoded word, RFC 2047 §2
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


def decode_words(text: str) -> str:
    """Decode every encoded word in ``text``; white space between two of them disappears (RFC 2047 §6.2)."""
    if "=?" not in text:
        return text
    pieces: list[str] = []
    charset, pending = "", bytearray()
    end = 0
    for word in _WORD.finditer(text):
        between = text[end : word.start()]
        if between and (end == 0 or between.strip(" \t\r\n")):
            if pending:
                pieces.append(decode_charset(bytes(pending), charset))
                pending.clear()
            pieces.append(between)
        end = word.end()
        if pending and word[1].lower() != charset:
            pieces.append(decode_charset(bytes(pending), charset))
            pending.clear()
        charset = word[1].lower()
        pending += _octets(word[2], word[3])
    if pending:
        pieces.append(decode_charset(bytes(pending), charset))
    pieces.append(text[end:])
    return "".join(pieces)


def _octets(encoding: str, encoded: str) -> bytes:
    octets = encoded.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(octets, header=True)
    octets = _NOT_BASE64.sub(b"", octets)
    if len(octets) % 4 == 1:  # a lone character carries no whole octet
        octets = octets[:-1]
    return binascii.a2b_base64(octets + b"=" * (-len(octets) % 4))


def encode_word(text: str) -> str:
    """Encode ``text`` as one or more encoded words in UTF-8, separated by a space.

    Each word is at most 75 octets and holds whole characters only (RFC 2047 §2, §5). Q is used where
    half of it stays readable, and only with what a phrase may hold, so the result may stand in any field.
    """
    octets = text.encode("utf-8", "replace")
    plain = sum(octet in _Q_SAFE or octet == 0x20 for octet in octets)
    use_q = plain * 2 >= len(octets)
    return " ".join(_q_words(text) if use_q else _b_words(text))


def _q_words(text: str) -> list[str]:
    room = _LONGEST - len("=?utf-8?q??=")
    words, word = [], ""
    for character in text:
        octets = character.encode("utf-8", "replace")
        piece = "".join("_" if o == 0x20 else chr(o) if o in _Q_SAFE else f"={o:02X}" for o in octets)
        if len(word) + len(piece) > room:
            words.append(word)
            word = ""
        word += piece
    words.append(word)
    return [f"=?utf-8?q?{word}?=" for word in words]


def _b_words(text: str) -> list[str]:
    room = (_LONGEST - len("=?utf-8?b??=")) // 4 * 3
    words, word = [], bytearray()
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(word) + len(octets) > room:
            words.append(bytes(word))
            word.clear()
        word += octets
    words.append(bytes(word))
    return [f"=?utf-8?b?{binascii.b2a_base64(word, newline=False).decode()}?=" for word in words]
