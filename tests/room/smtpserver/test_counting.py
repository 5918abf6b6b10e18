"""What is counted of conversations, and by which words (reference smtp-incoming.md §13)."""

import asyncio

import pytest

from mox.accounts import AliasRecipient, Recipient
from mox.delivery import Outcome
from mox.smtpserver.counting import delivery_results, handshake_error, submission_result
from mox.submission import Refusal, RefusalKind
from moxkit.net import TLSError
from room.observe.test_metrics import samples
from room.smtpserver.conftest import House

ALICE = Recipient("alice@mox.example", "alice", "alice@mox.example", "Inbox", "test")
ALL = AliasRecipient("all@mox.example", "all@mox.example", (ALICE,), False, False)


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (Outcome(ALICE, 250, "2.1.5", "", reason="list-allow"), "delivered"),
        (Outcome(ALICE, 550, "5.1.1", ""), "unknownuser"),
        (Outcome(ALICE, 452, "4.2.2", ""), "accounterror"),
        (Outcome(ALICE, 452, "4.2.2", "", reason="high-rate"), "highrate"),
        (Outcome(ALICE, 451, "4.3.0", "", reason="junk-content"), "reject"),
        (Outcome(ALICE, 550, "5.7.26", "", reason="dmarc-policy"), "reject"),
        (Outcome(ALL, 550, "5.7.2", ""), "reject"),
        (Outcome(ALICE, 451, "4.3.0", ""), "delivererror"),
        (Outcome(ALICE, 452, "4.3.1", ""), "delivererror"),
    ],
)
def test_results_of_deliveries(outcome: Outcome, result: str) -> None:
    assert delivery_results([outcome]) == [(result, outcome.reason)]


@pytest.mark.parametrize("kind", list(RefusalKind))
def test_each_refusal_has_a_word(kind: RefusalKind) -> None:
    assert submission_result(Refusal(kind, "no")).isalnum()


@pytest.mark.parametrize(
    ("reason", "alert", "word"),
    [
        ("unexpected eof while reading", None, "eof"),
        ("unsupported protocol", None, "unsupportedversions"),
        ("wrong version number", None, "nottls"),
        ("http request", None, "nottls"),
        ("tlsv1 alert unknown ca", "unknown_ca", "alert-unknown_ca"),
        ("no shared cipher", None, "other"),
    ],
)
def test_words_for_handshakes_that_failed(reason: str, alert: str | None, word: str) -> None:
    assert handshake_error(TLSError("handshake", reason, alert)) == word


async def test_a_conversation_is_counted(house: House) -> None:
    house.delivery.codes["bob@mox.example"] = (451, "4.3.0")
    client = await house.greeted()
    await client.ask_all(
        "MAIL FROM:<a@x.example>", "RCPT TO:<alice@mox.example>", "RCPT TO:<bob@mox.example>"
    )
    await client.ask("WHATEVER the client likes")
    await client.ask("DATA")
    assert (await client.ask("Subject: x\r\n\r\n.")).startswith("250")
    await client.ask("QUIT")
    assert samples(house.metrics, "mox_smtpserver_connection_total") == {("deliver",): 1}
    assert samples(house.metrics, "mox_smtpserver_command_duration_seconds_count") == {
        ("ehlo", "250", "", "smtp"): 1,
        ("mail", "250", "2.1.0", "smtp"): 1,
        ("rcpt", "250", "2.1.5", "smtp"): 2,
        ("(bad)", "500", "5.5.1", "smtp"): 1,
        ("data", "354", "", "smtp"): 1,
        ("data", "250", "2.2.0", "smtp"): 1,
        ("quit", "221", "2.0.0", "smtp"): 1,
    }
    assert samples(house.metrics, "mox_smtpserver_delivery_total") == {
        ("", "delivered"): 1,
        ("", "delivererror"): 1,
    }


async def test_handshakes_are_counted(house: House) -> None:
    house.use_tls()
    client = await house.greeted()
    assert (await client.ask("STARTTLS")).startswith("220")
    await client.write(b"EHLO in the clear\r\n" * 10)
    async with asyncio.timeout(5):
        while not (found := samples(house.metrics, "mox_smtpserver_delivery_starttls_errors_total")):  # noqa: ASYNC110  sets no event
            await asyncio.sleep(0.01)
    assert found == {("nottls",): 1}
