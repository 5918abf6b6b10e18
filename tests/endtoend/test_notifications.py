"""What senders ask to hear of (RFC 3461), through us to a Postfix and back."""

import time

import pytest

from endtoend.evidence import notifications_of
from endtoend.mailworld import World
from endtoend.sendingserver import USER
from moxkit.dsn import Action, Notification, Recipient

pytestmark = pytest.mark.endtoend

LETTER = f"From: {USER}\r\nSubject: to be heard of\r\n\r\nthe content\r\n".encode()


def heard(world: World, to: str, timeout_s: float = 20) -> tuple[Recipient, Notification]:
    """Return the one notification of a recipient, when it is there."""
    end = time.monotonic() + timeout_s
    while not (found := notifications_of(world.server, to)):
        assert time.monotonic() < end, (
            f"nothing of {to}\n{world.server.log_tail()}\n{world.postfix.log_tail()}"
        )
        time.sleep(0.1)
    [only] = found
    return only


def test_success_is_told_by_who_delivered(world: World) -> None:
    to = "success@good.insecure.example"
    world.server.submit(
        LETTER,
        [to],
        ("RET=HDRS", "ENVID=my+20id"),
        ("NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;Somebody@Else.example"),
    )
    recipient, notification = heard(world, to)
    assert recipient.action is Action.DELIVERED
    assert recipient.status.startswith("2.")
    assert recipient.original_recipient is not None
    assert recipient.original_recipient.address == "Somebody@Else.example"
    assert notification.status.original_envelope_id == "my id"
    # The Postfix said so, not we.
    assert notification.status.reporting_mta.name == "mx.postfix.example"


def test_success_beyond_those_who_tell_is_relayed(world: World) -> None:
    to = "beyond@ascii.insecure.example"
    world.server.submit(LETTER, [to], ("ENVID=two",), ("NOTIFY=SUCCESS",))
    recipient, notification = heard(world, to)
    # RFC 3461 §5.2.2: the next host makes no promises, so we say how far it came.
    assert recipient.action is Action.RELAYED
    assert recipient.remote_mta is not None
    assert recipient.remote_mta.name == "mx.ascii.insecure.example"
    assert notification.status.original_envelope_id == "two"
    assert notification.status.reporting_mta.name == "mail.mox.secure.example"


def test_who_asked_for_the_whole_message_gets_it_back(world: World) -> None:
    to = "nobody@plain.secure.example"
    world.server.submit(LETTER, [to], ("RET=FULL",), ("NOTIFY=FAILURE",))
    recipient, notification = heard(world, to)
    assert recipient.action is Action.FAILED
    assert notification.original.endswith(b"\r\n\r\nthe content\r\n")


@pytest.mark.parametrize(
    ("to", "notify"),
    [("nobody@expired.insecure.example", "NEVER"), ("quiet@good.insecure.example", "FAILURE")],
)
def test_who_did_not_ask_hears_nothing(world: World, to: str, notify: str) -> None:
    world.server.submit(LETTER, [to], (), (f"NOTIFY={notify}",))
    world.server.wait_until_done(to)
    time.sleep(0.5)
    assert notifications_of(world.server, to) == []


def test_a_postfix_that_asks_for_another_hears_through_us(world: World) -> None:
    """From a Postfix to our port 25: what we do not promise, it tells its sender itself."""
    sender = "asking@good.insecure.example"
    content = f"From: {sender}\nSubject: did it arrive\n\nhello\n".encode()
    world.postfix.send(sender, USER, content, "-N", "success,delay,failure", "-V", "from-postfix")
    world.server.wait_for("did it arrive")
    [octets] = world.arrived("asking")
    assert b"Action: " in octets
    assert b"from-postfix" in octets
    assert b"Action: relayed" in octets or b"Action: delivered" in octets
