"""App passwords: in every mechanism, for their services only, gone when removed."""

import pytest

from mox.accounts import PasswordInvalidError, Service, SignedIn, SignInFailed, Visit
from moxkit.net import TLSInfo
from moxkit.sasl import Challenge, Mechanism, SaslError, client_exchange
from room.accounts.conftest import Desk

ME = SignedIn("mox", "mox@mox.example")
BINDING = ("tls-exporter", b"\x01" * 32)
MECHANISMS = [m for m in Mechanism if m is not Mechanism.EXTERNAL]


def arrive(desk: Desk, service: Service = Service.IMAP) -> Visit:
    visit = desk.visit(service=service)
    visit.meet(TLSInfo("TLSv1.3", "x", None, "", False, None, None), dict([BINDING]).get)
    return visit


async def sign_in(visit: Visit, mechanism: Mechanism, password: str) -> SignedIn | SignInFailed:
    server = visit.begin(mechanism)
    assert server is not None
    client = client_exchange(
        mechanism,
        username=ME.address,
        password=password,
        binding=BINDING if mechanism.is_plus else None,
    )
    step = await server.respond(client.start())
    while isinstance(step, Challenge):
        try:
            answer = client.respond(step.octets)
        except SaslError:
            answer = b""
        step = await server.respond(answer)
    return step


@pytest.mark.parametrize("has_own_password", [False, True])
async def test_every_mechanism_takes_every_password(desk: Desk, has_own_password: bool) -> None:
    credentials = desk.identities.credentials
    secrets = [(await credentials.add_app_password("mox", name, [Service.IMAP]))[1] for name in "ab"]
    if has_own_password:
        await credentials.set_password("mox", "main password")
        secrets.append("main password")
    for mechanism in MECHANISMS:
        for secret in secrets:
            assert await sign_in(arrive(desk), mechanism, secret) == ME, (mechanism, secret)
        assert isinstance(await sign_in(arrive(desk), mechanism, "wrong password"), SignInFailed)


async def test_a_new_main_password_leaves_them_alone(desk: Desk) -> None:
    credentials = desk.identities.credentials
    await credentials.set_password("mox", "main password")
    _, secret = await credentials.add_app_password("mox", "phone", [Service.IMAP])
    await credentials.set_password("mox", "another password")
    for password in ("another password", secret):
        assert await sign_in(arrive(desk), Mechanism.SCRAM_SHA_256, password) == ME


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_it_is_for_its_services_only(desk: Desk, mechanism: Mechanism) -> None:
    credentials = desk.identities.credentials
    await credentials.set_password("mox", "main password")
    _, secret = await credentials.add_app_password("mox", "printer", [Service.SUBMISSION])
    assert isinstance(await sign_in(arrive(desk), mechanism, secret), SignInFailed)
    assert await sign_in(arrive(desk, Service.SUBMISSION), mechanism, secret) == ME


async def test_it_is_another_accounts_neither_in_the_clear_nor_hashed(desk: Desk) -> None:
    _, secret = await desk.identities.credentials.add_app_password("pat", "phone", [Service.IMAP])
    for mechanism in MECHANISMS:
        assert isinstance(await sign_in(arrive(desk), mechanism, secret), SignInFailed)


async def test_removed_it_is_gone_at_once(desk: Desk) -> None:
    apps = desk.identities.credentials.app_passwords
    app, secret = await desk.identities.credentials.add_app_password("mox", "phone", [Service.IMAP])
    assert await sign_in(arrive(desk), Mechanism.PLAIN, secret) == ME
    assert not await apps.remove("pat", app.id)
    assert await apps.remove("mox", app.id)
    assert not await apps.remove("mox", app.id)
    assert isinstance(await sign_in(arrive(desk), Mechanism.PLAIN, secret), SignInFailed)


async def test_its_use_is_seen(desk: Desk) -> None:
    credentials = desk.identities.credentials
    app, secret = await credentials.add_app_password("mox", "phone", [Service.IMAP])
    assert credentials.app_passwords.of("mox") == [app]
    await sign_in(arrive(desk), Mechanism.SCRAM_SHA_1, secret)
    await desk.identities.attempts.settle()
    (seen,) = credentials.app_passwords.of("mox")
    assert seen.last_used_at == desk.clock.now().replace(microsecond=0)
    (attempt,) = desk.identities.attempts.recent("mox")
    assert (attempt.attempt.app_password, attempt.attempt.mechanism) == ("phone", "SCRAM-SHA-1")


@pytest.mark.parametrize(("name", "services"), [("", [Service.IMAP]), ("a\n", [Service.IMAP]), ("phone", [])])
async def test_refuses_what_is_no_name_or_for_nothing(desk: Desk, name: str, services: list[Service]) -> None:
    with pytest.raises(PasswordInvalidError):
        await desk.identities.credentials.add_app_password("mox", name, services)
