"""The record: grammar of RFC 8461 §3.1."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from moxkit.mtasts import Record, RecordError, parse_record
from moxkit.mtasts.record import is_record


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("v=STSv1; id=20160831085700Z;", Record("20160831085700Z")),  # the RFC's example
        ("v=STSv1;id=1", Record("1")),
        ("v=STSv1 ; id=1 ; a-b.c_d=x/y ;", Record("1", (("a-b.c_d", "x/y"),))),
    ],
)
def test_accepts(text: str, record: Record) -> None:
    assert parse_record(text) == record
    assert parse_record(str(record)) == record


@pytest.mark.parametrize(
    "text",
    [
        "v=STSv1",
        "v=stsv1; id=1",
        "id=1; v=STSv1;",
        "v=STSv1; ",
        "v=STSv1; id=",
        "v=STSv1; id=1; id=2;",
        "v=STSv1; id=" + "1" * 33,
        "v=STSv1; id=a b",
        "v=STSv1;; id=1",
        "v=STSv1; id=1; x",
        "v=STSv1; id=1; x=ü",
        "v=STSv1; id=1;" + "x=y;" * 2000,
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(RecordError):
        parse_record(text)


def test_other_texts_are_no_records() -> None:
    assert not is_record("v=STSv11; id=1;")
    assert not is_record("v=spf1 -all")


@given(st.text(alphabet="v=STSid1; xü\x00", max_size=40))
def test_noise_gives_a_record_or_the_error(text: str) -> None:
    with suppress(RecordError):
        record = parse_record("v=STSv1;" + text)
        assert parse_record(str(record)) == record
