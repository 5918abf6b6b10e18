"""Results under our own name that came from outside (RFC 8601 §5)."""

import time

import pytest
from hypothesis import given, strategies as st

from mox.delivery.forgedresults import forged_results
from mox.store import Store, read_message
from room.delivery.test_delivery import delivery, incoming, recipient
from room.waiting import reached

OURS = {"mail.mox.example", "bücher.example"}
SPF = "; spf=pass smtp.mailfrom=x.example"


def without(octets: bytes) -> bytes:
    kept, at = b"", 0
    for start, end in forged_results(octets, OURS):
        kept += octets[at:start]
        at = end
    return kept + octets[at:]


@pytest.mark.parametrize(
    "value",
    [
        "mail.mox.example" + SPF,
        "MAIL.Mox.Example" + SPF,
        "mail.mox.example." + SPF,
        "mail.mox.example 1" + SPF,
        "mail.mox.example/1" + SPF,
        '"mail.mox.example"' + SPF,
        '"mail\\.mox.example"' + SPF,
        "(comment (nested)) mail.mox.example" + SPF,
        "\r\n\t(spam=no) mail.mox.example" + SPF,
        "\uff4dail.mox.example" + SPF,
        "bücher.example" + SPF,
        "xn--bcher-kva.example" + SPF,
        "=?utf-8?q?mail.mox.example?=" + SPF,
        "mail.mox.example; none",
        "mail.mox.example",
        # What one reader skips is another's id.
        "(mail.mox.example) evil.example" + SPF,
        "evil.example (mail.mox.example)" + SPF,
        "evil.example mail.mox.example" + SPF,
        "evil.example, mail.mox.example" + SPF,
        "; mail.mox.example" + SPF,
        "mail.(x)mox.example" + SPF,
        "mail .mox.example" + SPF,
        "mail.mox.example spf=pass",
        "mail.mox.example; spf",
        "mail.mox.example (without end" + SPF,
        "mail.mox.example; " + "x" * 70_000,
    ],
)
def test_ours_are_removed(value: str) -> None:
    field = f"Authentication-Results: {value}\r\n".encode()
    rest = b"Subject: hello\r\n\r\nAuthentication-Results: mail.mox.example\r\n"
    assert without(field + rest) == rest
    assert without(b"X: y\r\n" + field + field + rest) == b"X: y\r\n" + rest


@pytest.mark.parametrize(
    "name", ["Authentication-Results", "AUTHENTICATION-results", "Authentication-Results \t"]
)
def test_the_name_in_any_spelling(name: str) -> None:
    assert without(f"{name}: mail.mox.example{SPF}\r\n\r\n".encode()) == b"\r\n"


@pytest.mark.parametrize(
    "header",
    [
        "Authentication-Results: other.example; spf=pass smtp.mailfrom=mail.mox.example",
        "Authentication-Results: other.example; spf=pass (seen by mail.mox.example) smtp.helo=x",
        "Authentication-Results: not-mail.mox.example; spf=pass",
        "Authentication-Results: mail.mox.example.evil.example; spf=pass",
        "Authentication-Results: relay.mail.mox.example; spf=pass",
        "Authentication-Results: malformed",
        "ARC-Authentication-Results: i=1; mail.mox.example; spf=pass",
        "X-Authentication-Results: mail.mox.example; spf=pass",
        "Subject: Authentication-Results: mail.mox.example",
        "Subject: folded\r\n Authentication-Results: mail.mox.example",
    ],
)
def test_others_stay(header: str) -> None:
    octets = f"{header}\r\n\r\nbody".encode()
    assert without(octets) == octets


def test_a_message_that_is_nothing_but_header() -> None:
    assert without(b"Authentication-Results: mail.mox.example") == b""
    assert without(b"A: b\r\nAuthentication-Results: mail.mox.example\r\n") == b"A: b\r\n"
    assert without(b"\r\nAuthentication-Results: mail.mox.example\r\n") == (
        b"\r\nAuthentication-Results: mail.mox.example\r\n"
    )
    assert without(b"") == b""
    assert forged_results(b"Authentication-Results: x\r\n", {""}) == []


def test_of_hundreds_none_stays_unseen() -> None:
    other = b"Authentication-Results: other.example; none\r\n"
    assert without(other * 300) == other * 200


@pytest.mark.parametrize(
    "octets",
    [
        b"Authentication-Results: " + b"(" * 1_000_000,
        b"Authentication-Results: mail" + b" " * 1_000_000,
        b"Authentication-Results: " + b"\r\n \\" * 250_000,
        b"Authentication-Results:\r\n" * 40_000,
        b"\r\n" * 500_000,
        b"Authentication-Results: =?utf-8?q?" + b"a?==?" * 12_000,
    ],
)
def test_hostile_headers_end_soon(octets: bytes) -> None:
    before = time.perf_counter()
    forged_results(octets, OURS)
    assert time.perf_counter() - before < 2


@given(noise=st.binary(max_size=300))
def test_noise_leaves_lines_whole(noise: bytes) -> None:
    octets = b"Authentication-Results: " + noise + b"\r\n\r\n"
    for start, end in forged_results(octets, OURS):
        assert start == 0 or octets[start - 1 : start] == b"\n"
        assert octets[end - 1 : end] == b"\n"


@pytest.mark.parametrize("body", [b"body\r\n", b"long\r\n" * 200_000], ids=["memory", "file"])
async def test_what_is_filed_lacks_them(store: Store, body: bytes) -> None:
    forged = b"Authentication-Results: mail.mox.example; dkim=pass header.d=bank.example\r\n"
    theirs = b"Authentication-Results: other.example; dkim=pass header.d=bank.example\r\n"
    octets = b"Subject: a\r\n" + forged + theirs + forged + b"\r\n" + body
    message = incoming(store, recipient("one"), octets=octets)
    if message.spool.wants_flush:
        await message.spool.flush()
    [outcome] = await delivery(store).receive(message)
    message.spool.discard()
    assert outcome.is_delivered
    found = read_message(store.account("one"), 1)
    assert found is not None
    assert found[1].endswith(b"\r\nSubject: a\r\n" + theirs + b"\r\n" + body)
    assert found[1].count(b"Authentication-Results: mail.mox.example;") == 1
    assert found[0].size == len(found[1])
    await reached(lambda: not list(store.spools._directory.iterdir()))
