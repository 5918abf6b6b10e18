"""Parameters: RFC 2231 examples and broken forms."""

import time

import pytest
from hypothesis import given, strategies as st

from moxkit.message import decode_parameters, parse_parameters


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'; charset=us-ascii; Name="a;b"', {"charset": "us-ascii", "name": "a;b"}),
        # RFC 2231 §3, §4, §4.1
        (b';\r\n URL*0="ftp://";\r\n URL*1="cs.utk.edu"', {"url": "ftp://cs.utk.edu"}),
        (b"; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", {"title": "This is ***fun***"}),
        (
            b"; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20;"
            b' title*2="isn\'t it!"',
            {"title": "This is even more ***fun*** isn't it!"},
        ),
        (b"; a*1=y; a*0=x", {"a": "xy"}),
        (b"; a*0=x; a*2=z", {"a": "x"}),
        (b"; a*1=y", {}),
        (b"; a=plain; a*=utf-8''%C3%A9", {"a": "é"}),
        (b'; a="=?utf-8?q?=C3=A9?="', {"a": "é"}),
        (b'; a="x\\"y\\\\"', {"a": 'x"y\\'}),
        (b'; a="open', {"a": "open"}),
        (b"; a=x(1).pdf", {"a": "x(1).pdf"}),
        (b"; a = b ;; c=d;", {"a": "b", "c": "d"}),
        (b"; a=1; a=2", {"a": "1"}),
        (b"; a=\xff", {"a": "\ufffd"}),
        (b"; a=", {}),
        (b"; nothing; b=c", {"b": "c"}),
    ],
)
def test_reads_parameters(raw: bytes, expected: dict[str, str]) -> None:
    assert decode_parameters(parse_parameters(raw)) == expected


def test_reads_a_bounded_number() -> None:
    assert len(parse_parameters(b";a=b" * 1000)) == 100


@given(
    st.lists(
        st.sampled_from([b";", b"a", b"*", b"0", b"=", b'"', b"\\", b"%", b"'", b" ", b"\xff", b"\r\n"])
    ).map(b"".join)
)
def test_noise_gives_parameters(raw: bytes) -> None:
    decode_parameters(parse_parameters(raw))


@pytest.mark.parametrize("piece", [b";", b'; a="', b"; a", b"; ", b"\\", b'"', b"a*0*=''"])
def test_hostile_parameters_take_linear_time(piece: bytes) -> None:
    started = time.process_time()
    decode_parameters(parse_parameters(b";" + piece * (256 * 1024 // len(piece))))
    assert time.process_time() - started < 1
