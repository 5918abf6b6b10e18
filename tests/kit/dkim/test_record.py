"""Key records: what is read, what is refused, what is written."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from kit.dkim.examples import ED25519_KEY, RSA_KEY
from moxkit.dkim import Record, RecordError, parse_record

READ = [
    # RFC 6376 §3.6.1: only p= is required.
    ("p=QUI=", Record(b"AB")),
    ("v=DKIM1; p=QUI=", Record(b"AB")),
    (" v = DKIM1 ; p = QU I= ; ", Record(b"AB")),
    ("v=DKIM1;h=SHA1 : sha256;p=QUI=", Record(b"AB", hashes=("sha1", "sha256"))),
    ("v=DKIM1;k=ed25519;p=QUI=", Record(b"AB", "ed25519")),
    ("v=DKIM1;k=future;p=QUI=", Record(b"AB", "future")),
    ("v=DKIM1;s=email:tlsrpt;p=QUI=", Record(b"AB", services=("email", "tlsrpt"))),
    ("v=DKIM1;t=y:s;p=QUI=", Record(b"AB", flags=("y", "s"))),
    ("v=DKIM1;t=;p=QUI=", Record(b"AB")),
    ("v=DKIM1;n=a =3B note;p=QUI=", Record(b"AB", notes="a =3B note")),
    # An empty p= is a revoked key.
    ("v=DKIM1; p=", Record(b"")),
    # g= of DKIM's first edition and other unknown tags do not matter.
    ("g=*;unknown=1;p=QUI=", Record(b"AB")),
]
REFUSED = [
    "",
    "v=DKIM1",
    "v=spf1 -all",
    "v=DKIM1.0;p=QUI=",
    "v=dkim1;p=QUI=",
    "k=rsa;v=DKIM1;p=QUI=",
    "v=DKIM1;p=QUI=;p=QUI=",
    "v=DKIM1;p=Q",
    "v=DKIM1;h=;p=QUI=",
    "v=DKIM1;s=a b;p=QUI=",
    "v=DKIM1;p=QUI=;x",
    "v=DKIM1;;p=QUI=",
]


@pytest.mark.parametrize(("text", "record"), READ)
def test_reads(text: str, record: Record) -> None:
    assert parse_record(text) == record


@pytest.mark.parametrize("text", REFUSED)
def test_refuses(text: str) -> None:
    with pytest.raises(RecordError):
        parse_record(text)


def test_examples_of_rfc_8463_are_written_as_they_are_read() -> None:
    for key_type, key in (("ed25519", ED25519_KEY), ("rsa", RSA_KEY)):
        record = parse_record(f"v=DKIM1; k={key_type}; p={key}")
        assert (record.key_type, record.public_key) == (key_type, base64.b64decode(key))
        assert parse_record(str(record)) == record


def test_what_a_key_is_for() -> None:
    record = Record(b"AB", hashes=("sha256",), services=("tlsrpt",), flags=("s", "y"))
    assert record.allows_hash("sha256")
    assert not record.allows_hash("sha1")
    assert record.allows_service("tlsrpt")
    assert not record.allows_service("email")
    assert record.is_testing
    assert record.requires_exact_identity
    assert not record.is_revoked
    plain = Record(b"")
    assert plain.allows_hash("sha512")
    assert plain.allows_service("email")
    assert not plain.is_testing
    assert not plain.requires_exact_identity
    assert plain.is_revoked


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
LISTS = st.lists(NAMES, min_size=1, max_size=3).map(tuple)


@given(
    st.builds(
        Record,
        st.binary(max_size=50),
        NAMES,
        hashes=st.just(()) | LISTS,
        services=LISTS,
        flags=st.just(()) | LISTS,
        notes=st.sampled_from(["", "note", "two words", "=3B"]),
    )
)
def test_reads_what_it_writes(record: Record) -> None:
    assert parse_record(str(record)) == record


@given(st.text())
def test_any_notes_can_be_published(notes: str) -> None:
    assert parse_record(str(Record(b"AB", notes=notes))).public_key == b"AB"


@given(st.text(alphabet="vkhpst=; DKIM1:QUI*\udc80"))
def test_noise_gives_a_record_or_the_declared_error(noise: str) -> None:
    with suppress(RecordError):
        parse_record("v=DKIM1;" + noise)
