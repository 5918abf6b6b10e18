"""The DKIM-Signature field: what is read, what is refused and how, and that it reads what it writes."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from kit.dkim.examples import RFC6376_MESSAGE, RFC8463_MESSAGE
from moxkit.dkim import (
    Canonicalization,
    Content,
    Identity,
    Limits,
    ProblemKind,
    Signature,
    SignatureError,
    append_signature,
    decode_base64,
    encode_signature,
    parse_signature,
    without_signature,
)
from moxkit.domain import Domain, parse_domain

HASH = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="
BASE = {"v": "1", "a": "rsa-sha256", "d": "mox.example", "s": "sel", "h": "from", "bh": HASH, "b": "QUI="}
EXAMPLE = parse_domain("mox.example")


def value(**changes: str | None) -> bytes:
    """Write a field value: `BASE` with changes, None takes a tag away."""
    tags = {**BASE, **changes}
    return "; ".join(f"{name}={text}" for name, text in tags.items() if text is not None).encode()


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_example_of_rfc_6376() -> None:
    [field] = Content(RFC6376_MESSAGE).fields("dkim-signature")
    signature = parse_signature(field.value)
    assert signature.domain == parse_domain("example.com")
    assert signature.selector == parse_domain("brisbane")
    assert signature.identity == Identity("joe", parse_domain("football.example.com"))
    assert str(signature.identity) == "joe@football.example.com"
    assert (signature.algorithm, signature.key_type, signature.hash_name) == ("rsa-sha256", "rsa", "sha256")
    assert signature.header_canonicalization is Canonicalization.SIMPLE
    assert signature.headers == ("received", "from", "to", "subject", "date", "message-id")
    assert signature.signed_at is None
    assert len(signature.signature) == 128


def test_copied_headers_as_in_rfc_6376() -> None:
    """The example at the end of RFC 6376 §3.5."""
    signature = parse_signature(
        b" v=1; a=rsa-sha256; d=example.net; s=brisbane;\r\n"
        b"   c=simple; q=dns/txt; i=@eng.example.net;\r\n"
        b"   t=1117574938; x=1118006938;\r\n"
        b"   h=from:to:subject:date;\r\n"
        b"   z=From:foo@eng.example.net|To:joe@example.com|\r\n"
        b"    Subject:demo=20run|Date:July=205,=202005=203:44:08=20PM=20-0700;\r\n"
        b"   bh=MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=;\r\n"
        b"   b=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r\n"
    )
    assert signature.copied_headers == (
        ("From", "foo@eng.example.net"),
        ("To", "joe@example.com"),
        ("Subject", "demo run"),
        ("Date", "July 5, 2005 3:44:08 PM -0700"),
    )
    assert (signature.signed_at, signature.expires_at) == (at(1117574938), at(1118006938))
    assert signature.identity == Identity("", parse_domain("eng.example.net"))
    assert signature.body_hash == b"12345678901234567890123456789012"


READ: list[tuple[dict[str, str | None], str, object]] = [
    ({"a": "RSA-SHA256"}, "algorithm", "rsa-sha256"),
    ({"a": "rsa-sha1", "bh": "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="}, "algorithm", "rsa-sha1"),
    ({"a": "future-sha512", "bh": "QUI="}, "algorithm", "future-sha512"),
    ({"c": "relaxed"}, "header_canonicalization", Canonicalization.RELAXED),
    ({"c": "relaxed"}, "body_canonicalization", Canonicalization.SIMPLE),
    ({"c": "simple/RELAXED"}, "body_canonicalization", Canonicalization.RELAXED),
    ({"h": " From:to :\tX-Y:from "}, "headers", ("from", "to", "x-y", "from")),
    ({"l": "0"}, "body_length", 0),
    ({"l": "9" * 76}, "body_length", 10**76 - 1),
    ({"t": "0"}, "signed_at", at(0)),
    ({"t": "1", "x": "2"}, "expires_at", at(2)),
    # RFC 6376 §3.5: such a time is as good as never.
    ({"x": "999999999999"}, "expires_at", datetime.max.replace(tzinfo=UTC)),
    ({"q": "future/x : dns/txt"}, "domain", EXAMPLE),
    ({"unknown": "x"}, "domain", EXAMPLE),
    ({"d": "under_score.example"}, "domain", Domain("under_score.example", "under_score.example")),
    ({"s": "under_score.x"}, "selector", Domain("under_score.x", "under_score.x")),
    ({"i": "@mox.example"}, "identity", Identity("", EXAMPLE)),
    ({"i": "joe=2Bx@Sub.mox.example"}, "identity", Identity("joe+x", parse_domain("sub.mox.example"))),
    ({"i": '"joe=3B=20x"@mox.example'}, "identity", Identity('"joe; x"', EXAMPLE)),
    ({"i": '"a=40b"@mox.example'}, "identity", Identity('"a@b"', EXAMPLE)),
    # RFC 8616 §4: U-labels and UTF-8 in messages that have UTF-8 in their header.
    ({"d": "bücher.example"}, "domain", parse_domain("xn--bcher-kva.example")),
    ({"s": "sél"}, "selector", parse_domain("sél")),
    ({"i": "jürgen@mox.example"}, "identity", Identity("jürgen", EXAMPLE)),
    ({"z": "From:a|broken|X:=ZZ|To:=20b"}, "copied_headers", (("From", "a"), ("To", " b"))),
]


@pytest.mark.parametrize(("changes", "name", "expected"), READ)
def test_reads(changes: dict[str, str | None], name: str, expected: object) -> None:
    assert getattr(parse_signature(value(**changes)), name) == expected


REFUSED: list[tuple[dict[str, str | None], ProblemKind]] = [
    ({"v": "2"}, ProblemKind.VERSION),
    ({"v": "1.0"}, ProblemKind.VERSION),
    ({"v": ""}, ProblemKind.VERSION),
    ({"a": "rsa"}, ProblemKind.SYNTAX),
    ({"a": "rsa sha256"}, ProblemKind.SYNTAX),
    ({"b": ""}, ProblemKind.SYNTAX),
    ({"b": "QUI"}, ProblemKind.SYNTAX),
    ({"bh": "QUI="}, ProblemKind.SYNTAX),
    ({"bh": ""}, ProblemKind.SYNTAX),
    ({"c": "relaxed/relaxed/simple"}, ProblemKind.CANONICALIZATION),
    ({"c": "nofws"}, ProblemKind.CANONICALIZATION),
    ({"c": "relaxed/"}, ProblemKind.CANONICALIZATION),
    ({"d": ""}, ProblemKind.SYNTAX),
    ({"d": "a b.example"}, ProblemKind.SYNTAX),
    ({"d": "[192.0.2.1]"}, ProblemKind.SYNTAX),
    ({"s": "-"}, ProblemKind.SYNTAX),
    ({"h": ""}, ProblemKind.SYNTAX),
    ({"h": "from:"}, ProblemKind.SYNTAX),
    ({"h": "from::to"}, ProblemKind.SYNTAX),
    ({"h": "from:a b"}, ProblemKind.SYNTAX),
    ({"h": "from:ü"}, ProblemKind.SYNTAX),
    ({"h": "from:to:x:y"}, ProblemKind.TOO_LARGE),
    ({"i": "mox.example"}, ProblemKind.SYNTAX),
    ({"i": "@"}, ProblemKind.SYNTAX),
    ({"i": "a=20b@mox.example"}, ProblemKind.SYNTAX),
    ({"i": "=@mox.example"}, ProblemKind.SYNTAX),
    ({"l": "-1"}, ProblemKind.SYNTAX),
    ({"l": "1_0"}, ProblemKind.SYNTAX),
    ({"l": "٣"}, ProblemKind.SYNTAX),
    ({"l": "9" * 77}, ProblemKind.SYNTAX),
    ({"l": ""}, ProblemKind.SYNTAX),
    ({"q": "http/x"}, ProblemKind.QUERY_METHOD),
    ({"q": ""}, ProblemKind.SYNTAX),
    ({"t": "1.5"}, ProblemKind.SYNTAX),
    ({"t": "1" * 13}, ProblemKind.SYNTAX),
    ({"t": "5", "x": "5"}, ProblemKind.SYNTAX),
]


@pytest.mark.parametrize("name", BASE)
def test_refuses_when_a_tag_is_missing(name: str) -> None:
    with pytest.raises(SignatureError) as refused:
        parse_signature(value(**{name: None}))
    assert refused.value.kind is ProblemKind.SYNTAX


@pytest.mark.parametrize(("changes", "kind"), REFUSED)
def test_refuses(changes: dict[str, str | None], kind: ProblemKind) -> None:
    with pytest.raises(SignatureError) as refused:
        parse_signature(value(**changes), limits=Limits(max_names=3))
    assert refused.value.kind is kind


def test_refuses_octets_that_are_not_utf_8_and_duplicates() -> None:
    for octets in (value() + b"; n=\xff", value() + b"; d=mox.example"):
        with pytest.raises(SignatureError) as refused:
            parse_signature(octets)
        assert refused.value.kind is ProblemKind.SYNTAX


NAMES = st.sampled_from(["from", "to", "subject", "x-a-rather-long-name-of-a-field-that-has-to-be-folded"])
TIMES = st.none() | st.integers(0, 2**33).map(at)


@given(
    signature=st.builds(
        Signature,
        domain=st.sampled_from([EXAMPLE, parse_domain("bücher.example")]),
        selector=st.sampled_from([parse_domain("s1"), parse_domain("a_b.c", allow_underscore=True)]),
        identity=st.none()
        | st.builds(Identity, st.sampled_from(["", "joe", "ü", '"a; b"']), st.just(EXAMPLE)),
        algorithm=st.sampled_from(["rsa-sha256", "ed25519-sha256"]),
        header_canonicalization=st.sampled_from(Canonicalization),
        body_canonicalization=st.sampled_from(Canonicalization),
        headers=st.lists(NAMES, min_size=1, max_size=30).map(tuple),
        signed_at=TIMES,
        body_length=st.none() | st.integers(0, 10**20),
        body_hash=st.binary(min_size=32, max_size=32),
        signature=st.binary(min_size=1, max_size=600),
    )
)
def test_reads_what_it_writes(signature: Signature) -> None:
    field = append_signature(encode_signature(signature), signature.signature)
    assert field.endswith(b"\r\n")
    assert max(map(len, field.split(b"\r\n"))) <= 78
    assert parse_signature(field.partition(b":")[2]) == signature


def test_signature_is_appended_to_a_line_that_is_full() -> None:
    for width in range(70, 80):
        field = b"DKIM-Signature: x=" + b"y" * (width - 22) + b"; b="
        assert len(field) == width
        written = append_signature(field, bytes(100))
        assert without_signature(written.removesuffix(b"\r\n")) == field
        assert decode_base64(written.rpartition(b"b=")[2].decode().replace("\r\n", "")) == bytes(100)


def test_expiry_is_written() -> None:
    signature = parse_signature(value(t="10", x="20"))
    assert b"; t=10; x=20;" in encode_signature(signature).replace(b"\r\n\t", b" ")
    assert signature.expires_at == at(10) + timedelta(seconds=10)


@given(st.binary(max_size=100), st.integers(0, 200))
def test_noise_gives_a_signature_or_the_declared_error(noise: bytes, place: int) -> None:
    octets = value(i="@mox.example", c="relaxed/relaxed", t="1", x="2", l="3", z="a:b")
    with suppress(SignatureError):
        parse_signature(octets[:place] + noise + octets[place + len(noise) :])
    with suppress(SignatureError):
        parse_signature(noise)


def test_both_signatures_of_rfc_8463_are_read() -> None:
    fields = Content(RFC8463_MESSAGE).fields("dkim-signature")
    assert [parse_signature(each.value).key_type for each in fields] == ["ed25519", "rsa"]
