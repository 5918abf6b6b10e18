"""Address lists: RFC 5322 examples, obsolete and broken forms, the single author."""

import email.policy
import time

import pytest
from hypothesis import given, strategies as st

from moxkit.message import (
    Address,
    Group,
    Headers,
    addresses_in,
    from_address,
    parse_addresses,
    quote_localpart,
)

A = Address
CASES = [
    (b"a@example.org", [A("", "a", "example.org")]),
    (b" John Doe <jdoe@machine.example>", [A("John Doe", "jdoe", "machine.example")]),
    (b'"Joe Q. Public" <john.q.public@example.com>', [A("Joe Q. Public", "john.q.public", "example.com")]),
    (b'"a \\"b\\" c" <a@b.c>', [A('a "b" c', "a", "b.c")]),
    (b"=?utf-8?q?Jos=C3=A9?= <a@b.c>", [A("José", "a", "b.c")]),
    ("Jürgen <jü@exämple.org>".encode(), [A("Jürgen", "jü", "exämple.org")]),
    # RFC 5322 §A.5: comments and folding white space everywhere
    (
        b"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
        [A("Pete", "pete", "silly.test")],
    ),
    (
        b"Mary Smith <@node.test,@n2.test:mary@example.net>, , jdoe@test . example",
        [A("Mary Smith", "mary", "example.net"), A("", "jdoe", "test.example")],
    ),
    (b"jdoe@example.org (John (the) Doe)", [A("John (the) Doe", "jdoe", "example.org")]),
    (b'"quoted local"@example.org', [A("", "quoted local", "example.org")]),
    (b"a@[192.0.2.1]", [A("", "a", "[192.0.2.1]")]),
    (b"A. B. Dot <a.b@example.org>", [A("A. B. Dot", "a.b", "example.org")]),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), CASES)
def test_reads_addresses(raw: bytes, expected: list[Address]) -> None:
    found = parse_addresses(raw)
    assert list(found.entries) == expected
    assert found.is_clean


def test_reads_groups() -> None:
    found = parse_addresses(b"A Group:Ed Jones <joe@where.test>,john@jdoe.test; , Undisclosed recipients:;")
    assert found.entries == (
        Group("A Group", (A("Ed Jones", "joe", "where.test"), A("", "john", "jdoe.test"))),
        Group("Undisclosed recipients", ()),
    )
    assert found.addresses == (A("Ed Jones", "joe", "where.test"), A("", "john", "jdoe.test"))
    assert found.is_clean


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a@b.c; d@e.f", [A("", "a", "b.c"), A("", "d", "e.f")]),
        (b"bad address, d@e.f", [A("bad address", "", ""), A("", "d", "e.f")]),
        (b"Name <nothing>", [A("Name", "", "")]),
        (b"<>", [A("", "", "")]),
        (b"a <b@c> d <e@f>", [A("a", "", "")]),
        (b'"open <a@b.c>', [A("open <a@b.c>", "", "")]),
        (b"evil@x.test <good@y.test>", [A("evil@x.test", "good", "y.test")]),
        (b"g: a@b.c", [Group("g", (A("", "a", "b.c"),))]),
        (b"a@b@c", [A("a@b@c", "", "")]),
    ],
)
def test_repairs_and_says_so(raw: bytes, expected: list[Address | Group]) -> None:
    found = parse_addresses(raw)
    assert list(found.entries) == expected
    assert not found.is_clean


def test_keeps_encoded_words_on_request() -> None:
    (address,) = parse_addresses(b"=?utf-8?q?Jos=C3=A9?= X <a@b.c>", keep_words=True).addresses
    assert address.name == "=?utf-8?q?Jos=C3=A9?= X"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"From: A <a@example.org>\r\n", "a@example.org"),
        (b'From: "a b"@example.org\r\n', '"a b"@example.org'),
        (b"", None),
        (b"From: a@example.org, b@example.org\r\n", None),
        (b"From: a@example.org\r\nfrom: b@example.org\r\n", None),
        (b"From: a@example.org\r\nFrom : a@example.org\r\n", None),
        (b"From: g: a@example.org;\r\n", None),
        (b"From: evil@x.test <good@y.test>\r\n", None),
        (b"From: a@[192.0.2.1]\r\n", None),
        (b"From: a@ex_ample..org\r\n", None),
        (b"From: \r\n", None),
        (b"From: a@b.c <\r\n", None),
    ],
)
def test_author_is_one_correct_address_or_none(header: bytes, expected: str | None) -> None:
    found = from_address(Headers(header))
    assert (None if found is None else str(found)) == expected


def test_collects_addresses_of_all_fields() -> None:
    headers = Headers(b"To: a@b.c, broken\r\nTo: g: d@e.f;\r\n")
    assert [str(address) for address in addresses_in(headers, "to")] == ["a@b.c", "d@e.f"]


def test_quotes_a_localpart_when_needed() -> None:
    assert quote_localpart("a.b") == "a.b"
    assert quote_localpart('a "b\\') == '"a \\"b\\\\"'
    assert quote_localpart("a..b") == '"a..b"'


@given(
    st.lists(st.sampled_from([*'a b.,;:<>@()[]"\\é\n\r=?', "a@b.c", " <a@b.c>"]), max_size=40).map("".join)
)
def test_noise_gives_a_list(text: str) -> None:
    found = parse_addresses(text.encode())
    for address in found.addresses:
        assert bool(address.localpart) <= bool(address.domain)


SAFE = st.text("abcXYZ 019.-'", min_size=1, max_size=12).map(lambda t: " ".join(t.split())).filter(bool)


@given(st.lists(st.tuples(SAFE, st.text("abc019+-", min_size=1, max_size=9)), min_size=1, max_size=6))
def test_agrees_with_stdlib_on_correct_lists(pairs: list[tuple[str, str]]) -> None:
    text = ", ".join(f'"{name}" <{localpart}@example.org>' for name, localpart in pairs)
    theirs = email.policy.default.header_factory("to", text).addresses
    ours = parse_addresses(text.encode())
    assert [(a.name, a.localpart, a.domain) for a in ours.addresses] == [
        (a.display_name, a.username, a.domain) for a in theirs
    ]
    assert ours.is_clean


@pytest.mark.parametrize(
    "piece", [b"a@b,", b"<@b,", b'"\\', b"(", b"<", b":", b"a:;", b"[", b"@", b"(a)", b'"a"']
)
def test_hostile_lists_take_linear_time(piece: bytes) -> None:
    started = time.process_time()
    parse_addresses(piece * (256 * 1024 // len(piece)))
    assert time.process_time() - started < 2
