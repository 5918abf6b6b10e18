"""Rulesets: all conditions must hold, the first that matches counts."""

import time
from dataclasses import replace

import pytest

from mox.config import Destination, Ruleset
from mox.filtering import place
from moxkit.message import Headers
from room.filtering.evidence import SENDER

HEADERS = Headers(b"List-Id: <Friends.Lists.Example>\r\nSubject: =?utf-8?q?Caf=C3=A9?= News \r\n\r\n")


@pytest.mark.parametrize(
    ("ruleset", "matches"),
    [
        (Ruleset(mailbox="R", smtp_mail_from_regexp="^ann@"), True),
        (Ruleset(mailbox="R", smtp_mail_from_regexp="^bob@"), False),
        (Ruleset(mailbox="R", msg_from_regexp="@x\\.example$"), True),
        (Ruleset(mailbox="R", msg_from_regexp="^x"), False),
        (Ruleset(mailbox="R", verified_domain="x.example"), True),
        (Ruleset(mailbox="R", verified_domain="X.example"), True),
        (Ruleset(mailbox="R", verified_domain="example"), True),
        (Ruleset(mailbox="R", verified_domain="mx.x.example"), True),
        (Ruleset(mailbox="R", verified_domain="y.x.example"), False),
        (Ruleset(mailbox="R", verified_domain="ample"), False),
        (Ruleset(mailbox="R", headers_regexp={"^list-id$": "<friends\\."}), True),
        (Ruleset(mailbox="R", headers_regexp={"subject": "^café news$"}), True),
        (Ruleset(mailbox="R", headers_regexp={"subject": "café", "list-id": "others"}), False),
        (Ruleset(mailbox="R", headers_regexp={"missing": ""}), False),
        (Ruleset(mailbox="R", msg_from_regexp="ann", verified_domain="other.example"), False),
    ],
)
def test_conditions(ruleset: Ruleset, matches: bool) -> None:
    placed = place(Destination(mailbox="Usual", rulesets=(ruleset,)), SENDER, HEADERS)
    assert (placed.mailbox, placed.ruleset) == (("R", ruleset) if matches else ("Usual", None))


def test_the_first_that_matches() -> None:
    rulesets = tuple(Ruleset(mailbox=name, msg_from_regexp=name) for name in ("bob", "ann", "x"))
    assert place(Destination(rulesets=rulesets), SENDER, HEADERS).mailbox == "ann"
    assert place(Destination(), SENDER, HEADERS).mailbox == "Inbox"


def test_what_nobody_proved_verifies_nothing() -> None:
    ruleset = Ruleset(mailbox="R", verified_domain="x.example")
    unproved = replace(SENDER, dkim_domains=(), is_mail_from_validated=False, is_ehlo_validated=False)
    assert place(Destination(rulesets=(ruleset,)), unproved, HEADERS).ruleset is None


@pytest.mark.parametrize(
    ("domain", "sender", "is_list"),
    [
        ("x.example", SENDER, True),
        ("x.example", replace(SENDER, dkim_domains=()), True),
        ("x.example", replace(SENDER, dkim_domains=(), is_mail_from_validated=False), False),
        # Exactly that domain.
        ("example", SENDER, False),
    ],
)
def test_lists_are_proved(domain: str, sender: object, is_list: bool) -> None:
    ruleset = Ruleset(mailbox="R", msg_from_regexp="ann", list_allow_domain=domain)
    assert place(Destination(rulesets=(ruleset,)), sender, HEADERS).is_list is is_list  # type: ignore[arg-type]  # a Sender


def test_no_pattern_keeps_the_server_busy() -> None:
    ruleset = Ruleset(mailbox="R", headers_regexp={"subject": "^(a+)+$"})
    headers = Headers(b"Subject: " + b"a" * 50_000 + b"!\r\n\r\n")
    began = time.process_time()
    assert place(Destination(rulesets=(ruleset,)), SENDER, headers).ruleset is None
    assert time.process_time() - began < 1
