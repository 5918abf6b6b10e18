"""The policy: grammar of RFC 8461 §3.2, matching of §4.1."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from moxkit.domain import parse_domain
from moxkit.mtasts import Mode, Policy, PolicyError, parse_policy

EXAMPLE = b"""version: STSv1\r
mode: enforce\r
mx: mail.example.com\r
mx: *.example.net\r
mx: backupmx.example.com\r
max_age: 604800\r
"""
POLICY = Policy(
    Mode.ENFORCE, timedelta(days=7), ("mail.example.com", "*.example.net", "backupmx.example.com")
)


def test_reads_and_writes_the_example() -> None:
    assert parse_policy(EXAMPLE) == POLICY
    assert parse_policy(EXAMPLE.replace(b"\r", b"")) == POLICY
    assert parse_policy(EXAMPLE.removesuffix(b"\r\n")) == POLICY
    assert parse_policy(str(POLICY).encode()) == POLICY


def test_first_of_a_field_counts_and_unknown_ones_are_kept() -> None:
    text = b"version:STSv1\nmode :none\nmode: enforce\nmax_age: 1\nnew_field: x: y\n\n"
    assert parse_policy(text) == Policy(Mode.NONE, timedelta(seconds=1), (), (("new_field", "x: y"),))


def test_age_is_at_most_a_year() -> None:
    assert parse_policy(b"version: STSv1\nmode: none\nmax_age: 9999999999\n").max_age.days == 365


def test_international_host_is_compared_in_ascii() -> None:
    text = "version: STSv1\nmode: testing\nmx: *.Bücher.example.\nmax_age: 1\n".encode()
    policy = parse_policy(text)
    assert policy.mx == ("*.xn--bcher-kva.example",)
    assert policy.allows(parse_domain("mx.bücher.example"))


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("mail.example.com", True),
        ("MAIL.example.com", True),
        ("a.example.net", True),
        ("example.net", False),
        ("a.b.example.net", False),
        ("x.mail.example.com", False),
        ("com", False),
    ],
)
def test_wildcard_is_one_label(host: str, allowed: bool) -> None:
    assert POLICY.allows(parse_domain(host)) is allowed


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "version"),
        (EXAMPLE.replace(b"STSv1", b"STSv2"), "version"),
        (EXAMPLE.replace(b"enforce", b"Enforce"), "mode"),
        (EXAMPLE.replace(b"604800", b"-1"), "max_age"),
        (EXAMPLE.replace(b"604800", b"99999999999"), "max_age"),
        (EXAMPLE.replace(b"604800", "\u0661".encode()), "max_age"),
        (EXAMPLE.replace(b"mx: ", b"my: "), "no mx"),
        (EXAMPLE.replace(b"mx: *.", b"mx: *"), r"mx '\*example"),
        (EXAMPLE + b"<html>\n", "line 7"),
        (EXAMPLE + b"x: \xff\n", "UTF-8"),
        (EXAMPLE + b"x: y\n" * 2000, "fields"),
        (EXAMPLE + b" " * 70000, "octets"),
    ],
)
def test_refuses(text: bytes, problem: str) -> None:
    with pytest.raises(PolicyError, match=problem):
        parse_policy(text)


@given(st.binary(max_size=60))
def test_noise_gives_a_policy_or_the_error(noise: bytes) -> None:
    with suppress(PolicyError):
        parse_policy(EXAMPLE + noise)
