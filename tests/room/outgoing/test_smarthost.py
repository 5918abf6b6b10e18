"""Smarthosts: TLS and its verification, signing in to our own server, and what stands in the way."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from kit.smtpclient.mailhost import STRANGER, Server, running
from kit.smtpclient.scripted import ScriptedServer
from mox.app import ADDRESS, PASSWORD
from mox.config import Transport, TransportAuth, TransportSMTP
from mox.outgoing.smarthost import _Limit as TransactionLimit
from mox.queue import Delivered, Failed, Retry
from moxkit.smtpclient import Dialer
from moxkit.testing import FakeClock, make_certificate
from room.app.servers import LocalServer, local_server
from room.outgoing.messages import kinds, message
from room.outgoing.places import Places, configured

HOST = "mx.mox.example"


def submission(**settings: object) -> Transport:
    return Transport(submission=TransportSMTP(host=HOST, **settings))  # type: ignore[arg-type]  # passed on


# --- the connection


async def test_submission_is_verified_starttls(places: Places, content: Path) -> None:
    server = Server(offers=["STARTTLS", "8BITMIME"])
    async with running(server) as dialer:
        deliverer = places.routed(dialer, lambda: configured(submission(port=dialer.port)))
        for _ in range(2):
            assert kinds(await deliverer.deliver(message(has_8bit=True), content)) == [(Delivered, "2.0.0")]
        await deliverer.close()
    assert (server.is_tls, server.commands.count("QUIT")) == ([True, True], 1)


async def test_submissions_is_tls_at_once(places: Places, content: Path) -> None:
    server = Server(is_immediate=True)
    async with running(server) as dialer:
        transport = Transport(submissions=TransportSMTP(host=HOST, port=dialer.port))
        deliverer = places.routed(dialer, lambda: configured(transport))
        assert kinds(await deliverer.deliver(message(), content)) == [(Delivered, "2.0.0")]
        await deliverer.close()
    assert server.is_tls == [True]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (Retry, "4.7.5")),
        ({"starttls_insecure_skip_verify": True}, (Delivered, "2.0.0")),
        ({"no_starttls": True}, (Delivered, "2.0.0")),
    ],
)
async def test_a_bad_certificate(
    places: Places, content: Path, settings: dict[str, object], expected: tuple[type, str]
) -> None:
    server = Server(certificate=make_certificate(HOST, issuer=STRANGER))
    async with running(server) as dialer:
        transport = submission(port=dialer.port, **settings)
        deliverer = places.routed(dialer, lambda: configured(transport))
        assert kinds(await deliverer.deliver(message(), content)) == [expected]
        await deliverer.close()
    assert server.is_tls == ([] if expected[0] is Retry else ["no_starttls" not in settings])


async def test_without_starttls_nothing_is_sent(places: Places, content: Path) -> None:
    server = Server(offers=[])
    async with running(server) as dialer:
        deliverer = places.routed(dialer, lambda: configured(submission(port=dialer.port)))
        assert kinds(await deliverer.deliver(message(), content)) == [(Retry, "4.7.5")]
    assert server.taken == []


async def test_an_address_instead_of_a_name(places: Places, content: Path) -> None:
    server = Server()
    async with running(server) as dialer:
        transport = Transport(smtp=TransportSMTP(host="127.0.0.1", port=dialer.port, no_starttls=True))
        deliverer = places.routed(dialer, lambda: configured(transport))
        assert kinds(await deliverer.deliver(message(), content)) == [(Delivered, "2.0.0")]
        await deliverer.close()


@pytest.mark.parametrize("how", ["starttls_insecure_skip_verify", "no_starttls"])
async def test_requiretls_needs_a_server_that_proves_who_it_is(
    places: Places, content: Path, how: str
) -> None:
    """RFC 8689 §4.2.1."""
    server = Server(offers=["STARTTLS", "REQUIRETLS"])
    async with running(server) as dialer:
        transport = submission(port=dialer.port, **{how: True})
        deliverer = places.routed(dialer, lambda: configured(transport))
        [result] = (await deliverer.deliver(message(require_tls=True), content)).values()
        assert (type(result), result.code, result.enhanced) == (Failed, 554, "5.7.30")
        verifying = places.routed(dialer, lambda: configured(submission(port=dialer.port)))
        assert kinds(await verifying.deliver(message(require_tls=True), content)) == [(Delivered, "2.0.0")]
        await verifying.close()
    assert any(command.endswith(" REQUIRETLS") for command in server.commands)


@pytest.mark.parametrize(
    ("offers", "sent", "enhanced"),
    [
        (["STARTTLS"], message(has_8bit=True), "5.6.3"),
        (["STARTTLS"], message(smtputf8=True), "5.6.7"),
        (["STARTTLS", "SIZE 10"], message(), "5.3.4"),
    ],
)
async def test_what_a_smarthost_cannot_take_comes_back(
    places: Places, content: Path, offers: list[str], sent: object, enhanced: str
) -> None:
    async with running(Server(offers=offers)) as dialer:
        deliverer = places.routed(dialer, lambda: configured(submission(port=dialer.port)))
        assert kinds(await deliverer.deliver(sent, content)) == [(Failed, enhanced)]  # type: ignore[arg-type]  # a message
        await deliverer.close()


@pytest.mark.parametrize(
    ("host", "enhanced"), [("nowhere.example", "4.4.3"), ("mx2.mox.example", "4.4.1"), ("a b", "4.3.5")]
)
async def test_a_smarthost_that_is_not_there(places: Places, content: Path, host: str, enhanced: str) -> None:
    async with running(Server()) as dialer:
        transport = Transport(submission=TransportSMTP(host=host, port=dialer.port))
        deliverer = places.routed(dialer, lambda: configured(transport))
        assert kinds(await deliverer.deliver(message(), content)) == [(Retry, enhanced)]


async def test_a_connection_that_was_closed_meanwhile_costs_no_attempt(places: Places, content: Path) -> None:
    server = Server(says_at_second_mail=b"421 4.4.2 idle\r\n")
    async with running(server) as dialer:
        deliverer = places.routed(dialer, lambda: configured(submission(port=dialer.port)))
        for _ in range(2):
            assert kinds(await deliverer.deliver(message(), content)) == [(Delivered, "2.0.0")]
        await deliverer.close()
    assert len(server.taken) == 2


async def test_a_smarthost_is_not_overrun(places: Places, content: Path) -> None:
    server = Server()
    async with running(server) as dialer:
        deliverer = places.routed(dialer, lambda: configured(submission(port=dialer.port)))
        results = await asyncio.gather(
            *(deliverer.deliver(message(id_=number), content) for number in range(100))
        )
        assert {kinds(each)[0] for each in results} == {(Delivered, "2.0.0")}
        await deliverer.close()
    assert (len(server.taken), server.commands.count("QUIT")) == (100, 20)


async def test_a_smarthost_that_hangs_up(places: Places, content: Path) -> None:
    async with running(Server(hangs_up_at="MAIL")) as dialer:
        deliverer = places.routed(dialer, lambda: configured(submission(port=dialer.port)))
        assert kinds(await deliverer.deliver(message(), content)) == [(Retry, "4.4.2")]
        await deliverer.close()


async def test_a_file_that_cannot_be_read(places: Places, tmp_path: Path) -> None:
    server = Server()
    async with running(server) as dialer:
        deliverer = places.routed(dialer, lambda: configured(submission(port=dialer.port)))
        assert kinds(await deliverer.deliver(message(), tmp_path / "gone")) == [(Retry, "4.3.0")]
        await deliverer.close()
    assert server.taken == []


async def test_a_transaction_has_its_time_and_its_end_another() -> None:
    """RFC 5321 §4.5.3.2.6: whoever gives up on the last reply delivers twice."""
    limit, now = TransactionLimit(2 << 20), asyncio.get_running_loop().time
    async with limit.timeout:
        before = limit.timeout.when()
        pieces = limit.pace(iter([b"x"]))
        assert next(pieces) == b"x"
        begun = limit.timeout.when()
        assert list(pieces) == []
        ended = limit.timeout.when()
    for when, seconds in ((before, 62), (begun, 62), (ended, 600)):
        assert when is not None
        assert seconds - 1 < when - now() <= seconds


# --- signing in, to our own server


def trusting(dialer: Dialer, directory: Path) -> Dialer:
    return replace(dialer, roots=x509.load_pem_x509_certificates((directory / "localhost.crt").read_bytes()))


async def submit(
    places: Places,
    content: Path,
    local: LocalServer,
    directory: Path,
    *mechanisms: str,
    password: str = PASSWORD,
    service: str = "submissions",
) -> list[tuple[type, str]]:
    port = {"submissions": 465, "submission": 587}[service] + local.offset
    auth = TransportAuth(username=ADDRESS, password=password, mechanisms=mechanisms)
    settings = TransportSMTP(host="localhost", port=port, auth=auth)
    transport = Transport(**{service: settings})  # type: ignore[arg-type]  # one of its methods
    async with running(Server()) as dialer:
        deliverer = places.routed(
            trusting(dialer, directory), lambda: configured(transport), "localhost A 127.0.0.1"
        )
        found = await deliverer.deliver(message("mox@localhost", sender=ADDRESS), content)
        await deliverer.close()
    return kinds(found)


@pytest.fixture
def content(tmp_path: Path) -> Path:
    path = tmp_path / "submitted"
    path.write_bytes(f"From: <{ADDRESS}>\r\nSubject: x\r\n\r\nhello\r\n".encode())
    return path


async def test_our_own_server_believes_us(
    places: Places, content: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "local"
    caplog.set_level(logging.DEBUG)
    async with local_server(directory, FakeClock()) as local:
        places.clock = FakeClock(places.clock.now())
        for mechanisms in ((), ("SCRAM-SHA-256",), ("SCRAM-SHA-1-PLUS",), ("PLAIN",), ("plain",)):
            for service in ("submissions", "submission"):
                found = await submit(places, content, local, directory, *mechanisms, service=service)
                assert [kind for kind, _ in found] == [Delivered], (mechanisms, service, caplog.text)
        assert len(await asyncio.wait_for(local.inbox(10), 20)) == 10
    assert PASSWORD not in caplog.text


async def test_refused_credentials_are_a_matter_for_whoever_configured_them(
    places: Places, content: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "local"
    async with local_server(directory, FakeClock()) as local:
        for mechanism in ("SCRAM-SHA-256-PLUS", "PLAIN"):
            found = await submit(places, content, local, directory, mechanism, password="hunter2-wrong")
            assert found == [(Retry, "4.7.8")]
    told = [record for record in caplog.records if record.message == "signing in to a smarthost failed"]
    assert [(record.levelname, record.__dict__["transport"]) for record in told] == [("ERROR", "way")] * 2
    assert "hunter2" not in caplog.text + "".join(str(record.__dict__) for record in told)


@pytest.mark.parametrize("offered", ["PLAIN LOGIN", ""])
async def test_the_password_is_shown_to_nobody_by_itself(places: Places, content: Path, offered: str) -> None:
    server = ScriptedServer()
    port = await server.start(
        "220 hi\n", [("\r\n", f"250-mx\n250 AUTH {offered}\n"), ("QUIT\r\n", "221 bye\n")]
    )
    auth = TransportAuth(username="u", password="p")
    settings = TransportSMTP(host="127.0.0.1", port=port, no_starttls=True, auth=auth)
    async with running(Server()) as dialer:
        deliverer = places.routed(dialer, lambda: configured(Transport(smtp=settings)))
        [result] = (await deliverer.deliver(message(), content)).values()
    await server.close()
    assert (type(result), result.enhanced) == (Failed, "5.7.4")
    assert (offered.replace(" ", ", ") or "no way to sign in") in result.text
    assert [each[:4] for each in server.heard] == [b"EHLO", b"QUIT"]


async def test_a_mechanism_that_is_none(places: Places, content: Path) -> None:
    auth = TransportAuth(username="u", password="p", mechanisms=("TELEPATHY",))
    transport = submission(auth=auth)
    async with running(Server()) as dialer:
        deliverer = places.routed(dialer, lambda: configured(transport))
        assert kinds(await deliverer.deliver(message(), content)) == [(Retry, "4.3.5")]
