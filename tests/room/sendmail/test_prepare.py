"""Making a message fit: line ends, From, To, recipients."""

import dataclasses

import pytest

from mox.config import SubmitConfig
from mox.sendmail import Plan, SendmailError, prepare

CONFIG = SubmitConfig(
    local_hostname="box.example",
    host="mail.example",
    port=465,
    tls=True,
    starttls=False,
    username="box@mox.example",
    password="secret",
    from_="box@mox.example",
    default_destination="admin@mox.example",
)
GIVEN, READ = Plan(("you@x.example", "root"), reads_recipients=False), Plan((), reads_recipients=True)


def changed(*, require_tls: str = "", default_destination: str = "admin@mox.example") -> SubmitConfig:
    return dataclasses.replace(CONFIG, require_tls=require_tls, default_destination=default_destination)


def prepared(text: bytes, plan: Plan = GIVEN, **changes: str) -> tuple[list[str], bytes]:
    made = prepare(plan, text, changed(**changes))
    assert str(made.sender) == "box@mox.example"
    return list(map(str, made.recipients)), made.content


def test_fits_a_plain_text() -> None:
    recipients, content = prepared(b"Subject: hi\nX: a\n b\n\nhello\n.\n")
    assert recipients == ["you@x.example", "admin@mox.example"]
    assert content == (
        b"From: <box@mox.example>\r\nTo: <you@x.example>, <admin@mox.example>\r\n"
        b"Subject: hi\r\nX: a\r\n b\r\n\r\nhello\r\n.\r\n"
    )


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_any_line_end_is_one(end: bytes) -> None:
    assert prepared(end.join([b"To: x@x.example", b"", b"a", b"b"]))[1].endswith(b"\r\n\r\na\r\nb\r\n")


def test_sender_is_the_configured_one() -> None:
    content = prepared(b"FROM: other@x.example\n (folded)\nTo: y@x.example\n\n")[1]
    assert content == b"From: <box@mox.example>\r\nTo: y@x.example\r\n\r\n"


def test_recipients_are_read_and_bcc_is_not_told() -> None:
    text = b"To: A <a@x.example>, b@x.example\nCc: c@x.example\nBcc: d@x.example\n\nx\n"
    recipients, content = prepared(text, READ)
    assert recipients == [f"{name}@x.example" for name in "abcd"]
    assert b"d@x.example" not in content
    assert b"Cc: c@x.example\r\n" in content


def test_cron_writes_to_a_name() -> None:
    recipients, content = prepared(b"From: root (Cron Daemon)\nTo: root\nSubject: x\n\nx\n", READ)
    assert recipients == ["admin@mox.example"]
    assert b"To: root\r\n" in content


def test_tls_required_no_is_a_field() -> None:
    assert b"\r\nTLS-Required: No\r\n" in prepared(b"Subject: x\n\n", require_tls="no")[1]
    assert prepare(GIVEN, b"Subject: x\n\n", dataclasses.replace(CONFIG, require_tls="yes")).requires_tls


@pytest.mark.parametrize(
    ("text", "plan", "changes", "problem"),
    [
        (b"hello\n", GIVEN, {}, "line 1 of the header is no field: 'hello'"),
        (b" folded\n", GIVEN, {}, "line 1"),
        (b"Subject: x\n\n", READ, {}, "names nobody"),
        (b"To: root\n\n", READ, {"default_destination": ""}, "no DefaultDestination"),
        (b"\n", Plan(("a b@x",), reads_recipients=False), {}, "is no address"),
        (b"\n", Plan(("<x@x\r\nRCPT TO:<y@y>",), reads_recipients=False), {}, "is no address"),
    ],
)
def test_refuses(text: bytes, plan: Plan, changes: dict[str, str], problem: str) -> None:
    with pytest.raises(SendmailError, match=problem):
        prepared(text, plan, **changes)
