"""Signing in with every mechanism; an unknown user and a wrong password look the same."""

import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mox.accounts import (
    Credentials,
    Identities,
    PasswordInvalidError,
    Service,
    ServiceDesk,
    SignedIn,
    SignInFailed,
    Visit,
    hash_password,
    prepare_password,
)
from moxkit.net import TLSInfo
from moxkit.sasl import Challenge, FailureKind, Mechanism, SaslError, client_exchange
from moxkit.testing import FakeClock

USER, OTHER, DISABLED, NOBODY = "mox@mox.example", "other@mox.example", "off@mox.example", "no@mox.example"
PASSWORD = "correct horse äöü"
BINDING = ("tls-exporter", b"\x01" * 32)
TLS_INFO = TLSInfo("TLSv1.3", "TLS_AES_256_GCM_SHA384", None, "", False, None, None)
MECHANISMS = [m for m in Mechanism if m is not Mechanism.EXTERNAL]


class Addresses:
    """Whose addresses these are."""

    def account_for_login(self, address: str) -> str | None:
        return {USER: "mox", OTHER: "nopassword", DISABLED: "off"}.get(address)

    def login_disabled(self, account: str) -> str:
        return "closed for holidays" if account == "off" else ""


class Watched:
    """Counts how often a password is hashed to be compared."""

    def __init__(self, credentials: Credentials) -> None:
        self.hashed = 0
        self._verify = credentials._verify
        credentials._verify = self.verify  # type: ignore[method-assign] # to count

    def verify(self, stored: str | None, prepared: str) -> bool:
        self.hashed += 1
        return self._verify(stored, prepared)


def make(directory: Path, clock: FakeClock, pool: ThreadPoolExecutor, *, cram_md5: bool = True) -> Identities:
    return Identities(
        directory=directory,
        clock=clock,
        pool=pool,
        addresses=Addresses(),
        hostname="mail.mox.example",
        enables_cram_md5=lambda: cram_md5,
    )


