"""A received message -> verified, judged, deposited.

Takes an `Incoming` from the SMTP server and returns an `Outcome` for each recipient: who it is from is found
out by `mox.verification`, what becomes of it is decided by `mox.filtering` with what the recipient's account
remembers, and it is filed in a mailbox, or refused and written down.
"""

from mox.delivery.blocklists import BlockLists
from mox.delivery.delivery import Delivery
from mox.delivery.gathering import Gathering
from mox.delivery.headers import received_field
from mox.delivery.incoming import ANY_MAIL, Connection, Incoming, Outcome, ReceivingPolicy
from mox.delivery.judging import Classifying, Judges, Judging
from mox.delivery.listening import KeepsReports, NotesEvaluations, NotesReturnedMail, OutcomeListener
from mox.delivery.received import Judged, ReceivedMessage
from mox.delivery.rejects import KeepRejects
from mox.delivery.rules import AccountRules, rules_of
from mox.delivery.words import WordsLearned

__all__ = [
    "ANY_MAIL",
    "AccountRules",
    "BlockLists",
    "Classifying",
    "Connection",
    "Delivery",
    "Gathering",
    "Incoming",
    "Judged",
    "Judges",
    "Judging",
    "KeepRejects",
    "KeepsReports",
    "NotesEvaluations",
    "NotesReturnedMail",
    "Outcome",
    "OutcomeListener",
    "ReceivedMessage",
    "ReceivingPolicy",
    "WordsLearned",
    "received_field",
    "rules_of",
]
