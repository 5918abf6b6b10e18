"""Signing in: which mechanism, and that nothing tells the password."""

import base64
from collections.abc import AsyncIterator

import pytest

from kit.smtpclient.scripted import ScriptedServer
from moxkit.sasl import Mechanism, client_exchange
from moxkit.smtpclient import Credentials, NoMechanismError, SmtpError, sign_in
from moxkit.smtpclient.signin import _binding as bound_to

OFFER = ("\r\n", "250-mx.example\n250 AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256-PLUS\n")

STRONG = Credentials("u", "p").mechanisms


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    await server.close()


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        (Credentials("u", "p").mechanisms, b"AUTH SCRAM-SHA-1 "),
        # The order is the caller's; -PLUS needs a channel to bind to.
        ((Mechanism.SCRAM_SHA_256_PLUS, Mechanism.PLAIN, Mechanism.CRAM_MD5), b"AUTH PLAIN "),
        ((Mechanism.CRAM_MD5, Mechanism.PLAIN), b"AUTH CRAM-MD5\r\n"),
    ],
)
async def test_the_first_that_both_can_do(
    server: ScriptedServer, allowed: tuple[Mechanism, ...], said: bytes
) -> None:
    client = await server.client(OFFER, ("\r\n", "535 5.7.8 no\n"))
    with pytest.raises(SmtpError, match="AUTH: 535"):
        await sign_in(client, Credentials("u", "p", allowed))
    assert server.heard[1].startswith(said)


async def test_by_default_no_server_gets_the_password(server: ScriptedServer) -> None:
    client = await server.client(("\r\n", "250-mx.example\n250 AUTH PLAIN LOGIN EXTERNAL\n"))
    with pytest.raises(NoMechanismError, match="PLAIN, LOGIN, EXTERNAL"):
        await sign_in(client, Credentials("u", "p"))
    assert len(server.heard) == 1


async def test_a_server_without_auth(server: ScriptedServer) -> None:
    client = await server.client(("\r\n", "250 mx.example\n"))
    with pytest.raises(NoMechanismError, match="no way to sign in"):
        await sign_in(client, Credentials("u", "p"))


async def test_without_tls_scram_says_that_it_cannot_bind(server: ScriptedServer) -> None:
    """RFC 5802 §6: the n flag."""
    client = await server.client(OFFER, ("\r\n", "535 5.7.8 no\n"))
    with pytest.raises(SmtpError):
        await sign_in(client, Credentials("u", "p"))
    assert base64.b64decode(server.heard[1].split()[2]).startswith(b"n,,n=u,r=")


def test_credentials_do_not_show_the_password() -> None:
    assert "hunter2" not in repr(Credentials("u", "hunter2"))


@pytest.mark.parametrize(
    ("mechanism", "allowed", "offered", "flag"),
    [
        # RFC 5802 §6: p with -PLUS; y if it was not offered; n if it was, or is not wanted.
        (Mechanism.SCRAM_SHA_256_PLUS, STRONG, ["SCRAM-SHA-256-PLUS"], "p=tls-exporter"),
        (Mechanism.SCRAM_SHA_256, STRONG, ["SCRAM-SHA-256"], "y"),
        (Mechanism.SCRAM_SHA_256, STRONG, ["SCRAM-SHA-256", "SCRAM-SHA-1-PLUS"], "n"),
        (Mechanism.SCRAM_SHA_256, (Mechanism.SCRAM_SHA_256,), ["SCRAM-SHA-256"], "n"),
    ],
)
def test_what_the_server_is_told_of_the_channel(
    mechanism: Mechanism, allowed: tuple[Mechanism, ...], offered: list[str], flag: str
) -> None:
    binding = bound_to(mechanism, allowed, offered, {"tls-exporter": b"x" * 32})
    exchange = client_exchange(mechanism, username="u", password="p", binding=binding)
    assert (exchange.start() or b"").decode().startswith(f"{flag},,n=u,")
