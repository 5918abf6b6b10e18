"""Signing in by certificate, and what a connection may do that has one."""

import asyncio
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mox.accounts import KeyRefused, Result, Service, SignedIn, SignInFailed, TlsKey, Visit
from moxkit.net import TLSInfo, spki_of
from moxkit.sasl import FailureKind, Mechanism
from moxkit.testing import make_certificate
from room.accounts.conftest import Desk

LAPTOP = make_certificate("laptop", "ed25519", client=True)
STRANGER = make_certificate("stranger", "ed25519", client=True)
ME = "mox@mox.example"


def der(certificate: tuple[bytes, bytes]) -> bytes:
    return x509.load_pem_x509_certificate(certificate[0]).public_bytes(Encoding.DER)


def info(certificate: tuple[bytes, bytes] | None) -> TLSInfo:
    octets = None if certificate is None else der(certificate)
    digest = None if octets is None else hashlib.sha256(spki_of(octets)).digest()
    return TLSInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", None, "", False, octets, digest)


async def add(desk: Desk, *, no_imap_preauth: bool = False) -> TlsKey:
    return await desk.identities.keys.add(address=ME, pem=LAPTOP[0].decode(), no_imap_preauth=no_imap_preauth)


def arrive(desk: Desk, certificate: tuple[bytes, bytes] | None = LAPTOP, **where: Service) -> Visit:
    visit = desk.visit(**where)
    assert visit.meet(info(certificate), lambda _: None) is None
    return visit


async def results(desk: Desk, account: str = "mox") -> list[tuple[str, str, int]]:
    await desk.identities.attempts.settle()
    found = desk.identities.attempts.recent(account)
    return sorted((each.attempt.mechanism, str(each.attempt.result), each.count) for each in found)


async def test_a_known_key_signs_in_by_itself(desk: Desk) -> None:
    key = await add(desk)
    assert desk.at(Service.IMAP).judge_client(der(LAPTOP), "192.0.2.1")
    visit = arrive(desk)
    assert visit.key == key
    assert visit.by_certificate() == SignedIn("mox", ME)
    assert Mechanism.EXTERNAL in visit.mechanisms()
    assert await results(desk) == [("tlsclientauth", "ok", 1)]
    (recorded,) = desk.identities.attempts.recent("mox")
    assert recorded.attempt.fingerprint == key.fingerprint
    assert recorded.attempt.tls == "TLSv1.3 TLS_AES_128_GCM_SHA256"


async def test_an_unknown_key_fails_in_the_handshake_and_counts(desk: Desk) -> None:
    judge = desk.at(Service.SUBMISSION).judge_client
    for _ in range(10):
        assert not judge(der(STRANGER), "192.0.2.1")
        await desk.identities.attempts.settle()
    assert await results(desk, "") == [("tlsclientauth", "badcreds", 10)]
    # From now on certificates are not looked at; the connection is refused by its protocol.
    assert judge(der(STRANGER), "192.0.2.1")
    visit = desk.visit()
    assert not visit.has_room
    assert visit.meet(info(STRANGER), lambda _: None) is None
    assert visit.key is None


async def test_noise_is_refused(desk: Desk) -> None:
    assert not desk.at(Service.IMAP).judge_client(b"noise", "192.0.2.1")


async def test_a_disabled_account_fails_in_the_handshake_if_its_key_may_preauthenticate(desk: Desk) -> None:
    await add(desk)
    desk.book.disabled["mox"] = "ask the owner"
    assert not desk.at(Service.IMAP).judge_client(der(LAPTOP), "192.0.2.1")
    assert await results(desk) == [("tlsclientauth", "logindisabled", 1)]
    assert desk.identities.attempts.has_room("192.0.2.1")


async def test_a_disabled_account_is_told_why_where_the_client_speaks_first(desk: Desk) -> None:
    await add(desk, no_imap_preauth=True)
    desk.book.disabled["mox"] = "ask the owner"
    assert desk.at(Service.SUBMISSION).judge_client(der(LAPTOP), "192.0.2.1")
    failed = arrive(desk, service=Service.SUBMISSION).by_certificate()
    assert isinstance(failed, SignInFailed)
    assert (failed.is_disabled, failed.text) == (True, "ask the owner")
    assert isinstance(arrive(desk).finish_external(""), SignInFailed)


