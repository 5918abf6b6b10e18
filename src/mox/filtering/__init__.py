"""Accept or refuse: what is known of a message, the checks in order, and a verdict with every fact.

    evidence = Evidence(now=…, sender=…, recipient=…, settings=…, placement=place(destination, …))
    while isinstance(verdict := judge(evidence), Wanted):
        evidence = gather(evidence, verdict)        # rates, reputation, content, block lists: as asked for
    verdict.accepts, verdict.mailbox, verdict.trace()

Judging reads no socket and no clock, and writes nothing. What is known of senders is in `mox.store`; who a
message is from was found out by `mox.verification`; what its words are like say the `Classifiers`, which
learn from the accounts' mail (`mox.filtering.classifier`). `judge` raises nothing but what a `History` does
that cannot be read.
"""

from mox.filtering.checks import Wanted
from mox.filtering.classifier import Classifiers, TakenApart
from mox.filtering.evidence import (
    Content,
    Evidence,
    Listing,
    PassToken,
    Placement,
    RatesSeen,
    Recipient,
    Reputation,
    Sender,
    Settings,
    networks_of,
)
from mox.filtering.judge import judge
from mox.filtering.reputation import History, assess
from mox.filtering.rulesets import place
from mox.filtering.subjectpass import check_token, make_token, refusal_text
from mox.filtering.verdict import Fact, Outlook, Reason, Verdict

__all__ = [
    "Classifiers",
    "Content",
    "Evidence",
    "Fact",
    "History",
    "Listing",
    "Outlook",
    "PassToken",
    "Placement",
    "RatesSeen",
    "Reason",
    "Recipient",
    "Reputation",
    "Sender",
    "Settings",
    "TakenApart",
    "Verdict",
    "Wanted",
    "assess",
    "check_token",
    "judge",
    "make_token",
    "networks_of",
    "place",
    "refusal_text",
]