@pytest.fixture
async def identities(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> AsyncIterator[Identities]:
    identities = make(tmp_path, clock, pool)
    yield identities
    await identities.close()


@pytest.fixture
def credentials(identities: Identities) -> Credentials:
    return identities.credentials


@pytest.fixture
async def visit(identities: Identities, clock: FakeClock) -> Visit:
    """Return a connection with TLS, at the desk of a server where two accounts have a password."""
    for account in ("mox", "off"):
        await identities.credentials.set_password(account, PASSWORD)
    visit = ServiceDesk(desk=identities.sign_in, service=Service.IMAP, clock=clock).visit(
        remote_ip="192.0.2.1", local_ip="192.0.2.25", allows_plaintext=False
    )
    assert visit.meet(TLS_INFO, dict([BINDING]).get) is None
    return visit


async def exchange(
    visit: Visit, mechanism: Mechanism, username: str, password: str
) -> tuple[SignedIn | SignInFailed, list[int]]:
    """Run a whole exchange; return its end, and how long each challenge was."""
    server = visit.begin(mechanism)
    assert server is not None
    # Guessing is slow; not here.
    visit.failures = 0
    client = client_exchange(
        mechanism,
        username=username,
        password=prepare_password(password),
        binding=BINDING if mechanism.is_plus else None,
    )
    step = await server.respond(client.start())
    lengths = []
    while isinstance(step, Challenge):
        lengths.append(len(step.octets))
        try:
            answer = client.respond(step.octets)
        except SaslError:
            answer = b""
        step = await server.respond(answer)
    return step, lengths


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_signs_in(visit: Visit, mechanism: Mechanism) -> None:
    assert (await exchange(visit, mechanism, USER, PASSWORD))[0] == SignedIn("mox", USER)


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_unknown_users_and_wrong_passwords_look_the_same(visit: Visit, mechanism: Mechanism) -> None:
    seen = []
    for username, password in (
        (USER, "wrong password"),
        (NOBODY, PASSWORD),
        (OTHER, PASSWORD),
        (DISABLED, "wrong password"),
    ):
        end, challenges = await exchange(visit, mechanism, username, password)
        assert isinstance(end, SignInFailed)
        assert end.username == username
        last = None if end.last_challenge is None else len(end.last_challenge)
        # Nonces may differ by some octets in length.
        seen.append((end.kind, end.text, end.is_disabled, last, [n // 40 for n in challenges]))
    assert seen[0][0] is FailureKind.CREDENTIALS
    assert all(each == seen[0] for each in seen), seen


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_a_disabled_account_learns_why_only_with_the_right_password(
    visit: Visit, mechanism: Mechanism
) -> None:
    end, _ = await exchange(visit, mechanism, DISABLED, PASSWORD)
    assert isinstance(end, SignInFailed)
    assert (end.kind, end.text, end.is_disabled) == (FailureKind.AUTHORIZATION, "closed for holidays", True)


async def test_a_name_alone_signs_nobody_in(visit: Visit) -> None:
    assert visit.begin("EXTERNAL") is None
    assert visit.begin("external") is None
    assert isinstance(visit.finish_external(USER), SignInFailed)


async def test_an_unknown_mechanism_is_none(visit: Visit) -> None:
    assert visit.begin("GSSAPI") is None


@pytest.mark.parametrize("username", [NOBODY, OTHER, USER])
async def test_a_hash_is_computed_whoever_asks(visit: Visit, credentials: Credentials, username: str) -> None:
    watched = Watched(credentials)
    for password in ("wrong password", "x" * 5000, "", "\x00"):
        assert isinstance(await visit.password(username, password), SignInFailed)
    assert watched.hashed == 4


async def test_passwords_in_the_clear(visit: Visit) -> None:
    assert await visit.password(USER, PASSWORD) == SignedIn("mox", USER)
    # RFC 8265 §4.2: the same text in another form is the same password.
    assert await visit.password(USER, "correct horse a\u0308o\u0308u\u0308") == SignedIn("mox", USER)
    assert await visit.password("mo\u0078@mox.example", PASSWORD) == SignedIn("mox", USER)


async def test_a_new_password_ends_the_old_one_at_once(visit: Visit, credentials: Credentials) -> None:
    assert isinstance(await visit.password(USER, PASSWORD), SignedIn)
    await credentials.set_password("mox", "another password")
    assert isinstance(await visit.password(USER, PASSWORD), SignInFailed)
    assert isinstance(await visit.password(USER, "another password"), SignedIn)


async def test_a_right_password_is_remembered_for_a_while(
    visit: Visit, credentials: Credentials, clock: FakeClock
) -> None:
    watched = Watched(credentials)
    for _ in range(3):
        assert isinstance(await visit.password(USER, PASSWORD), SignedIn)
    assert watched.hashed == 1
    clock.jump(301)
    assert isinstance(await visit.password(USER, PASSWORD), SignedIn)
    assert watched.hashed == 2
    # The same password is not another account's.
    assert isinstance(await visit.password(OTHER, PASSWORD), SignInFailed)


async def test_a_new_password_keeps_every_mechanism_working(visit: Visit, credentials: Credentials) -> None:
    await credentials.set_password("mox", "another password")
    for mechanism in MECHANISMS:
        assert (await exchange(visit, mechanism, USER, "another password"))[0] == SignedIn("mox", USER)
        assert isinstance((await exchange(visit, mechanism, USER, PASSWORD))[0], SignInFailed)


async def test_passwords_are_neither_logged_nor_shown(
    visit: Visit, credentials: Credentials, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET)
    secret = "zebra crossing"
    await credentials.set_password("mox", secret)
    for mechanism in MECHANISMS:
        for password in (secret, "zebra wrong"):
            end, _ = await exchange(visit, mechanism, USER, password)
            assert "zebra" not in repr(end)
    assert "zebra" not in caplog.text
    assert all("zebra" not in str(vars(record)) for record in caplog.records)


@pytest.mark.parametrize("password", ["zebra", "", "zebra \x00 zebra", "zebra" * 300, "zebra zebra \udcff"])
async def test_refuses_passwords_without_showing_them(credentials: Credentials, password: str) -> None:
    with pytest.raises(PasswordInvalidError) as refused:
        await credentials.set_password("mox", password)
    assert "zebra" not in str(refused.value)
    with pytest.raises(PasswordInvalidError):
        hash_password(password)
    assert not credentials.has_password("mox")


async def test_what_was_set_survives_reopening(
    visit: Visit, credentials: Credentials, tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor
) -> None:
    fake = credentials.scram_verifiers(None, NOBODY, "sha256", Service.IMAP)
    again = make(tmp_path, clock, pool)
    assert again.credentials.has_password("mox")
    assert await again.credentials.check_password("mox", PASSWORD, Service.IMAP)
    # Else a restart would tell who exists.
    assert again.credentials.scram_verifiers(None, NOBODY, "sha256", Service.IMAP) == fake
    await again.close()


async def test_cram_md5_is_kept_only_where_it_is_enabled(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor
) -> None:
    identities = make(tmp_path, clock, pool, cram_md5=False)
    await identities.credentials.set_password("mox", PASSWORD)
    row = identities._database.reader.row("SELECT cram_md5_inner, cram_md5_outer FROM credential")
    assert row == (None, None)
    await identities.close()


@pytest.mark.parametrize(
    ("is_tls", "allows_plaintext", "has_binding", "offered"),
    [
        (False, False, False, "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5"),
        (False, True, False, "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN"),
        (True, False, False, "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN"),
        (
            True,
            False,
            True,
            "SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN",
        ),
    ],
)
async def test_offers_what_the_connection_allows(
    identities: Identities, is_tls: bool, allows_plaintext: bool, has_binding: bool, offered: str
) -> None:
    found = identities.sign_in.mechanisms(
        is_tls=is_tls, allows_plaintext=allows_plaintext, has_binding=has_binding, has_certificate=False
    )
    assert set(found) == set(offered.split())
