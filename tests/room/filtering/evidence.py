"""Evidence for tests: a usual message from a stranger who is well authenticated, all of it gathered."""

from dataclasses import replace
from datetime import UTC, datetime

from mox.config import Destination
from mox.filtering import (
    Evidence,
    Placement,
    RatesSeen,
    Recipient,
    Reputation,
    Sender,
    Settings,
    Verdict,
    judge,
    networks_of,
)

__all__ = ["FRIEND", "NOTHING", "SENDER", "STRANGER", "USUAL", "judged"]

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
SENDER = Sender(
    author="ann@x.example",
    author_domain="x.example",
    author_org="x.example",
    is_author_validated=True,
    mail_from="ann@x.example",
    mail_from_domain="x.example",
    spf="pass",
    is_mail_from_validated=True,
    ehlo_domain="mx.x.example",
    is_ehlo_validated=True,
    dkim_domains=("x.example",),
    networks=networks_of("192.0.2.77"),
    has_reverse_name=True,
    is_tls=True,
    dmarc="pass",
)
STRANGER = Reputation("none", None, False, "nothing is known of the sender")
FRIEND = Reputation("msgtofull", False, True, "you wrote to ann@x.example")
NOTHING = RatesSeen(((0, 0),) * 3, ((0, 0),) * 3)
USUAL = Evidence(
    now=NOW,
    sender=SENDER,
    recipient=Recipient("mox", "mox@mox.example", Destination(), is_named=True),
    settings=Settings(),
    placement=Placement("Inbox"),
    rates=NOTHING,
    reputation=STRANGER,
    listings=(),
    size=1000,
)


def judged(evidence: Evidence, **sender: object) -> Verdict:
    """Judge evidence that is complete, with some facts about the sender being others."""
    if sender:
        evidence = replace(evidence, sender=replace(evidence.sender, **sender))  # type: ignore[arg-type]  # by name
    verdict = judge(evidence)
    assert isinstance(verdict, Verdict), f"{verdict} is missing"
    return verdict
