"""Mail that is made to be expensive: what each costs is looked at by `test_hostile_receiving`.

Attackers have DNS of their own: records that ask for more records, keys that are too large, name servers that
answer late or never.
"""

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from endtoend.localdns import quoted
from moxkit import arc, dkim
from moxkit.domain import parse_domain

__all__ = ["ATTACKS", "LATE", "LATE_S", "RECORDS", "Attack", "late_mail"]

MEGABYTE = 1 << 20
# Who asks three times within six seconds gets it at last.
LATE_S = 5.0
_TO = "me@mox.secure.example"
_KEY = dkim.generate_rsa(1024)
_PUBLIC = quoted(str(dkim.public_record(_KEY)))
# The largest whose signatures are computed, and one far beyond.
_LARGE = dkim.generate_rsa(4096)
_MANY = range(12)


def _terms(term: str) -> str:
    return quoted(f"v=spf1 {' '.join(f'{term}{n}.example' for n in _MANY)} ptr -all")


_WIDE = _terms("include:w")
RECORDS = "\n".join(
    [
        'good TXT "v=spf1 ip4:127.0.0.0/8 -all"',
        # Records that ask for others: each other includes ten that include ten, one includes itself.
        f"spfwide TXT {_WIDE}",
        *(f"w{n} TXT {_WIDE}" for n in _MANY),
        'spfloop TXT "v=spf1 include:spfloop.example redirect=spfloop.example"',
        f"spfvoid TXT {_terms('a:nowhere')}",
        f"spfmx TXT {_terms('mx:m')}",
        *(f"m{n} MX {m} h{m}.m{n}" for n in _MANY for m in range(40)),
        *(f"h{m}.m{n} A 192.0.2.{m}" for n in _MANY for m in range(40)),
        'spfsilent TXT "v=spf1 include:one.silent.example include:two.silent.example -all"',
        f"spfmacro TXT {quoted('v=spf1 exists:' + '%{l1r+-/=_}.' * 20 + '%{i}.silent.example -all')}",
        f"spflong TXT {quoted('v=spf1 ' + 'ip4:192.0.2.1 ' * 4000 + '-all')}",
        *(f'spfmany TXT "v=spf1 ip4:192.0.2.{n} -all"' for n in range(100)),
        # DMARC: not one record, and no record.
        *(f'_dmarc.nonsense TXT "v=DMARC1; p=reject; pct={n}; rua=mailto:x@y"' for n in range(50)),
        f"_dmarc.endless TXT {quoted('v=DMARC1; p=' + 'reject; x=y; ' * 4000)}",
        # Keys.
        f"s._domainkey.keys TXT {_PUBLIC}",
        f"large._domainkey.keys TXT {quoted(str(dkim.public_record(_LARGE)))}",
        f"huge._domainkey.keys TXT {quoted('v=DKIM1; p=' + base64.b64encode(b'x' * 12_000).decode())}",
        *(f's._domainkey.junk TXT "v=DKIM1; p={n}"' for n in range(100)),
    ]
)
LATE = {
    "late.example": "v=spf1 " + " ".join(f"include:i{n}.late.example" for n in range(10)) + " -all",
    **{f"i{n}.late.example": "v=spf1 ?all" for n in range(10)},
    **{f"s{n}._domainkey.late.example": str(dkim.public_record(_KEY)) for n in range(10)},
    "_dmarc.late.example": "v=DMARC1; p=none",
}


@dataclass(frozen=True, slots=True)
class Attack:
    """One message.

    Attributes:
        name: For the test.
        make: Makes the content.
        sender: Reverse path.
    """

    name: str
    make: Callable[[], bytes]
    sender: str = "x@good.example"


def _head(subject: str, domain: str = "good.example", extra: str = "") -> bytes:
    return (
        f"From: x@{domain}\r\nTo: {_TO}\r\nSubject: {subject}\r\n"
        f"Date: Thu, 26 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{subject}@{domain}>\r\n{extra}"
    ).encode()


def _text(subject: str, domain: str = "good.example", extra: str = "", octets: int = 100) -> bytes:
    return _head(subject, domain, extra) + b"\r\n" + (b"hello " * 12 + b"\r\n") * (octets // 74 + 1)


def _fields(subject: str, name: str, value: str, count: int) -> bytes:
    return _text(subject, extra=f"{name}: {value}\r\n" * count)


def _mime(subject: str, kind: str, body: bytes, encoding: str = "8bit") -> bytes:
    extra = f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n"
    return _head(subject, extra=extra) + b"\r\n" + body


def _lines(octets: bytes, width: int = 900) -> bytes:
    return b"\r\n".join(octets[at : at + width] for at in range(0, len(octets), width))


def _nested(depth: int) -> bytes:
    parts = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth)
    )
    return _head("nested") + parts


