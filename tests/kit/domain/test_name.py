"""Domain names: forms, limits, refusals, two properties."""

import pytest
from hypothesis import given, strategies as st

from moxkit.domain import Domain, DomainError, parse_domain

HYPHENATED = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,10}[a-zA-Z0-9])?", fullmatch=True)


@pytest.mark.parametrize(
    ("name", "ascii_form", "unicode_form"),
    [
        ("Example.ORG", "example.org", "example.org"),
        (b"mox.example", "mox.example", "mox.example"),
        ("localhost", "localhost", "localhost"),
        ("1.2.example", "1.2.example", "1.2.example"),
        ("Bücher.example", "xn--bcher-kva.example", "bücher.example"),
        ("xn--BCHER-kva.example", "xn--bcher-kva.example", "bücher.example"),
        ("straße.example", "xn--strae-oqa.example", "straße.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah", "例え.テスト"),
        ("BÜCHER.example".encode(), "xn--bcher-kva.example", "bücher.example"),
    ],
)
def test_both_forms(name: str | bytes, ascii_form: str, unicode_form: str) -> None:
    domain = parse_domain(name)
    assert (domain.ascii, domain.unicode) == (ascii_form, unicode_form)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        ".example",
        "a..example",
        "example.",
        "-a.example",
        "a-.example",
        "_dmarc.example",
        "a b.example",
        "a\n",
        "a.example\x00",
        "x" * 64 + ".example",
        "ü" * 64 + ".example",
        ".".join(["x" * 63] * 4),
        "x" * 100_000,
        "xn--",
        "xn--\u0430.example",
        "xn--zzzzzz99999.example",
        "\u2665.example",
        "a\u0300\u200d.example",
        b"\xff.example",
        "b\u00fccher.example\u3002\u3002",
    ],
)
def test_refuses(name: str | bytes) -> None:
    with pytest.raises(DomainError):
        parse_domain(name)


def test_longest_name_and_label_are_accepted() -> None:
    longest = ".".join(["x" * 63, "x" * 63, "x" * 63, "x" * 61])
    assert parse_domain(longest).ascii == longest


def test_underscore_and_final_dot_only_where_allowed() -> None:
    assert parse_domain("_dmarc.Example", allow_underscore=True).ascii == "_dmarc.example"
    assert (
        parse_domain("_dmarc.bücher.example", allow_underscore=True).ascii == "_dmarc.xn--bcher-kva.example"
    )
    assert parse_domain("example.org.", allow_trailing_dot=True).ascii == "example.org"
    for refused in (".", "..", "a.."):
        with pytest.raises(DomainError):
            parse_domain(refused, allow_trailing_dot=True)


def test_compares_by_ascii_and_shows_both() -> None:
    one, other = parse_domain("bücher.example"), parse_domain("xn--bcher-kva.EXAMPLE")
    assert one == other
    assert len({one, other}) == 1
    assert str(one) == "xn--bcher-kva.example"
    assert one.display == "bücher.example/xn--bcher-kva.example"
    assert parse_domain("a.example").display == "a.example"
    assert one.is_international


def test_parents_and_subdomains() -> None:
    domain = parse_domain("a.bücher.example")
    parent = domain.parent()
    assert parent == parse_domain("bücher.example")
    assert parent is not None
    assert parent.unicode == "bücher.example"
    assert domain.is_below(parent)
    assert not parent.is_below(parent)
    assert not parse_domain("xbücher.example").is_below(parent)
    assert Domain("example", "example").parent() is None


@given(st.lists(HYPHENATED, min_size=1, max_size=4).map(".".join))
def test_ascii_names_come_out_lower(name: str) -> None:
    if "xn--" not in name.lower():
        assert parse_domain(name).ascii == name.lower()


@given(st.text(max_size=40) | st.binary(max_size=40) | st.from_regex(r"xn--[a-z0-9-]{0,20}"))
def test_noise_gives_a_domain_or_a_domain_error(noise: str | bytes) -> None:
    try:
        domain = parse_domain(noise)
    except DomainError:
        return
    assert parse_domain(domain.unicode) == domain
    assert parse_domain(domain.ascii) == domain
