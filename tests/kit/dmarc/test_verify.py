"""Evaluations: alignment both ways, policies, test mode, sampling, and what may not be known."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time

import pytest
from hypothesis import given, strategies as st

from moxkit.dmarc import Identifier, Method, Policy, Result, Status, verify
from moxkit.domain import Domain, parse_domain
from moxkit.testing import FakeResolver

REJECT = '_dmarc.example.com. TXT "v=DMARC1; p=reject"\n'


def passed(name: str) -> Identifier:
    return Identifier(parse_domain(name), "pass")


async def check(
    zone: str | FakeResolver,
    from_domain: str,
    *,
    spf: Identifier | None = None,
    dkim: Sequence[Identifier] = (),
    method: Method = Method.TREE_WALK,
) -> Result:
    resolver = FakeResolver(zone) if isinstance(zone, str) else zone
    return await verify(resolver, parse_domain(from_domain), spf=spf, dkim=dkim, method=method)


# RFC 9989 §4.4, table of alignment; RFC 7489 §3.1: author, authenticated, aligned when relaxed, when strict.
ALIGNMENTS = [
    ("example.com", "example.com", True, True),
    ("news.example.com", "foo.example.com", True, False),
    ("news.example.com", "news.example.com", True, True),
    ("news.example.com", "example.com", True, False),
    ("example.com", "a.b.example.com", True, False),
    ("news.example.com", "foo.example.net", False, False),
    ("example.com", "notexample.com", False, False),
    ("example.com", "com", False, False),
]


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize(("author", "authenticated", "relaxed", "strict"), ALIGNMENTS)
async def test_alignment(
    author: str, authenticated: str, relaxed: bool, strict: bool, method: Method
) -> None:
    expected = {False: Status.FAIL, True: Status.PASS}
    identifier = passed(authenticated)
    for zone, is_aligned in (
        (REJECT, relaxed),
        (REJECT.replace("reject", "reject; adkim=s; aspf=s"), strict),
    ):
        by_spf = await check(zone, author, spf=identifier, method=method)
        assert (by_spf.status, by_spf.aligned_spf) == (expected[is_aligned], is_aligned)
        by_dkim = await check(zone, author, dkim=[Identifier(None, "permerror"), identifier], method=method)
        assert (by_dkim.status, by_dkim.aligned_dkim) == (expected[is_aligned], is_aligned)
        assert by_dkim.policy is (Policy.NONE if is_aligned else Policy.REJECT)


async def test_both_are_told_when_both_pass() -> None:
    result = await check(REJECT, "example.com", spf=passed("example.com"), dkim=[passed("a.example.com")])
    assert (result.status, result.aligned_spf, result.aligned_dkim) == (Status.PASS, True, True)


async def test_only_pass_authenticates() -> None:
    for status in ("fail", "softfail", "neutral", "none", "permerror", "policy"):
        identifier = Identifier(parse_domain("example.com"), status)
        result = await check(REJECT, "example.com", spf=identifier, dkim=[identifier])
        assert result.status is Status.FAIL


async def test_parts_of_an_organization_with_a_record_of_their_own() -> None:
    """RFC 9989 §4.10.2: psd=n makes an organization that its parent does not speak for."""
    zone = REJECT + '_dmarc.shop.example.com. TXT "v=DMARC1; p=reject; psd=n"'
    assert (await check(zone, "a.shop.example.com", spf=passed("shop.example.com"))).status is Status.PASS
    assert (await check(zone, "a.shop.example.com", spf=passed("example.com"))).status is Status.FAIL
    assert (await check(zone, "example.com", spf=passed("shop.example.com"))).status is Status.FAIL


POLICIES = [
    # published, author, policy, before test mode
    ("p=reject", "example.com", "reject", "reject"),
    ("p=reject", "a.example.com", "reject", "reject"),
    ("p=none; sp=reject", "example.com", "none", "none"),
    ("p=none; sp=reject", "a.example.com", "reject", "reject"),
    ("p=none; sp=none; np=reject", "a.example.com", "none", "none"),  # exists
    ("p=none; sp=none; np=reject", "gone.example.com", "reject", "reject"),
    ("p=none; np=reject", "down.example.com", "none", "none"),  # not known to be missing
    ("p=reject; t=y", "example.com", "quarantine", "reject"),  # RFC 9989 §4.7, t
    ("p=quarantine; t=y", "example.com", "none", "quarantine"),
    ("p=none; t=y", "example.com", "none", "none"),
]


@pytest.mark.parametrize(("tags", "author", "policy", "published"), POLICIES)
async def test_policy_of_a_failing_message(tags: str, author: str, policy: str, published: str) -> None:
    resolver = FakeResolver(
        f'_dmarc.example.com. TXT "v=DMARC1; {tags}"\na.example.com. A 192.0.2.1',
        temporary=["down.example.com"],
    )
    result = await check(resolver, author)
    assert (result.status, result.policy, result.published_policy) == (Status.FAIL, policy, published)
    assert result.use


async def test_existence_is_asked_for_only_if_it_matters() -> None:
    resolver = FakeResolver('_dmarc.example.com. TXT "v=DMARC1; p=reject; np=reject"')
    await check(resolver, "a.example.com")
    assert not [query for query in resolver.queries if not query.startswith("TXT")]


@pytest.mark.parametrize(
    ("drawn", "policy", "use"), [(0.0, "reject", True), (0.24, "reject", True), (0.25, "quarantine", False)]
)
async def test_sampling(drawn: float, policy: str, use: bool) -> None:
    """RFC 7489 §6.6.4: what is not sampled gets the next milder policy; the status stays."""
    resolver = FakeResolver('_dmarc.example.com. TXT "v=DMARC1; p=reject; pct=25"')
    author = parse_domain("example.com")
    result = await verify(resolver, author, spf=None, dkim=(), sample=lambda: drawn)
    assert (result.status, result.policy, result.use) == (Status.FAIL, policy, use)
    result = await verify(resolver, author, spf=None, dkim=())
    assert (result.policy, result.use) == (Policy.REJECT, True)  # RFC 9989 has no pct


@pytest.mark.parametrize(
    ("zone", "temporary", "status"),
    [
        ("", [], Status.NONE),
        ("", ["_dmarc.example.com"], Status.TEMPERROR),
        ('_dmarc.example.com. TXT "v=DMARC1; p=reject; p=none"', [], Status.PERMERROR),
        (REJECT + REJECT, [], Status.NONE),
    ],
)
async def test_without_a_record_there_is_no_policy(zone: str, temporary: list[str], status: Status) -> None:
    result = await check(FakeResolver(zone, temporary=temporary), "example.com", spf=passed("example.com"))
    assert (result.status, result.policy, result.aligned_spf) == (status, Policy.NONE, False)
    assert bool(result.problem) == (status is not Status.NONE or bool(zone))


class TestTemporaryErrors:
    """RFC 9989 §5.3.6: neither pass nor fail, and no policy, while a check that counts had no answer."""

    @pytest.mark.parametrize("name", ["example.com", "a.example.com", None])
    async def test_of_an_aligned_or_unknown_domain(self, name: str | None) -> None:
        unknown = Identifier(parse_domain(name) if name else None, "temperror")
        for result in (
            await check(REJECT, "example.com", spf=unknown),
            await check(REJECT, "example.com", dkim=[unknown]),
            await check(REJECT, "example.com", spf=passed("other.example"), dkim=[unknown]),
        ):
            assert (result.status, result.policy) == (Status.TEMPERROR, Policy.NONE)
            assert result.problem

    async def test_do_not_matter_beside_a_pass(self) -> None:
        unknown = Identifier(parse_domain("example.com"), "temperror")
        assert (
            await check(REJECT, "example.com", spf=unknown, dkim=[passed("example.com")])
        ).status is Status.PASS
        assert (
            await check(REJECT, "example.com", spf=passed("example.com"), dkim=[unknown])
        ).status is Status.PASS

    async def test_of_a_foreign_domain_cannot_save_a_forgery(self) -> None:
        unknown = Identifier(parse_domain("dead-servers.example"), "temperror")
        result = await check(REJECT, "example.com", spf=unknown, dkim=[unknown])
        assert (result.status, result.policy) == (Status.FAIL, Policy.REJECT)

    async def test_of_the_walk_for_alignment(self) -> None:
        resolver = FakeResolver(REJECT, temporary=["_dmarc.a.example.com"])
        assert (await check(resolver, "example.com", spf=passed("a.example.com"))).status is Status.TEMPERROR


async def test_names_are_asked_once_and_foreign_signatures_cost_nothing() -> None:
    resolver = FakeResolver(REJECT)
    dkim = [passed(f"d{number}.attacker.example") for number in range(1000)]
    result = await check(resolver, "a.example.com", spf=passed("b.other.example"), dkim=dkim)
    assert result.status is Status.FAIL
    assert resolver.queries == ["TXT _dmarc.a.example.com", "TXT _dmarc.example.com", "TXT _dmarc.com"]


async def test_walks_for_signatures_are_bounded() -> None:
    """Only below the author's own organization can names be asked for, and not without end."""
    zone = REJECT + "\n".join(f'_dmarc.d{n}.example.com. TXT "v=DMARC1; p=none; psd=n"' for n in range(1000))
    resolver = FakeResolver(zone)
    dkim = [passed(f"x.d{number}.example.com") for number in range(1000)]
    assert (await check(resolver, "example.com", dkim=dkim)).status is Status.FAIL
    assert len(resolver.queries) < 50


