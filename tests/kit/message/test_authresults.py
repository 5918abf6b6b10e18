"""Authentication-Results: the examples of RFC 8601 appendix B, leniency, refusals, round trip, noise."""

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given, strategies as st

from moxkit.message import (
    AuthenticationResults,
    AuthenticationResultsError,
    Method,
    Property,
    parse_authentication_results as parse,
)

# RFC 8601 appendix B.2 to B.7: what is written, what it means.
EXAMPLES = [
    (b"example.org 1; none", AuthenticationResults("example.org")),
    (
        b"example.com;\r\n     spf=pass smtp.mailfrom=example.net",
        AuthenticationResults(
            "example.com", (Method("spf", "pass", properties=(Property("smtp", "mailfrom", "example.net"),)),)
        ),
    ),
    (
        b"example.com;\r\n     auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
        b"     spf=pass smtp.mailfrom=example.net",
        AuthenticationResults(
            "example.com",
            (
                Method(
                    "auth",
                    "pass",
                    comment="cram-md5",
                    properties=(Property("smtp", "auth", "sender@example.net"),),
                ),
                Method("spf", "pass", properties=(Property("smtp", "mailfrom", "example.net"),)),
            ),
        ),
    ),
    (
        b'example.com;\r\n dkim=pass reason="good signature"\r\n  header.i=@mail-router.example.net;\r\n'
        b' dkim=fail reason="bad signature" header.i=@newyork.example.com',
        AuthenticationResults(
            "example.com",
            (
                Method(
                    "dkim",
                    "pass",
                    reason="good signature",
                    properties=(Property("header", "i", "@mail-router.example.net"),),
                ),
                Method(
                    "dkim",
                    "fail",
                    reason="bad signature",
                    properties=(Property("header", "i", "@newyork.example.com"),),
                ),
            ),
        ),
    ),
    (
        # B.7, with comments at every place where they may stand
        b"foo.example.net (foobar) 1 (baz);\r\n    dkim (Because I like it) / 1 (One yay) = "
        b"(wait for it) fail\r\n"
        b"      policy (A dot can go here) . (like that) expired\r\n      (this surprised me) = (as I wasn't "
        b"expecting it) 1362471462",
        AuthenticationResults(
            "foo.example.net",
            (Method("dkim", "fail", properties=(Property("policy", "expired", "1362471462"),)),),
        ),
    ),
]


