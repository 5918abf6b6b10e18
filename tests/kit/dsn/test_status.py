"""Status parts: the examples of RFC 3464 appendix E, careless producers, refusals, round trip, noise."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from time import process_time

import pytest
from hypothesis import given, strategies as st

from moxkit.dsn import (
    Action,
    DeliveryStatus,
    Diagnostic,
    DsnError,
    MtaName,
    Recipient,
    RecipientAddress,
    encode_delivery_status,
    parse_delivery_status,
    recipient_address,
)

MULTIPLE = b"""Reporting-MTA: dns; cs.utk.edu
Arrival-Date: Sat, 2 Jul 1994 17:10:28 -0400

Original-Recipient: rfc822;arathib@vnet.ibm.com
Final-Recipient: rfc822;arathib@vnet.ibm.com
Action: failed
Status: 5.0.0 (permanent failure)
Diagnostic-Code: smtp; 550 'arathib@vnet.IBM.COM' is not a
 registered gateway user
Remote-MTA: dns; vnet.ibm.com

Original-Recipient: rfc822;johnh@hpnjld.njd.hp.com
Final-Recipient: rfc822;johnh@hpnjld.njd.hp.com
Action: delayed
Status: 4.0.0 (hpnjld.njd.jp.com: host name lookup failure)

