"""Where mail goes and how secure the way is, by real DNS, certificates and policies.

RFC 5321 §5.1 (MX), RFC 7505 (null MX), RFC 7672 (DANE), RFC 8461 (MTA-STS), RFC 8460 (reports of TLS),
RFC 8689 (REQUIRETLS).
"""

import asyncio
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from endtoend.evidence import notified_of, signatures_of
from endtoend.mailworld import World, mail_world
from endtoend.sendingserver import USER
from mox.outgoing import TlsResults
from mox.runtime import SystemClock
from moxkit.tlsrpt import PolicyResult

pytestmark = pytest.mark.endtoend

LETTER = f"From: Me <{USER}>\r\nSubject: on its way\r\n\r\nhello\r\n".encode()


def first_hop(octets: bytes) -> bytes:
    """Return the topmost Received field: what the Postfix says of the connection."""
    return octets.partition(b"\r\nReceived: ")[2].partition(b"\r\nReceived: ")[0]


def tls_lines(world: World, host: str) -> str:
    lines = world.server.log_tail("tls is not as it should be", lines=1000).splitlines()
    return "\n".join(line for line in lines if f"host={host} " in line)


@pytest.mark.parametrize(
    ("domain", "is_tls", "noted"),
    [
        ("good.insecure", True, ""),
        ("plain.insecure", False, "starttls-not-supported"),
        # Nobody has asked for more than encryption (RFC 7435 §3), but reports want to know.
        ("expired.insecure", True, "certificate-expired"),
        ("wrong.insecure", True, "certificate-host-mismatch"),
        ("self.insecure", True, "certificate-not-trusted"),
        # The handshake fails: another connection, in the clear.
        ("oldtls.insecure", False, "validation-failure"),
        # Signed, without TLSA records.
        ("self.secure", True, "certificate-not-trusted"),
        # Policies that do not bind: in testing mode, not there, not to be had securely.
        ("ststesting.insecure", True, "certificate-not-trusted"),
        ("stsmissing.insecure", False, "starttls-not-supported"),
        ("stsuntrusted.insecure", True, "certificate-not-trusted"),
        # Policies that are met.
        ("stsgood.insecure", True, ""),
        ("stsgood.secure", True, ""),
        ("daneta.secure", True, ""),
        # Good by DANE; that it is not by authorities is only told.
        ("danegood.secure", True, "certificate-not-trusted"),
        # Records that mail has no use for: some TLS is a must (RFC 7672 §2.2).
        ("danepkix.secure", True, "certificate-not-trusted"),
        # TLSA records that nobody signed say nothing (RFC 7672 §2.2.1).
        ("danebad.insecure", True, "certificate-not-trusted"),
    ],
)
async def test_delivers_as_securely_as_both_can(world: World, domain: str, is_tls: bool, noted: str) -> None:
    name = "way-" + domain.replace(".", "-")
    to = f"{name}@{domain}.example"
    world.server.submit(LETTER, [to])
    [attempt] = world.server.wait_until_done(to)["attempts"]
    assert (attempt["result"], attempt["code"]) == ("delivered", 250), attempt
    [octets] = world.arrived(name)
    assert (b"(using TLSv1.3 " in first_hop(octets)) == is_tls, first_hop(octets)
    assert (b"with ESMTPS id" in first_hop(octets)) == is_tls
    lines = tls_lines(world, f"mx.{domain}.example")
    assert (f"result={noted} " in lines) if noted else (not lines)
    assert await signatures_of(octets, world.internet.resolver) == ["pass", "pass"]


