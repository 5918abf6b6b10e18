"""Received messages with results as a test wants them, made without DNS, SMTP or a store."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from mox.accounts import Recipient
from mox.config import Destination
from mox.delivery import Connection, Incoming, Judged, ReceivedMessage
from mox.delivery.received import sender_of
from mox.filtering import Fact, Outlook, Verdict
from mox.store import Content
from mox.store.prepared import prepare
from mox.verification import Verification
from moxkit import arc, dkim, dmarc, iprev, spf
from moxkit.domain import parse_domain
from moxkit.message import Address, Headers

AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
CONNECTION = Connection(
    0x5F3, "mail.mox.example", "192.0.2.10", "10.0.0.1", "mx.x.example", True, "TLSv1.3", "AES"
)
SENDER = spf.Sender(
    ip_address("192.0.2.10"), "ann@x.example", "mx.x.example", parse_domain("mail.mox.example")
)
X = parse_domain("x.example")
RECIPIENT = Recipient("mox@mox.example", "mox", "mox@mox.example", "Inbox", "address", Destination())
LETTER = b"From: Ann <ann@x.example>\r\nTo: mox@mox.example\r\nSubject: hello\r\n\r\nbody\r\n"


def dmarc_result(
    status: dmarc.Status, policy: dmarc.Policy = dmarc.Policy.REJECT, **also: Any
) -> dmarc.Result:
    """Return what DMARC says of a domain with a policy."""
    record = dmarc.Record(policy=policy, rua=(dmarc.ReportUri("mailto:rua@x.example"),))
    asked = policy if status is dmarc.Status.FAIL else dmarc.Policy.NONE
    found = dmarc.Lookup(X, X, record, str(record))
    values: dict[str, Any] = {"policy": asked, "published_policy": asked} | also
    return dmarc.Result(status, found, **values)


def signature(**also: Any) -> dkim.Signature:
    """Return a signature of x.example."""
    values: dict[str, Any] = {"algorithm": "ed25519-sha256", "signature": b"\x00\x01\x02" * 21} | also
    return dkim.Signature(**({"domain": X, "selector": parse_domain("s")} | values))


GOOD = Verification(
    sender=SENDER,
    iprev=iprev.Result(iprev.Status.PASS, parse_domain("mx.x.example"), ("mx.x.example",), authentic=True),
    spf=spf.Result(spf.Status.PASS, spf.Identity.MAILFROM, X, "ip4:192.0.2.10"),
    dkim=(),
    arc=arc.Result(arc.Status.NONE),
    dmarc=dmarc_result(dmarc.Status.PASS, aligned_spf=True),
    author=Address("Ann", "ann", "x.example"),
    author_domain=X,
)
FACTS = (
    Fact("dmarc", Outlook.GOOD, "x.example vouches for it"),
    Fact("end", Outlook.GOOD, "nothing speaks against it", decided=True),
)
VERDICT = Verdict(True, "Inbox", "Inbox", "no-bad-signals", 250, "2.1.5", "delivered", FACTS)


def received(found: Verification = GOOD, octets: bytes = LETTER, **also: Any) -> ReceivedMessage:
    """Return a message; `also` are fields of `Incoming`."""
    values: dict[str, Any] = {
        "connection": CONNECTION,
        "reverse_path": found.sender.mail_from,
        "recipients": (RECIPIENT,),
        "spool": None,
        "received_at": AT,
    } | also
    incoming = Incoming(**values)
    sender = sender_of(found, is_tls=True)
    content = Content(Path("none"), len(octets), octets)
    header = octets[: octets.find(b"\r\n\r\n") + 4]
    trace = b"Received: from here\r\n"
    return ReceivedMessage(incoming, content, prepare(octets), Headers(header), found, sender, trace)


def judged(message: ReceivedMessage, recipient: Recipient = RECIPIENT, **also: Any) -> Judged:
    """Return what was decided; `also` are fields of `Verdict`."""
    return Judged(recipient, replace(VERDICT, **also), message.sender)