async def test_an_address_that_changed_hands_signs_nobody_in(desk: Desk) -> None:
    await add(desk)
    desk.book.owners[ME] = "pat"
    assert not desk.at(Service.IMAP).judge_client(der(LAPTOP), "192.0.2.1")
    refused = desk.identities.sign_in.recognise(hashlib.sha256(spki_of(der(LAPTOP))).digest())
    assert isinstance(refused, KeyRefused)
    assert refused.result is Result.ERROR


async def test_a_resumed_session_is_looked_at_again(desk: Desk) -> None:
    key = await add(desk)
    await desk.identities.keys.remove(key.fingerprint)
    refused = desk.visit().meet(info(LAPTOP), lambda _: None)
    assert isinstance(refused, KeyRefused)
    assert refused.result is Result.BAD_CREDENTIALS


@pytest.mark.parametrize(
    ("authzid", "address"), [("", ME), (ME, ME), ("also@mox.example", "also@mox.example")]
)
async def test_external_as_an_address_of_the_account(desk: Desk, authzid: str, address: str) -> None:
    await add(desk)
    desk.book.owners["also@mox.example"] = "mox"
    exchange = arrive(desk).begin("EXTERNAL")
    assert exchange is not None
    assert await exchange.respond(authzid.encode()) == SignedIn("mox", address)


@pytest.mark.parametrize(
    ("authzid", "kind"),
    [("pat@mox.example", FailureKind.CREDENTIALS), ("nobody@mox.example", FailureKind.AUTHORIZATION)],
)
async def test_external_as_somebody_else(desk: Desk, authzid: str, kind: FailureKind) -> None:
    await add(desk)
    visit = arrive(desk)
    exchange = visit.begin("EXTERNAL")
    assert exchange is not None
    failed = await exchange.respond(authzid.encode())
    assert isinstance(failed, SignInFailed)
    assert failed.kind is kind
    assert visit.failures == 1


async def test_a_password_must_be_of_the_certificates_account(desk: Desk) -> None:
    await add(desk)
    for account in ("mox", "pat"):
        await desk.identities.credentials.set_password(account, "correct horse")
    visit = arrive(desk)
    assert await visit.password(ME, "correct horse") == SignedIn("mox", ME)
    failed = await visit.password("pat@mox.example", "correct horse")
    assert isinstance(failed, SignInFailed)
    assert "another account" in failed.text
    assert await arrive(desk, None).password("pat@mox.example", "correct horse") == SignedIn(
        "pat", "pat@mox.example"
    )


async def test_without_certificate_there_is_no_external(desk: Desk) -> None:
    visit = arrive(desk, None)
    assert Mechanism.EXTERNAL not in visit.mechanisms()
    assert visit.begin("EXTERNAL") is None
    assert visit.by_certificate() is None


async def test_guessing_becomes_slow_and_success_ends_that(desk: Desk) -> None:
    await desk.identities.credentials.set_password("mox", "correct horse")
    visit = arrive(desk, None)
    for failures in range(1, 6):
        assert isinstance(await visit.password(ME, "wrong"), SignInFailed)
        assert visit.is_slow is (failures >= 3)
    before = desk.clock.monotonic()
    task = asyncio.ensure_future(visit.hold())
    await asyncio.sleep(0)
    await desk.clock.advance(2)
    await task
    assert desk.clock.monotonic() - before == 2
    assert isinstance(await visit.password(ME, "correct horse"), SignedIn)
    assert not visit.is_slow


async def test_every_end_is_recorded(desk: Desk) -> None:
    visit = arrive(desk, None)
    await visit.password(ME, "wrong")
    exchange = visit.begin("PLAIN")
    assert exchange is not None
    exchange.abort()
    assert isinstance(await exchange.respond(b"noise"), SignInFailed)
    assert await results(desk) == [("login", "badcreds", 1)]
    assert await results(desk, "") == [("PLAIN", "aborted", 1), ("PLAIN", "badprotocol", 1)]