def _nested_messages(depth: int) -> bytes:
    return _head("messages") + b"Content-Type: message/rfc822\r\n\r\n" * depth


def _boundary() -> bytes:
    name = b"b" * 60_000
    folded = b"".join(
        b'\r\n boundary*%d="%b"' % (n, name[at : at + 900]) for n, at in enumerate(range(0, 60_000, 900))
    )
    return (
        _head("boundary")
        + b"Content-Type: multipart/mixed;"
        + folded
        + b"\r\n\r\n"
        + (b"--" + b"b" * 900 + b"\r\n") * 20_000
    )


def _signed(subject: str, count: int, selector: str, key: dkim.PrivateKey, octets: int) -> bytes:
    content = _text(subject, "keys.example", octets=octets)
    forms = list(dkim.Canonicalization)
    keys = [
        dkim.SigningKey(
            selector=parse_domain(selector),
            private_key=key,
            header_canonicalization=forms[n % 2],
            body_canonicalization=forms[n // 2 % 2],
        )
        for n in range(count)
    ]
    return dkim.sign(content, domain=parse_domain("keys.example"), keys=keys, now=datetime.now(UTC)) + content


def _cut_signatures(count: int, octets: int) -> bytes:
    """Each covers another part of the body (``l=``)."""
    content, signed = _text("cut", "keys.example", octets=octets), b""
    for n in range(count):
        signed += (
            b"DKIM-Signature: v=1; a=rsa-sha256; c=%b/%b; d=keys.example; s=s; l=%d;\r\n"
            b" h=%b;\r\n bh=%b; b=%b\r\n"
            % (
                (b"simple", b"relaxed")[n % 2],
                (b"simple", b"relaxed")[n // 2 % 2],
                octets - 1000 * n,
                b":".join([b"from"] * 100),
                base64.b64encode(b"h" * 32),
                base64.b64encode(b"s" * 128),
            )
        )
    return signed + content


def late_mail() -> bytes:
    """Make a message that takes twenty questions about a domain whose answers come late."""
    content = _text("late", "late.example")
    keys = [dkim.SigningKey(selector=parse_domain(f"s{n}"), private_key=_KEY) for n in range(10)]
    return dkim.sign(content, domain=parse_domain("late.example"), keys=keys, now=datetime.now(UTC)) + content


def _chain(count: int) -> bytes:
    content, chain, now = _text("chain", "keys.example"), arc.Result(arc.Status.NONE), datetime.now(UTC)
    fields = arc.seal(
        content,
        chain=chain,
        authentication_results="keys.example; spf=pass smtp.mailfrom=keys.example",
        domain=parse_domain("keys.example"),
        selector=parse_domain("s"),
        private_key=_KEY,
        now=now,
    )
    sets = b"".join(
        fields.replace(b"i=1;", b"i=%d;" % n).replace(b"cv=none", b"cv=pass") for n in range(count, 1, -1)
    )
    return sets + fields + content


def _encoded_words(count: int) -> bytes:
    word = "=?utf-8?q?=C3=A4=C3=B6?="
    return _text(
        "words", extra="Comments: x\r\nX-Words: " + f"\r\n {word} {word} =?x?=?".join([""] * count) + "\r\n"
    ).replace(b"Subject: words", b"Subject: words" + f"\r\n {word}".encode() * count)


def _addresses(count: int) -> bytes:
    return _text("addresses").replace(
        b"From: x@good.example",
        b"From: " + b",\r\n ".join(b"(((a)b)c) <x%d@good.example>" % n for n in range(count)),
    )


def _comments(depth: int) -> bytes:
    return _text("comments").replace(
        b"From: ", b"From: " + _lines(b"(" * depth).replace(b"\r\n", b"\r\n ") + b"\r\n "
    )


def _html(name: str, piece: bytes, count: int) -> Attack:
    return Attack(name, lambda: _mime(name, "text/html; charset=utf-8", _lines(piece * count)))


def _zip() -> bytes:
    nothing = base64.encodebytes(zlib.compress(bytes(200 * MEGABYTE), 9)).replace(b"\n", b"\r\n")
    kind = 'application/zip; name="nothing.zip"'
    return _mime("zip", kind, nothing, "base64")


ATTACKS = [
    # Headers.
    Attack("field-of-1mb", lambda: _text("field", extra="X: " + "x" * MEGABYTE + "\r\n")),
    Attack("folded-field-of-1mb", lambda: _text("folded", extra="X: " + "x\r\n " * (MEGABYTE // 4) + "\r\n")),
    Attack("header-of-1mb", lambda: _fields("header", "X-Some", "y" * 900, 1150)),
    Attack("100000-fields", lambda: _fields("fields", "X", "y", 100_000)),
    Attack(
        "100000-results",
        lambda: _fields("results", "Authentication-Results", "mail.mox.secure.example; x=y", 30_000),
    ),
    Attack("1000-from", lambda: _fields("from", "From", "x@good.example", 1000)),
    Attack("10000-addresses", lambda: _addresses(10_000)),
    Attack("deep-comments", lambda: _comments(100_000)),
    Attack("encoded-words", lambda: _encoded_words(10_000)),
    Attack("no-header", lambda: b"\r\n" + b"x\r\n" * 1000),
    # MIME.
    Attack("nested-parts", lambda: _nested(10_000)),
    Attack("nested-messages", lambda: _nested_messages(50_000)),
    Attack(
        "100000-parts", lambda: _mime("parts", "multipart/mixed; boundary=b", b"--b\r\n\r\nx\r\n" * 100_000)
    ),
    Attack("boundary-of-60kb", _boundary),
    Attack(
        "almost-boundaries", lambda: _mime("almost", "multipart/mixed; boundary=b", b"--bb\r\n" * 1_000_000)
    ),
    Attack("zip-of-nothing", _zip),
    Attack(
        "quoted-printable",
        lambda: _mime("qp", "text/plain; charset=utf-7", b"=\r\n=3D=\r\n" * 500_000, "quoted-printable"),
    ),
    Attack(
        "escapes",
        lambda: _mime("jp", "text/plain; charset=iso-2022-jp", _lines(b"\x1b$B\x1b(B" * 300_000), "7bit"),
    ),
    Attack("20mb-of-text", lambda: _text("large", octets=20 * MEGABYTE)),
    # HTML, for whom looks at words.
    _html("html-nested", b"<div>", 500_000),
    _html("html-open-tags", b"<a ", 500_000),
    _html("html-comments", b"<!--", 500_000),
    _html("html-entities", b"&amp&#x41;&", 300_000),
    _html("html-attributes", b"<a b='", 300_000),
    _html("html-scripts", b"<script><style>", 200_000),
    # SPF and DMARC.
    *(
        Attack(name, lambda name=name: _text(name), f"x@{name}.example")  # type: ignore[misc]  # bound now
        for name in ("spfwide", "spfloop", "spfvoid", "spfmx", "spfsilent", "spfmacro", "spflong", "spfmany")
    ),
    Attack("dmarc-many", lambda: _text("many", "nonsense.example")),
    Attack("dmarc-endless", lambda: _text("endless", "endless.example")),
    # DKIM and ARC.
    Attack("100-signatures", lambda: _signed("hundred", 100, "s", _KEY, 100)),
    Attack("signatures-over-20mb", lambda: _signed("large", 10, "s", _KEY, 20 * MEGABYTE)),
    Attack("cut-signatures-over-20mb", lambda: _cut_signatures(100, 20 * MEGABYTE)),
    Attack("large-keys", lambda: _signed("keys", 10, "large", _LARGE, 100)),
    Attack("key-beyond-reason", lambda: _signed("reason", 10, "huge", _KEY, 100)),
    Attack("100-key-records", lambda: _signed("records", 10, "s", _KEY, 100).replace(b"d=keys.", b"d=junk.")),
    Attack(
        "signature-of-1mb",
        lambda: b"DKIM-Signature: v=1; h=" + b"from:\r\n " * (MEGABYTE // 8) + b"\r\n" + _text("tags"),
    ),
    Attack("arc-of-50", lambda: _chain(50)),
    Attack("arc-of-500", lambda: _chain(500)),
    # Name servers.
    Attack(
        "dns-silent",
        lambda: _signed("silent", 10, "s", _KEY, 100).replace(b"keys.example", b"x.silent.example"),
        "x@x.silent.example",
    ),
]
