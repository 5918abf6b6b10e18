"""Delivery: an outcome for each recipient, and what is filed."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mox.accounts import AliasRecipient, Recipient
from mox.delivery import Connection, Delivery, Incoming, Judged, ReceivedMessage, received_field
from mox.filtering import Fact, Outlook, Verdict
from mox.runtime import Turn
from mox.store import Quota, Store, check_consistency, get_mailbox, read_message
from mox.verification import Verifier
from moxkit.testing import FakeClock, FakeResolver

AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
CONNECTION = Connection(0x5F3, "mail.mox.example", "10.0.0.9", "10.0.0.1", "client.example")
OCTETS = b"Subject: hello\r\n\r\nbody\r\n"


class AcceptsAll:
    """Decides for everybody that all mail is welcome."""

    async def judge(self, message: ReceivedMessage, recipient: Recipient, turn: Turn) -> Judged:
        fact = Fact("end", Outlook.GOOD, "welcome", decided=True)
        mailbox = recipient.mailbox
        verdict = Verdict(True, mailbox, mailbox, "test", 250, "2.1.5", "delivered", (fact,))
        return Judged(recipient, verdict, message.sender)

    def delays(self, judged: Judged) -> bool:
        return False


def delivery(store: Store) -> Delivery:
    clock = FakeClock()
    return Delivery(
        store=store,
        clock=clock,
        canonical=lambda localpart, domain: f"{localpart.lower()}@{domain}",
        verifier=Verifier(resolver=FakeResolver(), clock=clock),
        judging=AcceptsAll(),
    )


def recipient(account: str, mailbox: str = "Inbox", path: str = "") -> Recipient:
    return Recipient(path or f"{account}@mox.example", account, f"{account}@mox.example", mailbox, "address")


def incoming(store: Store, *recipients: Recipient, octets: bytes = OCTETS) -> Incoming:
    spool = store.spools.new()
    spool.write(octets)
    return Incoming(CONNECTION, "friend@else.example", recipients, spool, AT)


async def test_files_for_each_recipient_and_says_so_in_order(store: Store) -> None:
    message = incoming(
        store, recipient("one"), recipient("two", "Lists/x"), recipient("one", path="o+x@mox.example")
    )
    outcomes = await delivery(store).receive(message)
    message.spool.discard()
    assert [(o.recipient, o.code, o.is_delivered) for o in outcomes] == [
        (r, 250, True) for r in message.recipients
    ]
    assert get_mailbox(store.account("one").reader, "Inbox").total == 2
    assert get_mailbox(store.account("two").reader, "Lists/x").total == 1
    for account in ("one", "two"):
        assert check_consistency(store.account(account)) == []


async def test_puts_trace_fields_before_the_message(store: Store) -> None:
    message = incoming(store, recipient("one"))
    await delivery(store).receive(message)
    message.spool.discard()
    found = read_message(store.account("one"), 1)
    assert found is not None
    listed, octets = found
    assert octets == (
        b"X-Mox-Reason: test;\r\n"
        b"\tend: welcome\r\n"
        b"Delivered-To: one@mox.example\r\n"
        b"Return-Path: <friend@else.example>\r\n"
        b"Authentication-Results: mail.mox.example;\r\n"
        b'\tiprev=permerror (without dnssec) reason="no name for the address"\r\n'
        b" policy.iprev=10.0.0.9;\r\n"
        b"\tdkim=none;\r\n"
        b'\tspf=none (without dnssec) reason="no record of else.example"\r\n'
        b" smtp.mailfrom=friend@else.example;\r\n"
        b'\tdmarc=none reason="no single author with a domain"\r\n'
        b"Received-SPF: none (mail.mox.example: else.example does not designate\r\n"
        b"\tpermitted sender hosts) client-ip=10.0.0.9;\r\n"
        b'\tenvelope-from="friend@else.example"; helo=client.example;\r\n'
        b'\tproblem="no record of else.example"; receiver=mail.mox.example;\r\n'
        b"\tidentity=mailfrom\r\n"
        b"Received: from client.example ([10.0.0.9]) by mail.mox.example\r\n"
        b" ([10.0.0.1]) via tcp with ESMTP\r\n"
        b" id 5f3\r\n"
        b" for <one@mox.example>;\r\n"
        b" Wed, 2 Jan 2030 03:04:05 +0000\r\n" + OCTETS
    )
    assert (listed.envelope_from, listed.envelope_to) == ("friend@else.example", "one@mox.example")
    assert listed.decisions is not None
    assert '"check":"recipient"' in listed.decisions


async def test_nobody_learns_of_other_recipients(store: Store) -> None:
    message = incoming(store, recipient("one"), recipient("two"))
    await delivery(store).receive(message)
    message.spool.discard()
    found = read_message(store.account("one"), 1)
    assert found is not None
    assert b"two" not in found[1]


async def test_trouble_of_one_recipient_is_not_anothers(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(
        directory=tmp_path,
        clock=clock,
        pool=pool,
        exists=lambda name: name != "gone",
        quota=lambda name: Quota(10 if name == "full" else 0),
    )
    message = incoming(store, recipient("full"), recipient("one"), recipient("gone"))
    outcomes = await delivery(store).receive(message)
    message.spool.discard()
    assert [(o.code, o.enhanced) for o in outcomes] == [(452, "4.2.2"), (250, "2.1.5"), (451, "4.3.0")]
    assert "message could not be filed" in caplog.messages
    assert get_mailbox(store.account("full").reader, "Inbox").total == 0
    assert check_consistency(store.account("full")) == []
    await store.close()


def alias(*accounts: str, post_public: bool = True, path: str = "all@mox.example") -> AliasRecipient:
    members = tuple(replace(recipient(account, path=path), alias=path) for account in accounts)
    return AliasRecipient(path, path, members, post_public, allows_from=False)


def totals(store: Store, *accounts: str) -> list[int]:
    return [get_mailbox(store.account(account).reader, "Inbox").total for account in accounts]


async def test_members_of_aliases_get_one_copy_and_authors_none(store: Store) -> None:
    octets = b"From: <Four@mox.example>\r\n\r\nhello\r\n"
    message = incoming(store, recipient("one"), octets=octets)
    second = alias("three", "two", path="more@mox.example")
    message = replace(message, aliases=(alias("one", "two", "four"), second))
    outcomes = await delivery(store).receive(message)
    message.spool.discard()
    assert [(o.recipient.path, o.code) for o in outcomes] == [
        ("one@mox.example", 250),
        ("all@mox.example", 250),
        ("more@mox.example", 250),
    ]
    assert totals(store, "one", "two", "three", "four") == [1, 1, 1, 0]
    found = read_message(store.account("two"), 1)
    assert found is not None
    assert b"\r\nDelivered-To: two@mox.example\r\n" in found[1]


async def test_strangers_do_not_write_to_members_alone(store: Store) -> None:
    message = incoming(store, octets=b"From: eve@else.example\r\n\r\n")
    message = replace(message, aliases=(alias("one", post_public=False),))
    [outcome] = await delivery(store).receive(message)
    message.spool.discard()
    assert (outcome.code, outcome.enhanced) == (550, "5.7.2")
    assert totals(store, "one") == [0]


async def test_an_alias_fails_only_if_all_members_do(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    store = Store(
        directory=tmp_path,
        clock=FakeClock(),
        pool=pool,
        quota=lambda name: Quota(0 if name == "one" else 10, 0, 0),
    )
    message = replace(incoming(store), aliases=(alias("full", "one"), alias("full", path="f@mox.example")))
    outcomes = await delivery(store).receive(message)
    message.spool.discard()
    assert [(o.code, o.enhanced) for o in outcomes] == [(250, "2.1.5"), (452, "4.2.2")]
    message = replace(incoming(store), aliases=(alias("full", path="f@mox.example"),))
    [outcome] = await delivery(store).receive(message)
    message.spool.discard()
    assert (outcome.code, outcome.enhanced) == (452, "4.2.2")
    await store.close()


@pytest.mark.parametrize("octets", [b"", b"\x00", b"no header", b"\xff: \xff\r\n\r\n"])
async def test_malformed_mail_is_filed_all_the_same(store: Store, octets: bytes) -> None:
    message = incoming(store, recipient("one"), octets=octets)
    [outcome] = await delivery(store).receive(message)
    message.spool.discard()
    assert outcome.is_delivered
    found = read_message(store.account("one"), 1)
    assert found is not None
    assert found[1].endswith(octets)


async def test_a_message_that_was_given_up_is_filed_for_nobody(store: Store) -> None:
    message = incoming(store, recipient("one"))
    message.spool.discard()
    with pytest.raises(OSError, match="given up"):
        await delivery(store).receive(message)
    assert get_mailbox(store.account("one").reader, "Inbox").total == 0
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("esmtp", "tls", "utf8", "auth", "name"),
    [
        (False, "", False, False, "SMTP"),
        (True, "", False, False, "ESMTP"),
        (True, "TLSv1.3", False, False, "ESMTPS"),
        (True, "", False, True, "ESMTPA"),
        (True, "TLSv1.3", False, True, "ESMTPSA"),
        (True, "TLSv1.3", True, False, "UTF8SMTPS"),
        (True, "TLSv1.3", True, True, "UTF8SMTPSA"),
    ],
)
def test_names_the_protocol(esmtp: bool, tls: str, utf8: bool, auth: bool, name: str) -> None:
    connection = Connection(1, "h.example", "::1", "::2", "c.example", esmtp, tls, "AES" if tls else "")
    field = received_field(
        connection, received_at=AT, recipients=["é@x.example"], smtputf8=utf8, is_authenticated=auth
    )
    assert f" with {name}\r\n".encode() in field
    assert (b"::1" in field) is not auth
    assert field.startswith(
        b"Received: from h.example by" if auth else b"Received: from c.example ([IPv6:::1]) by"
    )