@dataclass(frozen=True)
class Signature:
    """As of DKIM."""

    domain: Domain


@dataclass(frozen=True)
class SignatureResult:
    """As of DKIM."""

    status: str
    signature: Signature | None


async def test_takes_results_that_look_like_those_of_spf_and_dkim() -> None:
    resolver = FakeResolver(REJECT)
    dkim = [
        SignatureResult("permerror", None),
        SignatureResult("pass", Signature(parse_domain("example.com"))),
    ]
    result = await verify(resolver, parse_domain("example.com"), spf=None, dkim=dkim)
    assert result.aligned_dkim
    assert result.record is not None
    assert result.domain == parse_domain("example.com")


# Nothing that ends the line of the zone, or the text in it.
IN_A_LINE = st.characters(exclude_characters='"\\\r\n', exclude_categories=["C", "Zl", "Zp"])


@given(st.text(IN_A_LINE, max_size=60))
async def test_any_record_gives_a_status(noise: str) -> None:
    for text in (noise, f"v=DMARC1; {noise}"):
        zone = f'_dmarc.example.com. TXT "{text}"'
        assert (await check(zone, "example.com", spf=passed("example.com"))).status in Status


async def test_a_large_record_ends_soon() -> None:
    began = process_time()
    zone = f'_dmarc.example.com. TXT "v=DMARC1; p=none; rua={"mailto:a@b.example," * 50_000}"'
    assert (await check(zone, "example.com")).status is Status.PERMERROR
    assert process_time() - began < 2