@pytest.mark.parametrize(
    ("domain", "why"),
    [
        ("stsexpired.insecure", "certificate-expired"),
        ("stswrong.insecure", "certificate-host-mismatch"),
        ("stsself.insecure", "certificate-not-trusted"),
        ("stsplain.insecure", "starttls-not-supported"),
        ("stsmismatch.insecure", "not a mail host by the MTA-STS policy"),
        ("danebad.secure", "validation-failure"),
        ("daneplain.secure", "starttls-not-supported"),
        # Somebody in between has changed the records: nothing goes there (RFC 7672 §2.1.1).
        ("danebad.bogus", "mx.danebad.bogus.example"),
        ("danegood.expired", "MX records"),
        ("nohost.insecure", "has no address"),
    ],
)
def test_rather_waits_than_goes_an_insecure_way(world: World, domain: str, why: str) -> None:
    name = "wait-" + domain.replace(".", "-")
    to = f"{name}@{domain}.example"
    world.server.submit(LETTER, [to])
    entry = world.server.wait_until_tried(to, timeout_s=40)
    assert why in entry["error"], entry["error"]
    world.server.ask("queuefail", filter={"to": to})
    world.server.wait_until_done(to)
    said = notified_of(world.server, to)
    assert said.diagnostic is None or "host said" not in said.diagnostic.text
    assert world.postfix.mailbox(name) == []


def test_null_mx_takes_no_mail(world: World) -> None:
    to = "null@nomail.insecure.example"
    world.server.submit(LETTER, [to])
    [attempt] = world.server.wait_until_done(to)["attempts"]
    # RFC 7505 §4.2.
    assert (attempt["result"], attempt["code"], attempt["enhanced"]) == ("failed", 556, "5.1.10")
    assert notified_of(world.server, to).status == "5.1.10"


@pytest.mark.parametrize(
    ("domain", "peer"),
    [
        ("alias.insecure.example", b"[127.0.0.1]"),
        ("implicit.insecure.example", b"[127.0.0.1]"),
        # Nobody is at the first host.
        ("second.insecure.example", b"[127.0.0.1]"),
        ("dual.insecure.example", b"[IPv6:::1]"),
    ],
)
def test_finds_the_way(world: World, domain: str, peer: bytes) -> None:
    name = f"way-{domain.partition('.')[0]}"
    world.server.submit(LETTER, [f"{name}@{domain}"])
    [octets] = world.arrived(name)
    assert peer in first_hop(octets)


def test_an_address_literal_is_where_it_says(world: World) -> None:
    to = "literal@[127.1.0.13]"
    world.server.submit(LETTER, [to])
    [attempt] = world.server.wait_until_done(to)["attempts"]
    assert (attempt["result"], attempt["code"]) == ("failed", 554)
    assert "We know you" in attempt["text"]


@pytest.mark.parametrize(
    ("domain", "why"),
    [
        # Verified, but this Postfix does not know REQUIRETLS.
        ("danegood.secure", "REQUIRETLS is not supported by the host"),
        ("stsgood.insecure", "REQUIRETLS is not supported by the host"),
        ("good.insecure", "neither DANE nor an enforced MTA-STS policy"),
        ("ststesting.insecure", "neither DANE nor an enforced MTA-STS policy"),
    ],
)
def test_requiretls_comes_back_rather_than_go_without(world: World, domain: str, why: str) -> None:
    name = "req-" + domain.replace(".", "-")
    to = f"{name}@{domain}.example"
    world.server.submit(LETTER, [to], ("REQUIRETLS",))
    [attempt] = world.server.wait_until_done(to)["attempts"]
    assert attempt["result"] == "failed"
    assert why in attempt["text"]
    # RFC 8689 §7.2.
    assert notified_of(world.server, to).status == "5.7.30"
    assert world.postfix.mailbox(name) == []


def test_tls_required_no_goes_where_policies_would_not_let_it(world: World) -> None:
    """The sender says that arriving matters more (RFC 8689 §5)."""
    to = "tlsrequiredno@danebad.secure.example"
    world.server.submit(b"TLS-Required: No\r\n" + LETTER, [to])
    [attempt] = world.server.wait_until_done(to)["attempts"]
    assert attempt["result"] == "delivered"
    world.arrived("tlsrequiredno")


