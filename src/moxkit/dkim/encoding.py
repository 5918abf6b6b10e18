"""Writing a DKIM-Signature field: its tags in order, folded at 76 characters (RFC 6376 §3.5, §3.7)."""

import base64
from collections.abc import Iterable, Iterator
from datetime import datetime

from moxkit.dkim.canonical import Canonicalization
from moxkit.dkim.signature import Signature
from moxkit.dkim.taglist import encode_quoted

__all__ = ["append_signature", "encode_signature", "fold_tags"]

_WIDTH = 76


def encode_signature(signature: Signature) -> bytes:
    """Return the whole field up to and with ``b=``, without final CRLF and without the signature proper.

    That is the form that is hashed; `append_signature` completes it. Names are written as A-labels, which is
    right in every message (RFC 8616 §4). What was copied (``z=``) is not written.
    """
    return fold_tags("DKIM-Signature", [["v=1"], *signature_tags(signature)])


def signature_tags(signature: Signature) -> Iterator[list[str]]:
    """Give the tags from ``d=`` to ``b=``, each in pieces between which it may be folded."""
    yield [f"d={signature.domain.ascii}"]
    yield [f"s={signature.selector.ascii}"]
    if signature.identity is not None:
        localpart = encode_quoted(signature.identity.localpart)
        yield [f"i={localpart}@{signature.identity.domain.ascii}"]
    yield [f"a={signature.algorithm}"]
    header, body = signature.header_canonicalization, signature.body_canonicalization
    if (header, body) != (Canonicalization.SIMPLE, Canonicalization.SIMPLE):
        yield [f"c={header}/{body}"]
    if signature.signed_at is not None:
        yield [f"t={_seconds(signature.signed_at)}"]
    if signature.expires_at is not None:
        yield [f"x={_seconds(signature.expires_at)}"]
    if signature.body_length is not None:
        yield [f"l={signature.body_length}"]
    *names, last = signature.headers
    first, *rest = [*(f"{name}:" for name in names), last]
    yield [f"h={first}", *rest]
    yield ["bh=" + base64.b64encode(signature.body_hash).decode("ascii")]
    yield ["b="]


def fold_tags(field: str, tags: Iterable[list[str]]) -> bytes:
    """Write a field from tags in pieces, with "; " between tags and folds of CRLF TAB."""
    lines, line = [], f"{field}:"
    tags = list(tags)
    for at, pieces in enumerate(tags, 1):
        for number, piece in enumerate(pieces):
            text = piece + (";" if number == len(pieces) - 1 and at < len(tags) else "")
            gap = " " if number == 0 else ""
            if len(line) + len(gap) + len(text) > _WIDTH:
                lines.append(line)
                line = "\t" + text
            else:
                line += gap + text
    return "\r\n".join([*lines, line]).encode("ascii")


def append_signature(field: bytes, signature: bytes) -> bytes:
    """Return the field with the value of ``b=``, which must be its last tag, and with CRLF."""
    room = max(_WIDTH - (len(field) - (field.rfind(b"\n") + 1)), 0)
    text = base64.b64encode(signature)
    lines = [text[:room]]
    lines += [text[at : at + _WIDTH - 1] for at in range(room, len(text), _WIDTH - 1)]
    return field + b"\r\n\t".join(lines) + b"\r\n"


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
