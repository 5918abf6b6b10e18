"""Signing in with every mechanism; an unknown user and a wrong password look the same."""

import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mox.accounts import (
    Credentials,
    PasswordInvalidError,
    SignedIn,
    SignIn,
    SignInFailed,
    hash_password,
    prepare_password,
)
from moxkit.sasl import Challenge, FailureKind, Mechanism, SaslError, client_exchange
from moxkit.testing import FakeClock

USER, OTHER, DISABLED, NOBODY = "mox@mox.example", "other@mox.example", "off@mox.example", "no@mox.example"
PASSWORD = "correct horse äöü"
BINDING = ("tls-exporter", b"\x01" * 32)
MECHANISMS = [m for m in Mechanism if m is not Mechanism.EXTERNAL]


class Addresses:
    """Whose addresses these are."""

    def account_for_login(self, address: str) -> str | None:
        return {USER: "mox", OTHER: "nopassword", DISABLED: "off"}.get(address)

    def login_disabled(self, account: str) -> str:
        return "closed for holidays" if account == "off" else ""


class Watched(Credentials):
    """Credentials that count how often they hash."""

    hashed = 0

    def _verify(self, stored: str | None, prepared: str) -> bool:
        self.hashed += 1
        return super()._verify(stored, prepared)


@pytest.fixture
async def credentials(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> AsyncIterator[Watched]:
    credentials = Watched(directory=tmp_path, clock=clock, pool=pool, enables_cram_md5=lambda: True)
    yield credentials
    await credentials.close()


@pytest.fixture
async def sign_in(credentials: Credentials) -> SignIn:
    for account in ("mox", "off"):
        await credentials.set_password(account, PASSWORD)
    return SignIn(
        credentials=credentials,
        addresses=Addresses(),
        hostname="mail.mox.example",
        enables_cram_md5=lambda: True,
    )


async def exchange(
    sign_in: SignIn, mechanism: Mechanism, username: str, password: str
) -> tuple[SignedIn | SignInFailed, list[int]]:
    """Run a whole exchange; return its end, and how long each challenge was."""
    bindings = dict([BINDING])
    server = sign_in.begin(mechanism, channel_binding=bindings.get, offers_plus=mechanism.is_plus)
    assert server is not None
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
async def test_signs_in(sign_in: SignIn, mechanism: Mechanism) -> None:
    assert (await exchange(sign_in, mechanism, USER, PASSWORD))[0] == SignedIn("mox", USER)


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_unknown_users_and_wrong_passwords_look_the_same(sign_in: SignIn, mechanism: Mechanism) -> None:
    seen = []
    for username, password in (
        (USER, "wrong password"),
        (NOBODY, PASSWORD),
        (OTHER, PASSWORD),
        (DISABLED, "wrong password"),
    ):
        end, challenges = await exchange(sign_in, mechanism, username, password)
        assert isinstance(end, SignInFailed)
        assert end.username == username
        last = None if end.last_challenge is None else len(end.last_challenge)
        # Nonces may differ by some octets in length.
        seen.append((end.kind, end.text, end.is_disabled, last, [n // 40 for n in challenges]))
    assert seen[0][0] is FailureKind.CREDENTIALS
    assert all(each == seen[0] for each in seen), seen


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_a_disabled_account_learns_why_only_with_the_right_password(
    sign_in: SignIn, mechanism: Mechanism
) -> None:
    end, _ = await exchange(sign_in, mechanism, DISABLED, PASSWORD)
    assert isinstance(end, SignInFailed)
    assert (end.kind, end.text, end.is_disabled) == (FailureKind.AUTHORIZATION, "closed for holidays", True)


async def test_a_name_alone_signs_nobody_in(sign_in: SignIn) -> None:
    for name in ("EXTERNAL", "external"):
        assert sign_in.begin(name, channel_binding=lambda _: None, offers_plus=False) is None


async def test_an_unknown_mechanism_is_none(sign_in: SignIn) -> None:
    assert sign_in.begin("GSSAPI", channel_binding=lambda _: None, offers_plus=False) is None


@pytest.mark.parametrize("username", [NOBODY, OTHER, USER])
async def test_a_hash_is_computed_whoever_asks(sign_in: SignIn, credentials: Watched, username: str) -> None:
    for password in ("wrong password", "x" * 5000, "", "\x00"):
        assert isinstance(await sign_in.password(username, password), SignInFailed)
    assert credentials.hashed == 4


async def test_passwords_in_the_clear(sign_in: SignIn) -> None:
    assert await sign_in.password(USER, PASSWORD) == SignedIn("mox", USER)
    # RFC 8265 §4.2: the same text in another form is the same password.
    assert await sign_in.password(USER, "correct horse a\u0308o\u0308u\u0308") == SignedIn("mox", USER)
    assert await sign_in.password("mo\u0078@mox.example", PASSWORD) == SignedIn("mox", USER)


async def test_a_new_password_ends_the_old_one_at_once(sign_in: SignIn, credentials: Credentials) -> None:
    assert isinstance(await sign_in.password(USER, PASSWORD), SignedIn)
    await credentials.set_password("mox", "another password")
    assert isinstance(await sign_in.password(USER, PASSWORD), SignInFailed)
    assert isinstance(await sign_in.password(USER, "another password"), SignedIn)


async def test_a_right_password_is_remembered_for_a_while(
    sign_in: SignIn, credentials: Watched, clock: FakeClock
) -> None:
    for _ in range(3):
        assert isinstance(await sign_in.password(USER, PASSWORD), SignedIn)
    assert credentials.hashed == 1
    clock.jump(301)
    assert isinstance(await sign_in.password(USER, PASSWORD), SignedIn)
    assert credentials.hashed == 2
    # The same password is not another account's.
    assert isinstance(await sign_in.password(OTHER, PASSWORD), SignInFailed)


async def test_a_new_password_keeps_every_mechanism_working(
    sign_in: SignIn, credentials: Credentials
) -> None:
    await credentials.set_password("mox", "another password")
    for mechanism in MECHANISMS:
        assert (await exchange(sign_in, mechanism, USER, "another password"))[0] == SignedIn("mox", USER)
        assert isinstance((await exchange(sign_in, mechanism, USER, PASSWORD))[0], SignInFailed)


async def test_passwords_are_neither_logged_nor_shown(
    sign_in: SignIn, credentials: Credentials, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET)
    secret = "zebra crossing"
    await credentials.set_password("mox", secret)
    for mechanism in MECHANISMS:
        for password in (secret, "zebra wrong"):
            end, _ = await exchange(sign_in, mechanism, USER, password)
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
    sign_in: SignIn, credentials: Credentials, tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor
) -> None:
    fake = credentials.scram_verifier(None, NOBODY, "sha256")
    again = Credentials(directory=tmp_path, clock=clock, pool=pool, enables_cram_md5=lambda: False)
    assert again.has_password("mox")
    assert await again.check_password("mox", PASSWORD)
    # Else a restart would tell who exists.
    assert again.scram_verifier(None, NOBODY, "sha256") == fake
    await again.close()


async def test_cram_md5_is_kept_only_where_it_is_enabled(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor
) -> None:
    credentials = Credentials(directory=tmp_path, clock=clock, pool=pool, enables_cram_md5=lambda: False)
    await credentials.set_password("mox", PASSWORD)
    assert credentials._reader.row("SELECT cram_md5_inner, cram_md5_outer FROM credential") == (None, None)
    await credentials.close()


@pytest.mark.parametrize(
    ("is_tls", "allows_plaintext", "bindings", "offered"),
    [
        (False, False, [], "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5"),
        (False, True, [], "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN"),
        (True, False, [], "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN"),
        (
            True,
            False,
            ["tls-exporter"],
            "SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN",
        ),
    ],
)
async def test_offers_what_the_connection_allows(
    sign_in: SignIn, is_tls: bool, allows_plaintext: bool, bindings: list[str], offered: str
) -> None:
    found = sign_in.mechanisms(is_tls=is_tls, allows_plaintext=allows_plaintext, bindings=bindings)
    assert set(found) == set(offered.split())
