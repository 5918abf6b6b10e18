"""TLSRPT records: the RFC's examples, refusals, lookups, round trip, noise."""

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given, strategies as st

from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver
from moxkit.tlsrpt import Lookup, Record, RecordError, Status, is_record, lookup, parse_record

READ = [
    # RFC 8460 §3.1.1, §3.1.2
    ("v=TLSRPTv1;rua=mailto:reports@example.com", Record(("mailto:reports@example.com",))),
    (
        "v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt",
        Record(("https://reporting.example.com/v1/tlsrpt",)),
    ),
    # RFC 8460 §3: lists, several rua, extensions, a delimiter at the end
    (
        "v=TLSRPTv1; rua=mailto:a@b.example , https://b.example/;",
        Record(("mailto:a@b.example", "https://b.example/")),
    ),
    (
        "v=TLSRPTv1; rua=mailto:a@b.example; rua=mailto:c@b.example",
        Record(("mailto:a@b.example", "mailto:c@b.example")),
    ),
    (
        "v=TLSRPTv1;ext=1;rua=mailto:a@b.example;x.y-z=!",
        Record(("mailto:a@b.example",), (("ext", "1"), ("x.y-z", "!"))),
    ),
]


@pytest.mark.parametrize(("text", "record"), READ)
def test_reads(text: str, record: Record) -> None:
    assert parse_record(text) == record
    assert parse_record(str(record)) == record


REFUSED = [
    ("", "v=TLSRPTv1"),
    ("v=TLSRPTv2; rua=mailto:a@b.example", "v=TLSRPTv1"),
    ("v=tlsrptv1; rua=mailto:a@b.example", "v=TLSRPTv1"),
    ("rua=mailto:a@b.example; v=TLSRPTv1", "v=TLSRPTv1"),
    ("v=TLSRPTv1", "no rua"),
    ("v=TLSRPTv1; ext=1", "no rua"),
    ("v=TLSRPTv1; rua=", "bad URI"),
    ("v=TLSRPTv1; rua=a@b.example", "bad URI"),
    ("v=TLSRPTv1; rua=http://b.example/", "bad URI"),
    ("v=TLSRPTv1; rua=mailto:a@b.example!10m", "bad URI"),
    ("v=TLSRPTv1; rua=mailto:\udcfc@b.example", "bad URI"),
    ("v=TLSRPTv1; rua=mailto:a@b.example; ;", "malformed field"),
    ("v=TLSRPTv1; rua=mailto:a@b.example; ext", "malformed field"),
    ("v=TLSRPTv1; rua=mailto:a@b.example; ext=a b", "bad value of ext"),
    ("v=TLSRPTv1;" + "a=b;" * 101, "too many fields"),
    ("v=TLSRPTv1; rua=mailto:a@b.example; " + "x" * 20_000, "too long"),
]


@pytest.mark.parametrize(("text", "problem"), REFUSED)
def test_refuses(text: str, problem: str) -> None:
    with pytest.raises(RecordError, match=problem):
        parse_record(text)


def test_addresses() -> None:
    record = Record(
        (
            "mailto:a%2Cb@B%C3%BCcher.example?x=y",
            "https://b.example/",
            "MAILTO:c@b.example",
            "mailto:a%0Ab@c.example",
            "mailto:d@-",
        )
    )
    assert record.addresses == ("a,b@xn--bcher-kva.example", "c@b.example")


DOMAIN = parse_domain("example.com")
GOOD = '_smtp._tls.example.com. TXT "v=TLSRPTv1; rua=mailto:a@b.example"\n'


@pytest.mark.parametrize(
    ("zone", "status", "problem"),
    [
        (GOOD, Status.FOUND, ""),
        (GOOD + '_smtp._tls.example.com. TXT "v=spf1 -all"', Status.FOUND, ""),
        ("", Status.NONE, ""),
        ('_smtp._tls.example.com. TXT "v=spf1 -all"', Status.NONE, ""),
        (GOOD + GOOD, Status.PERMERROR, "2 records"),
        ('_smtp._tls.example.com. TXT "v=TLSRPTv1;"', Status.PERMERROR, "no rua"),
    ],
)
async def test_lookup(zone: str, status: Status, problem: str) -> None:
    found = await lookup(FakeResolver(zone, authentic=True), DOMAIN)
    assert (found.status, found.problem, found.authentic) == (status, problem, True)
    assert (found.record is not None) == (status is Status.FOUND)


async def test_lookup_when_dns_fails() -> None:
    found = await lookup(FakeResolver(temporary=["_smtp._tls.example.com"]), DOMAIN)
    assert isinstance(found, Lookup)
    assert found.status is Status.TEMPERROR
    assert "DNS" in found.problem


@given(st.text(max_size=60))
def test_noise_gives_a_record_or_the_error(noise: str) -> None:
    for text in (noise, f"v=TLSRPTv1; {noise}", f"v=TLSRPTv1; rua=mailto:{noise}"):
        with suppress(RecordError):
            record = parse_record(text)
            assert is_record(text)
            assert all(address.isprintable() for address in record.addresses)
            assert parse_record(str(record)) == record


@pytest.mark.parametrize("piece", [";", " ", "a=b;", "rua=mailto:a@b,", "@", "!"])
def test_hostile_input_ends_soon(piece: str) -> None:
    began = process_time()
    for length in (16_000, 1 << 20):
        with suppress(RecordError):
            parse_record(("v=TLSRPTv1; rua=mailto:" + piece * length)[:length])
    assert process_time() - began < 1
