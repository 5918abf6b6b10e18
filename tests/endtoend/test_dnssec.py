"""Decisions on a real DNSSEC chain: what is validated binds, what is forged or expired postpones.

RFC 4035 §4.3 names the four states; RFC 7672 §2.1.1 and RFC 8461 §2 say what they mean for mail.
"""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio

from endtoend.dnssec import DIGEST, find_programs, serve_internet
from moxkit.dane import Status, find_records
from moxkit.dns import DnsResolver, NotFound, TemporaryFailure, parse_name_server
from moxkit.domain import parse_domain
from moxkit.mtasts import Problem, find_record

pytestmark = pytest.mark.endtoend


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str, str], str]) -> Iterator[str]:
    with serve_internet(tmp_path_factory.mktemp("internet"), find_programs(program)) as internet:
        yield internet.resolver


@pytest_asyncio.fixture
async def resolver(server: str) -> AsyncIterator[DnsResolver]:
    made = DnsResolver(servers=[parse_name_server(server)], attempts=2, timeout_s=5)
    yield made
    made.close()


async def test_secure_answers_are_authentic(resolver: DnsResolver) -> None:
    assert (await resolver.mx("secure.example")).authentic
    assert (await resolver.ips("mx.secure.example")).authentic
    with pytest.raises(NotFound) as missing:
        await resolver.mx("nobody.secure.example")
    assert missing.value.authentic


async def test_insecure_answers_are_answers(resolver: DnsResolver) -> None:
    answer = await resolver.mx("insecure.example")
    assert (answer.records[0].host, answer.authentic) == ("mx.insecure.example", False)
    with pytest.raises(NotFound) as missing:
        await resolver.mx("nobody.insecure.example")
    assert not missing.value.authentic


async def test_alias_into_an_unsigned_zone_is_not_authentic(resolver: DnsResolver) -> None:
    assert not (await resolver.ips("out.secure.example")).authentic
    assert (await resolver.cname("out.secure.example")).authentic


@pytest.mark.parametrize("name", ["_25._tcp.mx.bogus.example", "_25._tcp.mx.expired.example"])
async def test_forged_and_expired_answers_are_failures(resolver: DnsResolver, name: str) -> None:
    with pytest.raises(TemporaryFailure, match="servfail") as failed:
        await resolver.tlsa(name)
    assert failed.value.is_dnssec_failure


@pytest.mark.parametrize(
    ("host", "status", "base"),
    [
        ("mx.secure.example", Status.USABLE, "mx.secure.example"),
        ("alias.secure.example", Status.USABLE, "mx.secure.example"),
        ("out.secure.example", Status.USABLE, "out.secure.example"),
        ("plain.secure.example", Status.NONE, None),
        ("mx.insecure.example", Status.NONE, None),
        ("mx.bogus.example", Status.TEMPERROR, None),
        ("mx.expired.example", Status.TEMPERROR, None),
    ],
)
async def test_dane(resolver: DnsResolver, host: str, status: Status, base: str | None) -> None:
    found = await find_records(resolver, parse_domain(host))
    assert (found.status, None if found.base is None else str(found.base)) == (status, base)
    if status is Status.USABLE:
        assert found.records[0].data.hex() == DIGEST


@pytest.mark.parametrize(
    ("domain", "record", "authentic", "problem"),
    [
        ("secure.example", "original", True, None),
        ("insecure.example", "original", False, None),
        ("plain.secure.example", None, True, Problem.NO_RECORD),
        ("bogus.example", None, False, Problem.DNS),
        ("expired.example", None, False, Problem.DNS),
    ],
)
async def test_mta_sts(
    resolver: DnsResolver, domain: str, record: str | None, authentic: bool, problem: Problem | None
) -> None:
    """A policy needs no DNSSEC, but a forged record is not "no record" (RFC 8461 §10.2)."""
    found = await find_record(resolver, parse_domain(domain))
    assert (None if found.record is None else found.record.id, found.authentic) == (record, authentic)
    assert found.problem is problem
    assert found.is_temporary is (problem is Problem.DNS)


@pytest.mark.parametrize(
    ("host", "status", "says"),
    [
        ("mx.secure.example", 0, "usable"),
        ("mx.insecure.example", 1, "none: the addresses are not signed"),
        ("mx.bogus.example", 2, "temperror: lookup failed"),
        ("mx.expired.example", 2, "extended error"),
    ],
)
def test_command_line(server: str, host: str, status: int, says: str) -> None:
    command = [sys.executable, "-m", "mox", "dane", "lookup", host, "--dns-server", server]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, says in done.stdout) == (status, True), done.stdout + done.stderr
