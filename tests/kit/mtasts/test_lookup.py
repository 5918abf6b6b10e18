"""From domain to policy: every way in which there is none, and what is told of it."""

import pytest

from moxkit.domain import parse_domain
from moxkit.https import HttpsError, Response, Stage
from moxkit.mtasts import Mode, Problem, Record, lookup
from moxkit.testing import FakeResolver

DOMAIN = parse_domain("mox.example")
ZONE = '_mta-sts.mox.example TXT "v=STSv1; id=1;"'
POLICY = b"version: STSv1\nmode: enforce\nmx: mx.mox.example\nmax_age: 86400\n"


class Web:
    """Serves one answer, and remembers what was asked for."""

    def __init__(self, answer: Response | HttpsError) -> None:
        self.answer = answer
        self.urls: list[str] = []

    async def get(self, url: str, *, max_octets: int) -> Response:
        assert max_octets == 65536
        self.urls.append(url)
        if isinstance(self.answer, HttpsError):
            raise self.answer
        return self.answer


async def test_policy_is_found() -> None:
    web = Web(Response(200, "text/plain", "", POLICY))
    found = await lookup(FakeResolver(ZONE, authentic=True), web.get, DOMAIN)
    assert found.policy is not None
    assert found.policy.mode is Mode.ENFORCE
    assert (found.record, found.problem, found.authentic, found.text) == (
        Record("1"),
        None,
        True,
        POLICY.decode(),
    )
    assert web.urls == ["https://mta-sts.mox.example/.well-known/mta-sts.txt"]


@pytest.mark.parametrize(
    ("zone", "problem"),
    [
        ("", Problem.NO_RECORD),
        ("_mta-sts.mox.example TXT other", Problem.NO_RECORD),
        (f'{ZONE}\n_mta-sts.mox.example TXT "v=STSv1; id=2;"', Problem.MULTIPLE_RECORDS),
        ('_mta-sts.mox.example TXT "v=STSv1; id=?;"', Problem.RECORD_SYNTAX),
    ],
)
async def test_without_a_good_record_nothing_is_fetched(zone: str, problem: Problem) -> None:
    web = Web(Response(200, "", "", POLICY))
    found = await lookup(FakeResolver(zone), web.get, DOMAIN)
    assert (found.policy, found.problem, found.is_temporary, web.urls) == (None, problem, False, [])


async def test_failing_dns_is_temporary() -> None:
    web = Web(Response(200, "", "", POLICY))
    found = await lookup(FakeResolver(temporary=["_mta-sts.mox.example"]), web.get, DOMAIN)
    assert (found.problem, found.is_temporary, web.urls) == (Problem.DNS, True, [])


@pytest.mark.parametrize(
    ("answer", "problem", "report"),
    [
        (Response(404, "", "", b""), Problem.NO_POLICY, "sts-policy-fetch-error"),
        (Response(301, "", "https://x.example/", POLICY), Problem.FETCH, "sts-policy-fetch-error"),
        (Response(200, "", "", b"<html>"), Problem.POLICY_SYNTAX, "sts-policy-invalid"),
        (HttpsError(Stage.NAME, "none"), Problem.NO_POLICY, "sts-policy-fetch-error"),
        (HttpsError(Stage.DNS, "servfail"), Problem.DNS, "sts-policy-fetch-error"),
        (HttpsError(Stage.CONNECT, "refused"), Problem.FETCH, "sts-policy-fetch-error"),
        (HttpsError(Stage.TLS, "certificate-expired"), Problem.FETCH, "sts-webpki-invalid"),
        (HttpsError(Stage.RESPONSE, "late"), Problem.FETCH, "sts-policy-fetch-error"),
    ],
)
async def test_what_is_served_wrongly(answer: Response | HttpsError, problem: Problem, report: str) -> None:
    found = await lookup(FakeResolver(ZONE), Web(answer).get, DOMAIN)
    assert (found.policy, found.problem, found.report) == (None, problem, report)
    assert found.is_temporary is (problem is Problem.DNS)
    assert found.detail
