"""Routes: whose come first, for which domains, after how many attempts; choices that lead nowhere."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from mox.config import (
    AccountConfig,
    ConfigSnapshot,
    DomainConfig,
    FailTransport,
    Route,
    Transport,
    make_snapshot,
)
from mox.config.testing import make
from mox.outgoing import Chosen, choose_transport
from mox.queue import Retry
from room.outgoing.messages import message

NAMES = ("account", "domain", "global", "other")


def config(
    *,
    account: tuple[Route, ...] = (),
    domain: tuple[Route, ...] = (),
    everywhere: tuple[Route, ...] = (),
    disabled: bool = False,
) -> ConfigSnapshot:
    made = make(
        domains={
            "mox.example": DomainConfig(routes=domain, disabled=disabled),
            "münchen.example": DomainConfig(),
        },
        accounts={"mox": AccountConfig(domain="mox.example", destinations={}, routes=account)},
        static={"transports": {name: Transport(fail=FailTransport()) for name in NAMES}},
    )
    return make_snapshot(made.static, replace(made.dynamic, routes=everywhere))


def chosen(config: ConfigSnapshot, attempts: int = 0, **parameters: str) -> str:
    found = choose_transport(config, message(**parameters), attempts=attempts)  # type: ignore[arg-type]  # passed on
    assert isinstance(found, Chosen), found
    return found.name


def route(
    transport: str = "global", to: tuple[str, ...] = (), from_: tuple[str, ...] = (), n: int = 0
) -> Route:
    return Route(transport=transport, to_domain=to, from_domain=from_, minimum_attempts=n)


def test_without_routes_mail_goes_directly() -> None:
    assert chosen(config()) == ""


def test_the_accounts_routes_come_first_then_the_domains_then_all_others() -> None:
    domain, everywhere = (route("domain"),), (route("global"),)
    everything = config(account=(route("account"),), domain=domain, everywhere=everywhere)
    assert chosen(everything) == "account"
    without_account = config(domain=domain, everywhere=everywhere)
    assert chosen(without_account) == "domain"
    assert chosen(without_account, sender="me@elsewhere.example") == "global"
    assert chosen(without_account, sender="") == "global"
    assert chosen(config(everywhere=everywhere)) == "global"
    assert chosen(config(account=(route("account"),)), account="gone") == ""


@pytest.mark.parametrize(
    ("pattern", "domain", "matches"),
    [
        ("other.example", "other.example", True),
        ("Other.Example", "other.example", True),
        ("other.example", "sub.other.example", False),
        (".other.example", "other.example", True),
        (".other.example", "sub.other.example", True),
        (".other.example", "a.b.other.example", True),
        (".other.example", "another.example", False),
        (".", "other.example", True),
        (".", "[192.0.2.1]", True),
        ("bücher.example", "xn--bcher-kva.example", True),
        (".xn--bcher-kva.example", "www.bücher.example", True),
        ("other.example", "[192.0.2.1]", False),
        ("[192.0.2.1]", "[192.0.2.1]", True),
    ],
)
def test_which_domains_a_route_is_for(pattern: str, domain: str, matches: bool) -> None:
    assert bool(chosen(config(everywhere=(route(to=(pattern,)),)), domain=domain)) is matches
    assert bool(chosen(config(everywhere=(route(from_=(pattern,)),)), sender=f"me@{domain}")) is matches


def test_both_domains_must_fit() -> None:
    everywhere = (route("other", to=("other.example",), from_=("mox.example",)), route("global"))
    assert chosen(config(everywhere=everywhere)) == "other"
    assert chosen(config(everywhere=everywhere), domain="third.example") == "global"
    assert chosen(config(everywhere=everywhere), sender="me@third.example") == "global"
    # Nobody sends it, so it is from no domain.
    assert chosen(config(everywhere=everywhere), sender="") == "global"


def test_some_routes_are_for_what_did_not_get_through_otherwise() -> None:
    everywhere = (route("other", n=3),)
    assert [chosen(config(everywhere=everywhere), attempts=n) for n in (0, 2, 3, 4)] == [
        "",
        "",
        "other",
        "other",
    ]


def test_what_people_chose_for_a_message_comes_first() -> None:
    assert chosen(config(account=(route("account"),)), transport="other") == "other"


@pytest.mark.parametrize("by", ["route", "choice"])
def test_a_transport_that_is_not_there_waits_for_whoever_repairs_it(by: str) -> None:
    everywhere = (route("nowhere"),) if by == "route" else ()
    transport = "nowhere" if by == "choice" else ""
    found = choose_transport(config(everywhere=everywhere), message(transport=transport), attempts=0)
    assert found == Retry(None, "4.3.5", "transport 'nowhere' is not configured")


def test_a_disabled_sender_domain_waits() -> None:
    found = choose_transport(config(disabled=True), message(transport="other"), attempts=0)
    assert isinstance(found, Retry)
    assert "mox.example is disabled" in found.text


LABELS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4)
DOMAINS = LABELS.map(lambda labels: ".".join([*labels, "example"]))
PATTERNS = st.builds("{}{}".format, st.sampled_from(["", "."]), DOMAINS) | st.just(".")
ROUTES = st.lists(
    st.builds(
        Route,
        transport=st.sampled_from(NAMES),
        to_domain=st.lists(PATTERNS, max_size=2).map(tuple),
        from_domain=st.lists(PATTERNS, max_size=2).map(tuple),
        minimum_attempts=st.integers(0, 3),
    ),
    max_size=4,
).map(tuple)


def fits(patterns: tuple[str, ...], domain: str) -> bool:
    """Say it once more, label by label."""
    labels = domain.split(".")
    below = {".".join(labels[n:]) for n in range(len(labels))}
    return (
        not patterns
        or "." in patterns
        or domain in patterns
        or any(pattern[0] == "." and pattern[1:] in below for pattern in patterns)
    )


@given(ROUTES, ROUTES, DOMAINS, DOMAINS, st.integers(0, 4))
def test_the_first_route_that_fits_is_taken(
    own: tuple[Route, ...], everywhere: tuple[Route, ...], sender: str, recipient: str, attempts: int
) -> None:
    expected = next(
        (
            each.transport
            for each in (*own, *everywhere)
            if attempts >= each.minimum_attempts
            and fits(each.from_domain, sender)
            and fits(each.to_domain, recipient)
        ),
        "",
    )
    settings = config(account=own, everywhere=everywhere)
    assert chosen(settings, attempts, sender=f"me@{sender}", domain=recipient) == expected


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_noise_gives_a_way_or_a_reason_to_wait(pattern: str, sender: str, domain: str) -> None:
    settings = config(everywhere=(route(to=(pattern,)),))
    found = choose_transport(settings, message(sender=sender, domain=domain), attempts=0)
    assert isinstance(found, Chosen)
