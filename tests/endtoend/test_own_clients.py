"""Our own client packages against a started server, with every mechanism, plain and over TLS."""

import asyncio
import json
import subprocess
from datetime import UTC, datetime

import pytest

from endtoend.localserve import PASSWORD, USER, Localserve
from moxkit.imap import (
    BodySection,
    Create,
    ExistsData,
    FetchAttribute,
    OutgoingMessage,
    Search,
    SearchData,
    Section,
    Select,
    TextKey,
)
from moxkit.imapclient import ImapClient, ImapError
from moxkit.net import ImplicitTLS, client_context, system_roots, webpki_verdict
from moxkit.sasl import Mechanism, client_exchange
from moxkit.smtp import MailFrom, parse_path
from moxkit.smtpclient import SmtpClient, SmtpError
from moxkit.testing import make_certificate

CONTENT = b"From: mox@localhost\r\nSubject: own client\r\n\r\n.dots\r\n..more\r\nend\r\n"


def mox(server: Localserve, *words: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(server.mox(*words), input=stdin, capture_output=True, check=True, timeout=60).stdout


async def connect(server: Localserve) -> ImapClient:
    client = await ImapClient.connect("127.0.0.1", server.imap)
    await client.login(USER, PASSWORD)
    return client


@pytest.mark.parametrize(
    "mechanism", [m for m in Mechanism if m not in {Mechanism.EXTERNAL, Mechanism.LOGIN}]
)
async def test_imap_client_signs_in_by(server: Localserve, mechanism: Mechanism) -> None:
    tls = ImplicitTLS(client_context(), "localhost")
    async with await ImapClient.connect("127.0.0.1", server.imaps, tls=tls) as client:
        binding = client.channel_binding("tls-exporter")
        assert binding is not None
        exchange = client_exchange(
            mechanism,
            username=USER,
            password=PASSWORD,
            binding=("tls-exporter", binding) if mechanism.is_plus else None,
        )
        await client.authenticate(mechanism, exchange)
        assert "IDLE" in client.capabilities
        wrong = client_exchange(Mechanism.PLAIN, username=USER, password=PASSWORD)
        with pytest.raises(ImapError):
            await client.authenticate(Mechanism.PLAIN, wrong)


async def test_imap_client_appends_searches_and_fetches(server: Localserve) -> None:
    async with await connect(server) as client:
        await client.run(Create("Own/Größe"))
        await client.append("Own/Größe", OutgoingMessage(CONTENT, ("\\Seen",)), OutgoingMessage(CONTENT))
        answer = await client.run(Select("Own/Größe"))
        assert ExistsData(2) in answer.untagged
        found = await client.run(Search(TextKey("..more")))
        assert SearchData((1, 2)) in found.untagged
        first, second = await client.fetch("1:*", FetchAttribute.FLAGS, BodySection(Section(), peek=True))
        assert first.flags == ("\\Seen", "$NotJunk")
        assert second.contents[0].octets == CONTENT
        with pytest.raises(ImapError, match="NONEXISTENT"):
            await client.run(Select("nothing here"))


async def test_imap_client_hears_news(server: Localserve) -> None:
    async with await connect(server) as client:
        await client.run(Select("INBOX"))
        async with client.idle() as news:
            await asyncio.to_thread(server.deliver, b"Subject: news\r\n\r\nx\r\n")
            assert isinstance(await asyncio.wait_for(anext(news), 10), ExistsData)


@pytest.mark.parametrize("mechanism", [Mechanism.SCRAM_SHA_256_PLUS, Mechanism.LOGIN, Mechanism.CRAM_MD5])
async def test_smtp_client_submits_by(server: Localserve, mechanism: Mechanism) -> None:
    async with await SmtpClient.connect("127.0.0.1", server.submission, ehlo="client.example") as client:
        await client.start_tls(client_context(), hostname="localhost")
        binding = client.channel_binding("tls-exporter")
        assert binding is not None
        exchange = client_exchange(
            mechanism,
            username=USER,
            password=PASSWORD,
            binding=("tls-exporter", binding) if mechanism.is_plus else None,
        )
        await client.authenticate(mechanism, exchange)
        good, bad = parse_path("friend@example.org"), parse_path("rcptto-550@example.org")
        replies = await client.deliver(MailFrom(parse_path(USER)), [good, bad], [CONTENT[:20], CONTENT[20:]])
        assert [reply.code for reply in replies] == [250, 550]
        with pytest.raises(SmtpError, match="MAIL"):
            await client.deliver(MailFrom(parse_path("somebody@else.example")), [good], [CONTENT])


@pytest.mark.parametrize("port", ["submission", "submissions"])
async def test_smtp_client_submits_by_its_certificate(server: Localserve, port: str) -> None:
    """RFC 4422 appendix A: EXTERNAL, over STARTTLS and over TLS from the start."""
    device = make_certificate("smtp device", "p256", client=True)
    added = await asyncio.to_thread(
        mox, server, "config", "tlspubkey", "add", "--json", USER, stdin=device[0]
    )
    context = client_context([device])
    tls = ImplicitTLS(context, "localhost") if port == "submissions" else None
    try:
        async with await SmtpClient.connect(
            "127.0.0.1", getattr(server, port), ehlo="client.example", tls=tls
        ) as client:
            if tls is None:
                await client.start_tls(context, hostname="localhost")
            exchange = client_exchange(Mechanism.EXTERNAL, username="", password="", authzid=USER)
            await client.authenticate(Mechanism.EXTERNAL, exchange)
            content = CONTENT.replace(b"own client", b"by certificate on " + port.encode())
            [reply] = await client.deliver(
                MailFrom(parse_path(USER)), [parse_path("friend@example.org")], [content]
            )
            assert reply.code == 250
    finally:
        fingerprint = json.loads(added)["fingerprint"]
        await asyncio.to_thread(mox, server, "config", "tlspubkey", "rm", fingerprint)
    await asyncio.to_thread(server.wait_for, f"by certificate on {port}")


async def test_certificate_of_a_stranger_is_refused(server: Localserve) -> None:
    verdict = webpki_verdict("localhost", system_roots(), now=lambda: datetime(2026, 11, 23, tzinfo=UTC))
    tls = ImplicitTLS(client_context(), "localhost", verdict)
    with pytest.raises(ConnectionError):
        await ImapClient.connect("127.0.0.1", server.imaps, tls=tls)


async def test_requiretls_goes_all_the_way(server: Localserve) -> None:
    """RFC 8689 §4.1: the demand for TLS is kept from submission to delivery."""
    async with await SmtpClient.connect("127.0.0.1", server.submission, ehlo="client.example") as client:
        await client.start_tls(client_context(), hostname="localhost")
        exchange = client_exchange(Mechanism.PLAIN, username=USER, password=PASSWORD)
        await client.authenticate(Mechanism.PLAIN, exchange)
        content = CONTENT.replace(b"own client", b"tls all the way")
        mail_from = MailFrom(parse_path(USER), requires_tls=True)
        [reply] = await client.deliver(mail_from, [parse_path("safe@example.org")], [content])
        assert reply.code == 250
    await asyncio.to_thread(server.wait_for, "tls all the way")
    async with await connect(server) as reader:
        await reader.run(Select("INBOX"))
        found = await reader.run(Search(TextKey("tls all the way")))
        [result] = [response for response in found.untagged if isinstance(response, SearchData)]
        [message] = await reader.fetch(str(result.numbers[-1]), BodySection(Section(), peek=True))
        octets = message.contents[0].octets or b""
        assert b"with ESMTPS\r\n (requiretls)" in octets
        assert b"with ESMTPSA\r\n (requiretls)" in octets