def test_somebody_decides_that_arriving_matters_more(world: World) -> None:
    """As with a message that says so itself (RFC 8689 §5)."""
    to = "anyhow@danebad.secure.example"
    world.server.submit(LETTER, [to])
    world.server.wait_until_tried(to)
    world.server.ask("queuerequiretls", filter={"to": to}, value="no")
    world.server.try_again(to)
    done = world.server.wait_until_done(to)
    assert [each["result"] for each in done["attempts"]] == ["retry", "delivered"]
    world.arrived("anyhow")


def test_no_dns_for_a_while(tmp_path: Path, program: Callable[[str, str], str]) -> None:
    """Without answers mail waits, what needs none goes on; with answers, so does the rest."""
    with mail_world(tmp_path, program) as own:
        resolver = own.internet.resolver_process
        resolver.send_signal(signal.SIGSTOP)  # It is there, and says nothing.
        own.server.submit(LETTER, ["dark@good.insecure.example", "dark@[127.1.0.13]"])
        assert own.server.wait_until_done("dark@[127.1.0.13]")["attempts"][0]["code"] == 554
        entry = own.server.wait_until_tried("dark@good.insecure.example", timeout_s=60)
        assert "MX records of good.insecure.example" in entry["error"]
        resolver.send_signal(signal.SIGCONT)
        own.server.try_again("dark@good.insecure.example")
        assert own.server.wait_until_done("dark@good.insecure.example")["attempts"][-1]["code"] == 250


def test_smtp_dial_tells_the_same(world: World) -> None:
    """What `mox smtp dial` says of a domain is what a delivery does."""
    https_port = world.https_port
    for domain, status, told in (
        ("danegood.secure.example", 0, b"verification: dane"),
        ("stsgood.insecure.example", 0, b"verification: webpki"),
        ("plain.insecure.example", 0, b"verification: none"),
        ("stsexpired.insecure.example", 1, b"certificate-expired"),
        ("danebad.secure.example", 1, b"validation-failure"),
    ):
        done = subprocess.run(
            [
                *world.server.mox("smtp", "dial", domain, "--port", str(world.smtp_port)),
                *("--dns-server", world.internet.resolver, "--ca-file", str(world.server.roots)),
                *("--https-port", str(https_port)),
            ],
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, told in done.stdout) == (status, True), (domain, done.stdout, done.stderr)


async def test_reports_can_tell_what_tls_came_to(world: World) -> None:
    """Each attempt counts, with its exact reason (RFC 8460 §4.3, §4.4)."""
    expected = {
        ("stsexpired.insecure.example", "sts"): "certificate-expired",
        ("stswrong.insecure.example", "sts"): "certificate-host-mismatch",
        ("stsplain.insecure.example", "sts"): "starttls-not-supported",
        ("mx.danebad.secure.example", "tlsa"): "validation-failure",
        ("stsuntrusted.insecure.example", "sts"): "sts-webpki-invalid",
        ("stsmissing.insecure.example", "sts"): "sts-policy-fetch-error",
        ("stsgood.insecure.example", "sts"): "",
        ("mx.daneta.secure.example", "tlsa"): "",
    }
    for domain, _ in expected:
        world.server.submit(LETTER, [f"report@{domain.removeprefix('mx.')}"])
    found = dict[tuple[str, str], PolicyResult]()
    with ThreadPoolExecutor(1) as pool:
        results = TlsResults(directory=world.server.data, clock=SystemClock(), pool=pool)
        # They are written behind the deliveries.
        for _ in range(100):
            for day in await results.of_day(SystemClock().now().date()):
                found |= {(day.policy_domain, each.policy.type): each for each in day.results}
            if set(expected) <= set(found):
                break
            await asyncio.sleep(0.2)
        await results.close()
    assert set(expected) <= set(found), found
    for key, reason in expected.items():
        types = {each.result_type for each in found[key].failures}
        if reason:
            assert reason in types, (key, found[key])
            assert found[key].failed_sessions, found[key]
        else:
            assert not types, (key, found[key])
            assert (found[key].successful_sessions > 0, found[key].failed_sessions) == (True, 0), found[key]
