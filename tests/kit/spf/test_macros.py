"""Macros: the examples of RFC 7208 §7.4, transformations, escaping, names that are too long."""

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from hypothesis import given, strategies as st

from moxkit.domain import parse_domain
from moxkit.spf import Identity, RecordError, Sender, parse_domain_spec
from moxkit.spf.macros import parse_explain_string
from moxkit.spf.values import MacroValues

NOW = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
DOMAIN = parse_domain("email.example.com")


def values(ip: str = "192.0.2.3", mail_from: str = "strong-bad@email.example.com") -> MacroValues:
    sender = Sender(ip_address(ip), mail_from, "Mail.Example.org", hostname=parse_domain("mx.example.net"))
    return MacroValues(sender, Identity.MAILFROM, DOMAIN, NOW)


def expand(text: str, given: MacroValues) -> str:
    return parse_explain_string(text).expand_text(given.of(DOMAIN.ascii, "p.example"), limit=1000)


# RFC 7208 §7.4.
EXAMPLES = [
    ("%{s}", "strong-bad@email.example.com"),
    ("%{o}", "email.example.com"),
    ("%{d}", "email.example.com"),
    ("%{d4}", "email.example.com"),
    ("%{d3}", "email.example.com"),
    ("%{d2}", "example.com"),
    ("%{d1}", "com"),
    ("%{dr}", "com.example.email"),
    ("%{d2r}", "example.email"),
    ("%{l}", "strong-bad"),
    ("%{l-}", "strong.bad"),
    ("%{lr}", "strong-bad"),
    ("%{lr-}", "bad.strong"),
    ("%{l1r-}", "strong"),
    ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
    ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
    ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
    ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
    ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
]


@pytest.mark.parametrize(("text", "expanded"), EXAMPLES)
def test_examples(text: str, expanded: str) -> None:
    assert expand(text, values()) == expanded
    assert parse_domain_spec(text).expand_name(values().of(DOMAIN.ascii, "")) == expanded


def test_example_of_ipv6() -> None:
    expanded = expand("%{ir}.%{v}._spf.%{d2}", values("2001:db8::cb01"))
    # RFC 7208 §7.4; names are compared without case.
    assert expanded.lower() == f"1.0.b.c.{'0.' * 20}8.b.d.0.1.0.0.2.ip6._spf.example.com"


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("%{h} %{r} %{t} %{c} %{p}", "mail.example.org mx.example.net 1704164645 192.0.2.3 p.example"),
        ("%% %_%-", "%  %20"),
        ("%{d999}", "email.example.com"),
        ("%{d00002}", "example.com"),
        ("%{d99999999999999999999}", "email.example.com"),
        ("%{D1R}", "email"),
        ("%{S}", "strong-bad%40email.example.com"),
        ("%{l2r-+.}", "bad.strong"),
    ],
)
def test_other_letters_and_transformations(text: str, expanded: str) -> None:
    assert expand(text, values()) == expanded


def test_every_delimiter_splits_and_the_dot_only_if_named() -> None:
    given = values(mail_from="a.b-c+d,e/f_g=h@x.example")
    assert expand("%{l-+,/_=}", given) == "a.b.c.d.e.f.g.h"
    assert expand("%{l1-}", given) == "c+d,e/f_g=h"
    assert expand("%{l1r-}", given) == "a.b"


def test_address_of_ipv6_for_people() -> None:
    assert expand("%{c}", values("2001:DB8::1")) == "2001:db8::1"
    assert expand("%{c} %{v} %{i}", values("::ffff:192.0.2.1")) == "192.0.2.1 in-addr 192.0.2.1"


def test_unreserved_characters_alone_are_not_escaped() -> None:
    given = values(mail_from="~a&b=c-d_e.f é\udc80@x.example")
    # RFC 7208 §7.3, RFC 3986 §2.3.
    assert expand("%{L}", given) == "~a%26b%3Dc-d_e.f%20%C3%A9%3F"


def test_name_that_is_too_long_loses_labels_on_the_left() -> None:
    given = values(mail_from=f"{'a.' * 60}b@x.example").of(DOMAIN.ascii, "")
    # 17 characters a time, and the dots between them.
    spec = parse_domain_spec(".".join(["%{d}"] * 20))
    assert spec.expand_name(given) == ".".join(["email.example.com"] * 14)
    assert len(spec.expand_name(given)) == 251
    exact = parse_domain_spec("y." + "%{l}." * 2 + "xyz.tld")
    # 2 + 2 * 122 + 7 characters.
    assert len(exact.expand_name(given)) == 253
    longer = parse_domain_spec("yy." + "%{l}." * 2 + "xyz.tld.")
    assert longer.expand_name(given) == exact.expand_name(given).removeprefix("y.")


def test_empty_label_goes_like_others_when_a_name_is_too_long() -> None:
    rest = "x." * 126 + "y"
    assert parse_domain_spec(f".{rest}%{{d}}").expand_name(lambda _: "") == rest


def test_single_label_that_is_too_long_is_no_name() -> None:
    given = values(mail_from=f"{'a' * 300}@x.example").of(DOMAIN.ascii, "")
    assert parse_domain_spec("%{l}").expand_name(given) == ""


def test_name_without_macros_is_ready() -> None:
    assert parse_domain_spec("x%_y%%.example.").literal == "x y%.example"
    assert parse_domain_spec("%{d}").literal is None


@pytest.mark.parametrize(
    "text", ["%{d}", "x%%", "x%_", "%-", "%{d}.example", "x.%{d}", ".example", "%%.example"]
)
def test_ends_of_names(text: str) -> None:
    assert str(parse_domain_spec(text)) == text.replace("%-", "%%20")


@pytest.mark.parametrize("text", ["", "x", "%%x", "%{d}x", "x.%%x", "%{d.}x", "x.example..", "x. y"])
def test_other_ends_are_refused(text: str) -> None:
    with pytest.raises(RecordError):
        parse_domain_spec(text)


@given(
    st.lists(st.sampled_from(["%{s}", "%{L3r-}", "%{d2}", "%{ir}", "%{h}", "x", ".", "%_"]), max_size=300),
    st.text(max_size=600),
    st.text(max_size=300),
)
def test_expansion_is_bounded(pieces: list[str], localpart: str, helo: str) -> None:
    sender = Sender(ip_address("2001:db8::1"), f"{localpart}@x.example", helo)
    given = MacroValues(sender, Identity.MAILFROM, DOMAIN, NOW).of(DOMAIN.ascii, "")
    text = parse_explain_string("".join(pieces))
    assert len(text.expand_text(given, limit=800)) <= 800
    name = text.expand_name(given)
    assert len(name) <= 253
    if len(whole := text.expand_text(given, limit=10**6).removesuffix(".")) <= 253:
        assert name == whole
    else:
        assert name == "" or whole.endswith("." + name)
