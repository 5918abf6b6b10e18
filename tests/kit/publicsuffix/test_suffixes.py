"""Suffixes by list: plain, wildcard and exception rules, unlisted names, U-labels."""

import pytest

from moxkit.domain import parse_domain
from moxkit.publicsuffix import is_public_suffix, organizational_domain, public_suffix

# name, public suffix, organizational domain (RFC 7489 §3.2)
CASES = [
    ("example.com", "com", "example.com"),
    ("com", "com", "com"),
    ("a.b.example.co.uk", "co.uk", "example.co.uk"),
    ("co.uk", "co.uk", "co.uk"),
    ("sub.www.ck", "ck", "www.ck"),  # exception !www.ck
    ("a.x.ck", "x.ck", "a.x.ck"),  # wildcard *.ck
    ("x.ck", "x.ck", "x.ck"),
    ("a.b.unlisted-tld", "unlisted-tld", "b.unlisted-tld"),
    ("unlisted-tld", "unlisted-tld", "unlisted-tld"),
    ("me.blogspot.com", "com", "blogspot.com"),  # in the private section, which does not count
    ("bücher.食狮.公司.cn", "公司.cn", "食狮.公司.cn"),
]


@pytest.mark.parametrize(("name", "suffix", "organization"), CASES)
def test_suffix_and_organization(name: str, suffix: str, organization: str) -> None:
    domain = parse_domain(name)
    assert public_suffix(domain).unicode == suffix
    assert organizational_domain(domain) == parse_domain(organization)
    assert organizational_domain(domain).unicode == organization
    assert is_public_suffix(domain) == (name == suffix)