Original-Recipient: rfc822;wsnell@sdcc13.ucsd.edu
Final-Recipient: rfc822;wsnell@sdcc13.ucsd.edu
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 550 user unknown
Remote-MTA: dns; sdcc13.ucsd.edu
"""


@pytest.mark.parametrize("octets", [MULTIPLE, MULTIPLE.replace(b"\n", b"\r\n")])
def test_example_with_several_recipients(octets: bytes) -> None:
    """RFC 3464 appendix E, "Multi-Recipient DSN"."""
    status = parse_delivery_status(octets)
    assert status.reporting_mta == MtaName("cs.utk.edu")
    assert status.arrival_at == datetime(1994, 7, 2, 17, 10, 28, tzinfo=timezone(timedelta(hours=-4)))
    first, second, third = status.recipients
    address = RecipientAddress("rfc822", "arathib@vnet.ibm.com")
    assert first == Recipient(
        final_recipient=address,
        original_recipient=address,
        action=Action.FAILED,
        status="5.0.0",
        status_comment="permanent failure",
        diagnostic=Diagnostic("550 'arathib@vnet.IBM.COM' is not a registered gateway user"),
        remote_mta=MtaName("vnet.ibm.com"),
    )
    assert first.diagnostic is not None
    assert (first.diagnostic.smtp_code, first.diagnostic.enhanced_code) == (550, None)
    assert (second.action, second.status, second.diagnostic) == (Action.DELAYED, "4.0.0", None)
    assert third.diagnostic == Diagnostic("550 user unknown")


def test_delayed_example() -> None:
    """RFC 3464 appendix E, "Delayed DSN"."""
    status = parse_delivery_status(
        b"Reporting-MTA: dns; sun2.nsfnet-relay.ac.uk\r\n\r\n"
        b"Final-Recipient: rfc822;thomas@de-montfort.ac.uk\r\nStatus: 4.0.0 (unknown temporary failure)\r\n"
        b"Action: delayed\r\nWill-Retry-Until: Tue, 10 Jan 1995 10:20:00 +0000\r\n"
    )
    assert status.recipients[0].will_retry_until == datetime(1995, 1, 10, 10, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "code", "enhanced"),
    [
        ("550 5.1.1 no such user", 550, "5.1.1"),
        ("550-5.1.1 no such user 550 5.1.1 gone", 550, "5.1.1"),
        ("452", 452, None),
        ("250 2.1.5", 250, "2.1.5"),
        ("550 5.1.1.1", 550, None),
        ("550 mailbox", 550, None),
        ("5501", None, None),
        ("no code 550 5.1.1", None, None),
        ("", None, None),
    ],
)
def test_codes_of_smtp(text: str, code: int | None, enhanced: str | None) -> None:
    diagnostic = Diagnostic(text)
    assert (diagnostic.smtp_code, diagnostic.enhanced_code) == (code, enhanced)


MTA_FIELD = b"Reporting-MTA: dns; a.example\n"
CARELESS = [
    # without the blank line; brackets; words after the action; no type; no Final-Recipient
    MTA_FIELD + b"Final-Recipient: rfc822; <b@c.example>\nAction: failed (gone)\nStatus: 5.1.1",
    b"\n\nReporting-MTA: a.example\n \n\t\n\nFinal-Recipient: b@c.example\nAction: FAILED\nStatus: 5.1.1\n\n",
    b"Reporting-MTA:dns;a.example\n\nOriginal-Recipient: rfc822;b@c.example\nStatus: 5.1.1 x\nAction: bad",
    b"reporting-mta: dns; a.example\n\nFINAL-RECIPIENT: RFC822; b@c.example\nstatus: 5.1.1",
    MTA_FIELD + b"\nX-Only: 1\n\nFinal-Recipient: rfc822;b@c.example\nAction: failed\nStatus: 5.1.1",
]


@pytest.mark.parametrize("octets", CARELESS)
def test_reads_what_careless_producers_write(octets: bytes) -> None:
    status = parse_delivery_status(octets)
    assert status.reporting_mta == MtaName("a.example")
    (recipient,) = status.recipients
    assert recipient.final_recipient == RecipientAddress("rfc822", "b@c.example")
    assert (recipient.action, recipient.status) == (Action.FAILED, "5.1.1")


def test_other_fields_stay() -> None:
    status = parse_delivery_status(
        b"Reporting-MTA: dns; a.example (a (b) c)\nX-Queue: 1\n\n"
        b"Final-Recipient: utf-8; \\x{FC}@c.example\nAction: relayed\nStatus: 2.0.0\n"
        b"Localized-Diagnostic: de; weg\nLocalized-Diagnostic: without language\nX-Odd: \xc3\xbc\n"
    )
    assert status.reporting_mta.comment == "a (b) c"
    assert status.recipients[0].localized == (("de", "weg"),)
    assert status.extensions == (("X-Queue", "1"),)
    assert status.recipients[0].final_recipient == RecipientAddress("utf-8", "ü@c.example")
    assert status.recipients[0].extensions == (("X-Odd", "ü"),)


RECIPIENT = b"Final-Recipient: rfc822;b@c.example\nAction: failed\nStatus: 5.1.1\n\n"


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (b"", "no recipient"),
        (b"Reporting-MTA: dns; a.example\n", "no recipient"),
        (b"Reporting-MTA: dns; a.example\n\nAction: failed\n", "no recipient"),
        (
            b"Reporting-MTA: dns; a.example\n\nFinal-Recipient: rfc822;b@c.example\nAction: odd\n",
            "no recipient",
        ),
        (b"Reporting-MTA: dns; a.example\n\n" + RECIPIENT * 10_001, "too many recipients"),
        (bytes((4 << 20) + 1), "too large"),
    ],
)
def test_refuses(octets: bytes, problem: str) -> None:
    with pytest.raises(DsnError, match=problem):
        parse_delivery_status(octets)


STATUS = DeliveryStatus(
    reporting_mta=MtaName("mx.example"),
    recipients=(
        Recipient(
            final_recipient=recipient_address("ü@c.example"),
            original_recipient=RecipientAddress("rfc822", "a+b@c.example"),
            action=Action.DELAYED,
            status="4.4.1",
            status_comment="no (answer)",
            remote_mta=MtaName("mx.c.example", comment="[192.0.2.1]"),
            diagnostic=Diagnostic("451 4.4.1 später"),
            localized=(("de", "später"),),
            last_attempt_at=datetime(2024, 1, 2, tzinfo=UTC),
            final_log_id="x1",
            will_retry_until=datetime(2024, 1, 3, tzinfo=UTC),
            extensions=(("X-More", "1"),),
        ),
    ),
    original_envelope_id="QQ314159",
    dsn_gateway=MtaName("gate.example"),
    received_from_mta=MtaName("client.example", comment="[192.0.2.2]"),
    arrival_at=datetime(2024, 1, 1, tzinfo=UTC),
    future_release_request="for;60",
    extensions=(("X-Queue", "7"),),
)


def test_order_and_form_of_fields() -> None:
    """RFC 3464 §2.2, §2.3; RFC 6533 §4.1."""
    assert encode_delivery_status(STATUS).decode().splitlines() == [
        "Original-Envelope-Id: QQ314159",
        "Reporting-MTA: dns; mx.example",
        "DSN-Gateway: dns; gate.example",
        "Received-From-MTA: dns; client.example ([192.0.2.2])",
        "Arrival-Date: Mon, 1 Jan 2024 00:00:00 +0000",
        "Future-Release-Request: for;60",
        "X-Queue: 7",
        "",
        "Original-Recipient: rfc822; a+b@c.example",
        "Final-Recipient: utf-8; \\x{FC}@c.example",
        "Action: delayed",
        "Status: 4.4.1 (no \\(answer\\))",
        "Remote-MTA: dns; mx.c.example ([192.0.2.1])",
        "Diagnostic-Code: smtp; 451 4.4.1 sp?ter",
        "Last-Attempt-Date: Tue, 2 Jan 2024 00:00:00 +0000",
        "Final-Log-ID: x1",
        "Will-Retry-Until: Wed, 3 Jan 2024 00:00:00 +0000",
        "X-More: 1",
    ]
    octets = encode_delivery_status(STATUS, utf8=True)
    assert "Final-Recipient: utf-8; ü@c.example\r\n".encode() in octets
    assert "Localized-Diagnostic: de; später\r\n".encode() in octets
    assert parse_delivery_status(octets) == STATUS


@pytest.mark.parametrize("utf8", [False, True])
def test_an_address_that_looks_encoded_comes_back(utf8: bool) -> None:
    """RFC 6533 §3: where the plain form would be ambiguous, the encoded one is written."""
    address = RecipientAddress("utf-8", '"ü\\x{41}"@b.example')
    recipient = Recipient(final_recipient=address, action=Action.FAILED, status="5.1.1")
    status = DeliveryStatus(reporting_mta=MtaName("a.example"), recipients=(recipient,))
    assert parse_delivery_status(encode_delivery_status(status, utf8=utf8)) == status


@pytest.mark.parametrize("code", ["", "5.1", "5.01.1", "3.0.0", "5.1.1\r\nX: y", "5.1.1111"])
def test_status_codes_are_checked_when_written(code: str) -> None:
    recipient = Recipient(final_recipient=recipient_address("a@b.example"), action=Action.FAILED, status=code)
    with pytest.raises(ValueError, match="no status code"):
        encode_delivery_status(DeliveryStatus(reporting_mta=MtaName("a.example"), recipients=(recipient,)))


def test_values_cannot_add_fields() -> None:
    recipient = Recipient(
        final_recipient=recipient_address("a\r\nAction: delivered@b.example"),
        action=Action.FAILED,
        status="5.1.1",
        diagnostic=Diagnostic("550 x\r\n\r\nFinal-Recipient: rfc822; victim@b.example\x00" + "y" * 9000),
    )
    octets = encode_delivery_status(
        DeliveryStatus(reporting_mta=MtaName("a.example"), recipients=(recipient,))
    )
    assert octets.count(b"\r\nAction:") == 1
    assert octets.count(b"\nFinal-Recipient:") == 1
    assert len(parse_delivery_status(octets).recipients) == 1
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    for wrong in (MtaName("a", "b c"), MtaName("a", "")):
        with pytest.raises(ValueError, match="no type"):
            encode_delivery_status(DeliveryStatus(reporting_mta=wrong, recipients=(recipient,)))
    wrong_field = DeliveryStatus(
        reporting_mta=MtaName("a"), recipients=(recipient,), extensions=(("A: b\r\nC", "d"),)
    )
    with pytest.raises(ValueError, match="no field name"):
        encode_delivery_status(wrong_field)


WORD = st.from_regex(r"[a-z0-9.\[\]-]{1,20}", fullmatch=True)
TEXT = st.text(
    st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=80
).map(lambda text: text.strip())
NONEMPTY = TEXT.filter(bool)
KIND = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
MTA = st.builds(MtaName, WORD, KIND, TEXT)
TIME = st.integers(0, 2**33).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ADDRESS = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="<>"), min_size=1, max_size=30
).map(recipient_address)
EXTENSIONS = st.lists(st.tuples(st.just("X-Other"), NONEMPTY), max_size=2).map(tuple)
RECIPIENTS = st.builds(
    Recipient,
    final_recipient=ADDRESS,
    action=st.sampled_from(Action),
    status=st.sampled_from(["2.0.0", "4.4.1", "5.7.999"]),
    status_comment=TEXT,
    original_recipient=st.none() | ADDRESS,
    remote_mta=st.none() | MTA,
    diagnostic=st.none() | st.builds(Diagnostic, NONEMPTY, KIND),
    last_attempt_at=st.none() | TIME,
    final_log_id=TEXT,
    will_retry_until=st.none() | TIME,
    extensions=EXTENSIONS,
)
STATUSES = st.builds(
    DeliveryStatus,
    reporting_mta=MTA,
    recipients=st.lists(RECIPIENTS, min_size=1, max_size=3).map(tuple),
    original_envelope_id=TEXT,
    dsn_gateway=st.none() | MTA,
    received_from_mta=st.none() | MTA,
    arrival_at=st.none() | TIME,
    future_release_request=TEXT,
    extensions=EXTENSIONS,
)


@given(STATUSES)
def test_what_is_written_can_be_read(status: DeliveryStatus) -> None:
    assert parse_delivery_status(encode_delivery_status(status, utf8=True)) == status
    written = parse_delivery_status(encode_delivery_status(status))
    for before, after in zip(status.recipients, written.recipients, strict=True):
        assert (after.final_recipient, after.action, after.status) == (
            before.final_recipient,
            before.action,
            before.status,
        )


@given(st.binary(max_size=60), st.integers(0, len(MULTIPLE)), st.integers(0, 20))
def test_noise_gives_a_status_or_the_error(noise: bytes, at: int, cut: int) -> None:
    with suppress(DsnError):
        parse_delivery_status(MULTIPLE[:at] + noise + MULTIPLE[at + cut :])
    with suppress(DsnError):
        parse_delivery_status(noise)


@pytest.mark.parametrize("piece", [b"\n", b" \n", b"a:\n", b"Status: 5.1.1 (", b"(", b"\r\n \t", b";", b" "])
def test_hostile_input_ends_soon(piece: bytes) -> None:
    began = process_time()
    for start in (b"", b"Reporting-MTA: dns; ", b"\n\nFinal-Recipient: rfc822; a\nAction: failed\nStatus: "):
        with suppress(DsnError):
            parse_delivery_status(start + (piece * (1 << 20))[: 1 << 20])
    assert process_time() - began < 5
