"""Whether a list works: its test entries (RFC 5782 §5)."""

import pytest

from moxkit.dnsbl import Health, HealthStatus, check_health
from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver

ZONE = parse_domain("bl.example.net")
LISTED = "2.0.0.127.bl.example.net A 127.0.0.2"
UNLISTED = "1.0.0.127.bl.example.net A 127.0.0.2"
LISTED_IP6 = f"2.0.0.0.0.0.f.7.f.f.f.f.{'0.' * 20}bl.example.net A 127.0.0.2"
UNLISTED_IP6 = f"1.0.0.0.0.0.f.7.f.f.f.f.{'0.' * 20}bl.example.net A 127.0.0.2"

CASES = [
    ((LISTED,), Health(HealthStatus.HEALTHY, authentic=True)),
    ((LISTED, LISTED_IP6), Health(HealthStatus.HEALTHY, serves_ip6=True, authentic=True)),
    ((LISTED, LISTED_IP6, UNLISTED_IP6), Health(HealthStatus.HEALTHY, authentic=True)),
    ((), Health(HealthStatus.UNHEALTHY, "127.0.0.2 is not listed", authentic=True)),
    ((LISTED_IP6,), Health(HealthStatus.UNHEALTHY, "127.0.0.2 is not listed", authentic=True)),
    ((LISTED, UNLISTED), Health(HealthStatus.UNHEALTHY, "127.0.0.1 is listed", authentic=True)),
    (
        ("2.0.0.127.bl.example.net A 127.255.255.254",),
        Health(HealthStatus.TEMPERROR, "the list refuses to answer us (127.255.255.254)", authentic=True),
    ),
    (
        ("2.0.0.127.bl.example.net A 198.51.100.1",),
        Health(HealthStatus.TEMPERROR, "the answer is not one of a list (198.51.100.1)", authentic=True),
    ),
]


@pytest.mark.parametrize(("lines", "health"), CASES)
async def test_health(lines: tuple[str, ...], health: Health) -> None:
    assert await check_health(FakeResolver("\n".join(lines), authentic=True), ZONE) == health


@pytest.mark.parametrize("failing", ["2.0.0.127.bl.example.net", "1.0.0.127.bl.example.net"])
async def test_no_answer_says_nothing_about_the_list(failing: str) -> None:
    health = await check_health(FakeResolver(LISTED, authentic=True, temporary=[failing]), ZONE)
    assert (health.status, health.authentic) == (HealthStatus.TEMPERROR, False)
    assert health.problem.startswith("no answer from DNS: ")


async def test_health_is_authentic_if_both_answers_are() -> None:
    resolver = FakeResolver(LISTED, authentic=True, inauthentic=["1.0.0.127.bl.example.net"])
    assert not (await check_health(resolver, ZONE)).authentic