@pytest.mark.parametrize(("octets", "value"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_of_the_rfc(octets: bytes, value: AuthenticationResults) -> None:
    assert parse(octets) == value
    assert parse(str(value).encode()) == value


LENIENT = [
    (b"a.example; spf=pass;", Method("spf", "pass")),  # a delimiter at the end
    (b"a.example;SPF=Pass", Method("spf", "pass")),
    (b"a.example; x-tls_version=pass", Method("x-tls_version", "pass")),
    (
        b"a.example; dkim=pass header.b=G3M8/+c=",  # base64 without quotes, as many write it
        Method("dkim", "pass", properties=(Property("header", "b", "G3M8/+c="),)),
    ),
    (
        b"a.example; iprev=pass policy.iprev=2001:db8::1",
        Method("iprev", "pass", properties=(Property("policy", "iprev", "2001:db8::1"),)),
    ),
    (
        b"a.example; spf=none (no (really \\) no)) smtp.mailfrom=",
        Method("spf", "none", comment="no (really ) no)", properties=(Property("smtp", "mailfrom", ""),)),
    ),
    (
        b'a.example; spf=pass smtp.mailfrom="a b"@example.org',
        Method("spf", "pass", properties=(Property("smtp", "mailfrom", '"a b"@example.org'),)),
    ),
    (b'a.example; spf=fail reason="say \\"no\\""', Method("spf", "fail", reason='say "no"')),
]


@pytest.mark.parametrize(("octets", "method"), LENIENT)
def test_reads_what_careless_writers_send(octets: bytes, method: Method) -> None:
    assert parse(octets) == AuthenticationResults("a.example", (method,))


REFUSED = [
    (b"", "no authserv-id"),
    (b"spf=pass smtp.mailfrom=example.org; dkim=none", "no authserv-id"),
    (b"a.example spf=pass", "unexpected text"),
    (b"a.example; spf", "without result"),
    (b"a.example; spf=", "no result"),
    (b"a.example; spf=pass smtp", "no property type"),
    (b"a.example; spf=pass smtp.=x", "no property"),
    (b"a.example; spf=pass smtp.mailfrom", "without value"),
    (b"a.example; spf=pass (never ends", "comment without end"),
    (b"a.example; " + b"a=b; " * 201, "too many methods"),
    (b"a" * 70_000, "too long"),
]


@pytest.mark.parametrize(("octets", "problem"), REFUSED)
def test_refuses(octets: bytes, problem: str) -> None:
    with pytest.raises(AuthenticationResultsError, match=problem):
        parse(octets)


def test_field_has_one_method_a_line() -> None:
    results = AuthenticationResults(
        "mx.example",
        (
            Method("iprev", "pass", comment="no dnssec", properties=(Property("policy", "iprev", "::1"),)),
            Method("dkim", "pass", reason="2 (two)", properties=(Property("header", "d", "example.org"),)),
            Method("dmarc", "none", comment="not written, since nothing follows it"),
        ),
    )
    assert bytes(results) == (
        b"Authentication-Results: mx.example;\r\n"
        b'\tiprev=pass (no dnssec) policy.iprev="::1";\r\n'
        b'\tdkim=pass reason="2 (two)" header.d=example.org;\r\n'
        b"\tdmarc=none\r\n"
    )
    assert bytes(AuthenticationResults("mx.example")) == b"Authentication-Results: mx.example;\r\n\tnone\r\n"


def test_long_lines_are_folded_and_values_cannot_add_a_field() -> None:
    method = Method("spf", "fail", comment="word " * 60, reason="x\r\nBcc: victim@example.org" + "y" * 2000)
    field = bytes(AuthenticationResults("mx.example", (method,)))
    assert max(map(len, field.split(b"\r\n"))) < 998
    assert b"\nBcc" not in field
    assert all(line[:1] in b"\t " for line in field.split(b"\r\n")[1:-1])
    assert parse(field.partition(b":")[2]).methods[0].comment == "word " * 60


@pytest.mark.parametrize("name", ["", "a b", "a;b", "-a", "ü"])
def test_keywords_are_checked_when_written(name: str) -> None:
    with pytest.raises(ValueError, match="no keyword"):
        str(AuthenticationResults("a.example", (Method(name, "pass"),)))
    with pytest.raises(ValueError, match="no keyword"):
        str(
            AuthenticationResults(
                "a.example", (Method("spf", "pass", properties=(Property("smtp", name, ""),)),)
            )
        )


KEYWORD = st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z0-9]", fullmatch=True).filter(lambda word: word != "reason")
TEXT = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=60)
PROPERTY = st.builds(Property, KEYWORD, KEYWORD, TEXT)
METHOD = st.builds(
    Method,
    KEYWORD,
    KEYWORD,
    st.integers(1, 99),
    reason=TEXT,
    comment=TEXT,
    properties=st.lists(PROPERTY, max_size=3).map(tuple),
)
RESULTS = st.builds(
    AuthenticationResults,
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=30),
    st.lists(METHOD, max_size=3).map(tuple),
    st.integers(1, 9),
)


@given(RESULTS)
def test_what_is_written_can_be_read(results: AuthenticationResults) -> None:
    methods = tuple(
        method if method.reason or method.properties else Method(method.method, method.result, method.version)
        for method in results.methods
    )
    expected = AuthenticationResults(results.authserv_id, methods, results.version)
    assert parse(str(results).encode()) == expected
    assert parse(bytes(results).partition(b":")[2]) == expected


@given(st.binary(max_size=200))
def test_noise_gives_a_value_or_the_error(noise: bytes) -> None:
    with suppress(AuthenticationResultsError):
        parse(noise)
    with suppress(AuthenticationResultsError):
        parse(b"a.example; spf=pass " + noise)


@pytest.mark.parametrize("piece", [b"(", b'"', b"\\", b"; a=b", b"a.b=c ", b" ", b'"\\'])
def test_hostile_input_ends_soon(piece: bytes) -> None:
    began = process_time()
    with suppress(AuthenticationResultsError):
        parse((b"a.example; spf=pass " + piece * (1 << 20))[: 64 * 1024])
    with suppress(AuthenticationResultsError):
        parse(b"a.example; " + piece * (1 << 20))
    assert process_time() - began < 2
