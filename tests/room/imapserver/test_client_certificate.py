"""Our own client with a certificate: PREAUTH, EXTERNAL, starting over (RFC 4422 A, RFC 8437 §4.2)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from moxkit.imap import Select
from moxkit.imapclient import ImapClient, ImapError
from moxkit.net import ImplicitTLS, TLSContext, client_context
from moxkit.sasl import Mechanism, client_exchange
from moxkit.testing import make_certificate
from room.imapserver.serving import OTHER, PASSWORD, USER, ImapHouse

DEVICE = make_certificate("device", "p256", client=True)


def context() -> TLSContext:
    return client_context([DEVICE])


async def know(house: ImapHouse, *, no_imap_preauth: bool = False) -> None:
    await house.identities.keys.add(address=USER, pem=DEVICE[0].decode(), no_imap_preauth=no_imap_preauth)


@asynccontextmanager
async def connected(house: ImapHouse) -> AsyncIterator[ImapClient]:
    house.is_imaps = True
    await house.listen()
    tls = ImplicitTLS(context(), "mx.example")
    async with await ImapClient.connect("127.0.0.1", house.port, tls=tls) as client:
        yield client


async def external(client: ImapClient, authzid: str = "") -> None:
    await client.authenticate(
        Mechanism.EXTERNAL, client_exchange(Mechanism.EXTERNAL, username="", password="", authzid=authzid)
    )


async def test_known_key_is_greeted_with_preauth(house: ImapHouse) -> None:
    await know(house)
    async with connected(house) as client:
        assert client.is_authenticated
        assert "COMPRESS=DEFLATE" in client.capabilities
        await client.run(Select("Inbox"))
        with pytest.raises(ImapError):
            await client.login(USER, PASSWORD)


async def test_after_preauth_one_can_start_over(house: ImapHouse) -> None:
    await know(house)
    async with connected(house) as client:
        await client.unauthenticate()
        assert "AUTH=EXTERNAL" in client.capabilities
        await external(client, USER)
        await client.run(Select("Inbox"))
        await client.unauthenticate()
        # The key is of one account alone.
        with pytest.raises(ImapError):
            await external(client, OTHER)


async def test_external_for_a_key_that_is_not_greeted_so(house: ImapHouse) -> None:
    await know(house, no_imap_preauth=True)
    async with connected(house) as client:
        assert not client.is_authenticated
        await external(client)
        await client.run(Select("Inbox"))


async def test_external_after_starttls(house: ImapHouse) -> None:
    await know(house)
    house.uses_tls = True
    await house.listen()
    async with await ImapClient.connect("127.0.0.1", house.port) as client:
        assert "AUTH=EXTERNAL" not in client.capabilities
        await client.start_tls(context(), hostname="mx.example")
        # There is no greeting after STARTTLS that could say PREAUTH.
        assert not client.is_authenticated
        await external(client, USER)
        await client.compress()
        await client.run(Select("Inbox"))


async def test_without_a_certificate_there_is_no_external(house: ImapHouse) -> None:
    await know(house)
    house.is_imaps = True
    await house.listen()
    tls = ImplicitTLS(client_context(), "mx.example")
    async with await ImapClient.connect("127.0.0.1", house.port, tls=tls) as client:
        assert "AUTH=EXTERNAL" not in client.capabilities
        with pytest.raises(ImapError, match="AUTHENTICATIONFAILED"):
            await external(client, USER)


async def test_unknown_key_ends_the_handshake(house: ImapHouse) -> None:
    with pytest.raises(ConnectionError):
        async with connected(house):
            pass
