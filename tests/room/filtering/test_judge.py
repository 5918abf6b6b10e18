"""The checks in their order: what decides, what the client is told, what would have changed it."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from mox.config import Destination, Ruleset
from mox.filtering import (
    Content,
    Evidence,
    Listing,
    Outlook,
    PassToken,
    Placement,
    RatesSeen,
    Reputation,
    Settings,
    Verdict,
    Wanted,
    judge,
)
from room.filtering.evidence import FRIEND, SENDER, STRANGER, USUAL, judged

WITH_FILTER = replace(USUAL, settings=Settings(junk_threshold=0.95), content=Content(0.1, True))
LISTED = (Listing("good.example", False), Listing("bl.example", True, "a spammer"))
LIST = Ruleset(list_allow_domain="x.example", mailbox="Lists")
FORWARD = Ruleset(is_forward=True, mailbox="Inbox", smtp_mail_from_regexp="x", verified_domain="x.example")


def reputation(method: str, is_junk: bool | None, *, is_conclusive: bool) -> Reputation:
    return Reputation(method, is_junk, is_conclusive, "as the test says")


CASES: list[tuple[str, Evidence, tuple[str, int]]] = [
    ("a stranger with nothing against it", USUAL, ("no-bad-signals", 250)),
    ("a friend", replace(USUAL, reputation=FRIEND), ("msgtofull", 250)),
    (
        "a sender of junk",
        replace(USUAL, reputation=reputation("msgfromfull", True, is_conclusive=True)),
        ("msgfromfull", 451),
    ),
    (
        "too many messages in a minute",
        replace(USUAL, rates=RatesSeen(((500, 0), (500, 0), (500, 0)), ((0, 0),) * 3)),
        ("high-rate", 452),
    ),
    (
        "too many octets in a day, with this message",
        replace(USUAL, rates=RatesSeen(((0, 0),) * 3, ((1, (3000 << 20) - 999), (0, 0), (0, 0)))),
        ("high-rate", 452),
    ),
    (
        "a list, whatever DMARC says",
        replace(USUAL, placement=Placement("Lists", LIST, is_list=True)),
        ("list-allow", 250),
    ),
    (
        "SPF fails, unknown sender",
        replace(USUAL, sender=replace(SENDER, spf="softfail")),
        ("spf-policy", 451),
    ),
    (
        "SPF fails, the domain is half known",
        replace(
            USUAL,
            sender=replace(SENDER, spf="fail"),
            reputation=reputation("msgfromdomain", None, is_conclusive=False),
        ),
        ("no-bad-signals", 250),
    ),
    (
        "no name, and some junk from the network",
        replace(
            USUAL,
            sender=replace(SENDER, has_reverse_name=False),
            reputation=reputation("ip2", True, is_conclusive=False),
        ),
        ("iprev", 451),
    ),
    (
        "no name alone",
        replace(USUAL, sender=replace(SENDER, has_reverse_name=False)),
        ("no-bad-signals", 250),
    ),
    (
        "the policy of the author's domain",
        replace(USUAL, sender=replace(SENDER, dmarc="fail", dmarc_rejects=True)),
        ("dmarc-policy", 550),
    ),
    (
        "a destination that wants authentication",
        replace(
            USUAL,
            sender=replace(SENDER, is_author_validated=False, dmarc="none"),
            recipient=replace(
                USUAL.recipient, destination=Destination(message_auth_required_smtp_error="sign your mail")
            ),
        ),
        ("msg-auth-required", 550),
    ),
    ("a report", replace(USUAL, report=True), ("reporting", 250)),
    ("no report, to an address for reports", replace(USUAL, report=False), ("no-bad-signals", 250)),
    ("words like good mail", WITH_FILTER, ("no-bad-signals", 250)),
    ("words like junk", replace(WITH_FILTER, content=Content(0.96, True)), ("junk-content", 451)),
    (
        "words like junk, by a filter that knows little",
        replace(WITH_FILTER, content=Content(0.99, False)),
        ("no-bad-signals", 250),
    ),
    (
        "the same without a name",
        replace(WITH_FILTER, content=Content(0.99, False), sender=replace(SENDER, has_reverse_name=False)),
        ("junk-content-strict", 451),
    ),
    (
        "words like some junk, without TLS",
        replace(WITH_FILTER, content=Content(0.3, True), sender=replace(SENDER, is_tls=False)),
        ("junk-content-strict", 451),
    ),
    (
        "words like some junk, not to the recipient",
        replace(WITH_FILTER, content=Content(0.3, True), recipient=replace(USUAL.recipient, is_named=False)),
        ("junk-content-strict", 451),
    ),
    (
        "the same, forwarded",
        replace(
            WITH_FILTER,
            content=Content(0.3, True),
            recipient=replace(USUAL.recipient, is_named=False),
            placement=Placement("Inbox", FORWARD),
            sender=SENDER.as_forwarded("x.example"),
        ),
        ("no-bad-signals", 250),
    ),
    ("a block list", replace(USUAL, listings=LISTED, lists=("bl.example",)), ("dns-blocklisted", 451)),
    ("a block list, and a friend", replace(USUAL, listings=LISTED, reputation=FRIEND), ("msgtofull", 250)),
    (
        "a word in the subject",
        replace(
            WITH_FILTER,
            content=Content(0.99, True),
            pass_token=PassToken.VALID,
            settings=Settings(0.95, subject_pass=True),
        ),
        ("subjectpass", 250),
    ),
    (
        "an old word in the subject",
        replace(
            WITH_FILTER,
            content=Content(0.99, True),
            pass_token=PassToken.EXPIRED,
            settings=Settings(0.95, subject_pass=True),
        ),
        ("junk-content", 451),
    ),
    (
        "not much like junk, and there is a way in",
        replace(
            WITH_FILTER,
            content=Content(0.5, True),
            settings=Settings(0.4 + 0.4, subject_pass=True),
            sender=replace(SENDER, is_tls=False),
        ),
        ("give-subjectpass", 550),
    ),
    (
        "block list, and there is a way in",
        replace(USUAL, listings=LISTED, settings=Settings(subject_pass=True)),
        ("give-subjectpass", 550),
    ),
]


@pytest.mark.parametrize(("evidence", "ends"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_decides(evidence: Evidence, ends: tuple[str, int]) -> None:
    verdict = judged(evidence)
    assert (verdict.reason, verdict.code) == ends
    assert verdict.accepts is (ends[1] == 250)
    assert [fact.decided for fact in verdict.facts] == [False] * (len(verdict.facts) - 1) + [True]
    assert json.loads(json.dumps(verdict.trace()))[-1]["reason"] == ends[0]


def test_senders_of_junk_learn_nothing() -> None:
    told = {judged(evidence).text for _, evidence, (_, code) in CASES if code == 451}
    assert told == {"error processing, try again later"}


@pytest.mark.parametrize(
    ("missing", "wanted"),
    [
        ({"rates": None, "reputation": None, "listings": None}, Wanted.RATES),
        ({"reputation": None, "listings": None, "content": None}, Wanted.REPUTATION),
        ({"content": None, "listings": None}, Wanted.CONTENT),
        ({"listings": None}, Wanted.LISTINGS),
    ],
)
def test_costly_evidence_is_asked_for_in_turn(missing: dict[str, None], wanted: Wanted) -> None:
    evidence = replace(WITH_FILTER, lists=("bl.example",), **missing)  # type: ignore[arg-type]  # by name
    assert judge(evidence) is wanted


def test_of_a_friend_only_the_history_is_asked_for() -> None:
    assert isinstance(judge(replace(WITH_FILTER, reputation=FRIEND, content=None, listings=None)), Verdict)


def test_a_list_that_is_trusted_needs_nothing_but_the_rates() -> None:
    placement = Placement("Lists", LIST, is_list=True)
    verdict = judge(replace(USUAL, placement=placement, reputation=None, listings=None))
    assert isinstance(verdict, Verdict)
    assert (verdict.mailbox, verdict.reason) == ("Lists", "list-allow")


def test_a_ruleset_takes_what_would_be_refused() -> None:
    ruleset = Ruleset(mailbox="Work", msg_from_regexp="x", accept_rejects_to_mailbox="Dubious")
    evidence = replace(USUAL, placement=Placement("Work", ruleset), listings=LISTED)
    verdict = judged(evidence)
    assert (verdict.accepts, verdict.is_reject, verdict.mailbox, verdict.code) == (True, True, "Dubious", 250)
    assert verdict.reason == "dns-blocklisted"
    assert verdict.facts[-1].outlook is Outlook.BAD


@pytest.mark.parametrize(
    ("known", "mailbox"),
    [
        (STRANGER, "Introbox"),
        (reputation("msgfromdomain", False, is_conclusive=True), "Introbox"),
        (FRIEND, "Inbox"),
        (reputation("msgfromfull", False, is_conclusive=True), "Inbox"),
    ],
)
def test_new_senders_go_to_introbox(known: Reputation, mailbox: str) -> None:
    evidence = replace(USUAL, reputation=known, settings=Settings(introbox="Introbox"))
    verdict = judged(evidence)
    assert (verdict.mailbox, verdict.meant_for) == (mailbox, "Inbox")
    elsewhere = judged(replace(evidence, placement=Placement("Lists")))
    assert (elsewhere.mailbox, elsewhere.meant_for) == ("Lists", "Lists")


@pytest.mark.parametrize(
    ("evidence", "says"),
    [
        (
            replace(USUAL, sender=replace(SENDER, spf="fail")),
            ["accepted if SPF had passed", "accepted if you had written to the sender before"],
        ),
        (
            replace(WITH_FILTER, content=Content(0.96, True)),
            [
                "accepted if you had written to the sender before",
                "accepted if the junk probability were at most 0.95 instead of 0.96",
            ],
        ),
        (
            replace(WITH_FILTER, content=Content(0.5, True), sender=replace(SENDER, is_tls=False)),
            [
                "accepted if it had come over TLS",
                "accepted if you had written to the sender before",
                "accepted if the junk probability were at most 0.25 instead of 0.50",
            ],
        ),
        (
            replace(USUAL, listings=LISTED),
            [
                "accepted if the client were on no block list",
                "accepted if you had written to the sender before",
            ],
        ),
        (
            replace(USUAL, sender=replace(SENDER, dmarc="fail", dmarc_rejects=True)),
            ["accepted if DKIM or SPF had passed for the domain in From"],
        ),
        (
            USUAL,
            ["refused if SPF had failed", "refused if DMARC asked for it"],
        ),
        (
            replace(WITH_FILTER, content=Content(0.9, True), sender=replace(SENDER, spf="pass")),
            [
                "refused if SPF had failed",
                "refused if DMARC asked for it",
                "refused if the junk probability were above 0.95 instead of 0.90",
            ],
        ),
        (replace(USUAL, rates=RatesSeen(((500, 0),) * 3, ((0, 0),) * 3)), []),
    ],
)
def test_what_would_have_changed_it(evidence: Evidence, says: list[str]) -> None:
    assert list(judged(evidence).nearest) == says


@given(
    spf=st.sampled_from(["pass", "fail", "softfail", "none", "neutral", "temperror"]),
    probability=st.floats(0, 1),
    is_significant=st.booleans(),
    flags=st.tuples(*[st.booleans()] * 5),
    method=st.sampled_from(["none", "ip1", "dkimspf", "msgfromdomain"]),
    is_junk=st.sampled_from([None, True, False]),
    is_conclusive=st.booleans(),
)
def test_whatever_is_known_there_is_a_verdict_that_tells_why(
    spf: str,
    probability: float,
    is_significant: bool,
    flags: tuple[bool, ...],
    method: str,
    is_junk: bool | None,
    is_conclusive: bool,
) -> None:
    has_name, is_tls, is_named, is_listed, is_validated = flags
    sender = replace(
        SENDER, spf=spf, has_reverse_name=has_name, is_tls=is_tls, is_author_validated=is_validated
    )
    evidence = replace(
        WITH_FILTER,
        sender=sender,
        recipient=replace(USUAL.recipient, is_named=is_named),
        reputation=reputation(method, is_junk, is_conclusive=is_conclusive and is_junk is not None),
        content=Content(probability, is_significant),
        listings=(Listing("bl.example", is_listed),),
    )
    verdict = judged(evidence)
    assert verdict.facts[-1].decided
    assert verdict.accepts is (verdict.code == 250)
    if not verdict.accepts:
        assert verdict.facts[-1].outlook is Outlook.BAD
        # A friend would always have been let in.
        assert "accepted if you had written to the sender before" in verdict.nearest
