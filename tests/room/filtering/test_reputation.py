"""What earlier mail says of a sender: the first step that finds something decides."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from mox.filtering import Reputation, Sender, assess, networks_of
from mox.store import Identity, IdentityKind, Judged
from room.filtering.evidence import SENDER

K = IdentityKind
UNVALIDATED = replace(SENDER, is_author_validated=False)


class Memory:
    """A history by hand: junk (x) and good (o) messages of each identity, newest first."""

    def __init__(self, judged: dict[tuple[K, str], str], written_to: Sequence[tuple[K, str]] = ()) -> None:
        self._judged = judged
        self._written_to = written_to
        self.asked: list[tuple[K, int, int]] = []

    def judged(self, identity: Identity, days: int, limit: int) -> Sequence[Judged]:
        self.asked.append((identity.kind, days, limit))
        said = self._judged.get((identity.kind, identity.value), "")[:limit]
        # Capital letters are all of one sender.
        return [
            Judged(n, mark in "xX", "one@x.example" if mark.isupper() else f"{n}@x.example")
            for n, mark in enumerate(said)
        ]

    def has_written_to(self, identity: Identity, days: int) -> bool:
        return (identity.kind, identity.value) in self._written_to


def found(sender: Sender, memory: Memory) -> tuple[str, bool | None, bool]:
    known = assess(sender, memory)
    assert known.text
    return known.method, known.is_junk, known.is_conclusive


AUTHOR, PRETENDED = (K.FROM_VALIDATED, "ann@x.example"), (K.FROM, "ann@x.example")
DOMAIN, ORG = (K.FROM_DOMAIN_VALIDATED, "x.example"), (K.FROM_ORG_VALIDATED, "x.example")
NET1, NET2, NET3 = ((each.kind, each.value) for each in networks_of("192.0.2.77"))


@pytest.mark.parametrize(
    ("judged", "result"),
    [
        ({AUTHOR: "o"}, ("msgfromfull", False, True)),
        ({AUTHOR: "ox"}, ("msgfromfull", False, True)),
        ({AUTHOR: "xo"}, ("msgfromfull", False, True)),
        ({AUTHOR: "xx"}, ("msgfromfull", True, True)),
        ({AUTHOR: "x"}, ("msgfromfull", True, True)),
        # The exact author before all others.
        ({AUTHOR: "o", DOMAIN: "x" * 20}, ("msgfromfull", False, True)),
        ({DOMAIN: "o" * 17 + "x" * 3}, ("msgfromdomain", False, True)),
        ({DOMAIN: "o" * 16 + "x" * 4}, ("msgfromdomain", None, False)),
        ({DOMAIN: "xxx"}, ("msgfromdomain", True, True)),
        ({DOMAIN: "xx"}, ("msgfromdomain", True, False)),
        ({DOMAIN: "X" * 20}, ("msgfromdomain", True, False)),
        ({ORG: "xxx"}, ("msgfromorgdomain", True, True)),
        ({(K.DKIM_DOMAIN, "x.example"): "oooo"}, ("dkimspf", False, True)),
        ({(K.DKIM_DOMAIN, "x.example"): "xx"}, ("dkimspf", True, True)),
        ({(K.DKIM_DOMAIN, "x.example"): "x"}, ("dkimspf", True, False)),
        ({(K.DKIM_DOMAIN, "x.example"): "xo"}, ("dkimspf", None, False)),
        ({(K.DKIM_DOMAIN, "x.example"): "o", (K.MAIL_FROM, "ann@x.example"): "x"}, ("dkimspf", None, False)),
        # The exact return path before its domain, that before the client's name.
        (
            {(K.MAIL_FROM, "ann@x.example"): "o", (K.MAIL_FROM_DOMAIN, "x.example"): "x"},
            ("dkimspf", False, True),
        ),
        (
            {(K.MAIL_FROM_DOMAIN, "x.example"): "o", (K.EHLO_DOMAIN, "mx.x.example"): "x"},
            ("dkimspf", False, True),
        ),
        ({(K.EHLO_DOMAIN, "mx.x.example"): "xx"}, ("dkimspf", True, True)),
        ({NET1: "xx"}, ("ip1", True, True)),
        ({NET1: "x"}, ("ip1", True, False)),
        ({NET1: "xxxo"}, ("ip1", None, False)),
        ({NET2: "oooo"}, ("ip2", False, False)),
        ({NET2: "ooooo"}, ("ip2", False, True)),
        ({NET3: "x" * 9}, ("ip3", True, False)),
        ({NET3: "x" * 10}, ("ip3", True, True)),
        ({NET1: "xo", NET2: "o" * 50}, ("ip1", None, False)),
        ({}, ("none", None, False)),
    ],
)
def test_authenticated_mail(judged: dict[tuple[K, str], str], result: tuple[str, bool | None, bool]) -> None:
    assert found(SENDER, Memory(judged)) == result


@pytest.mark.parametrize(
    ("judged", "result"),
    [
        ({PRETENDED: "x"}, ("msgfromfull", True, False)),
        ({PRETENDED: "o"}, ("msgfromfull", False, False)),
        # Whose mail was always vouched for, that is not them.
        ({AUTHOR: "oo"}, ("msgfromfull", True, False)),
        ({AUTHOR: "xx"}, ("msgfromfull", True, True)),
        ({DOMAIN: "oo"}, ("msgfromdomain", True, False)),
        ({DOMAIN: "xx"}, ("msgfromdomain", True, True)),
        ({ORG: "oo"}, ("msgfromorgdomain", True, False)),
    ],
)
def test_mail_that_nobody_vouches_for(
    judged: dict[tuple[K, str], str], result: tuple[str, bool | None, bool]
) -> None:
    assert found(UNVALIDATED, Memory(judged)) == result


@pytest.mark.parametrize(
    ("written_to", "judged", "method"),
    [
        ((K.SENT_TO, "ann@x.example"), {DOMAIN: "xxx"}, "msgtofull"),
        ((K.SENT_TO_DOMAIN, "x.example"), {ORG: "xxx"}, "msgtodomain"),
        ((K.SENT_TO_ORG, "x.example"), {NET1: "xxx"}, "msgtoorgdomain"),
    ],
)
def test_whom_the_account_wrote_to(
    written_to: tuple[K, str], judged: dict[tuple[K, str], str], method: str
) -> None:
    assert found(SENDER, Memory(judged, [written_to])) == (method, False, True)


def test_without_an_author_the_rest_is_asked() -> None:
    nobody = replace(SENDER, author="", author_domain="", author_org="")
    memory = Memory({AUTHOR: "o", NET1: "xx"})
    assert found(nobody, memory) == ("ip1", True, True)
    assert {kind for kind, _, _ in memory.asked} == {
        K.DKIM_DOMAIN,
        K.MAIL_FROM,
        K.MAIL_FROM_DOMAIN,
        K.EHLO_DOMAIN,
        K.NETWORK_1,
    }


def test_of_forwarded_mail_the_forwarder_does_not_count() -> None:
    forwarded = SENDER.as_forwarded("x.example")
    memory = Memory({NET1: "xx", (K.DKIM_DOMAIN, "x.example"): "oo", (K.MAIL_FROM, "ann@x.example"): "oo"})
    assert assess(forwarded, memory) == Reputation("none", None, False, "nothing is known of the sender")


@pytest.mark.parametrize(
    ("ip", "networks"),
    [
        ("192.0.2.77", ["192.0.2.77/32", "192.0.2.64/26", "192.0.0.0/21"]),
        ("2001:db8:1:2:3::4", ["2001:db8:1:2::/64", "2001:db8:1::/48", "2001:db8::/32"]),
    ],
)
def test_networks_in_three_sizes(ip: str, networks: list[str]) -> None:
    assert [each.value for each in networks_of(ip)] == networks


def test_what_is_remembered_with_a_message() -> None:
    kinds = [identity.kind for identity in SENDER.identities()]
    assert kinds == [
        K.FROM_VALIDATED,
        K.FROM_DOMAIN_VALIDATED,
        K.FROM_ORG_VALIDATED,
        K.DKIM_DOMAIN,
        K.MAIL_FROM,
        K.MAIL_FROM_DOMAIN,
        K.EHLO_DOMAIN,
        K.NETWORK_1,
        K.NETWORK_2,
        K.NETWORK_3,
    ]
    unproved = replace(UNVALIDATED, is_mail_from_validated=False, is_ehlo_validated=False, dkim_domains=())
    assert [i.kind for i in unproved.identities()] == [
        K.FROM,
        K.FROM_DOMAIN,
        K.FROM_ORG,
        K.NETWORK_1,
        K.NETWORK_2,
        K.NETWORK_3,
    ]
