"""What people's programs submit arrives at another server, signed; what fails comes back, readable."""

import json
import os
import smtplib
import ssl
import subprocess
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path

import pytest

from endtoend.evidence import notifications_of, signatures_of
from endtoend.mailworld import World
from endtoend.sendingserver import PASSWORD, USER
from endtoend.terminal import Terminal

pytestmark = pytest.mark.endtoend

Find = Callable[[str, str], str]
NOBODY = "nobody@self.insecure.example"


def run(*argv: str, stdin: bytes = b"", cwd: Path | None = None) -> bytes:
    done = subprocess.run(argv, input=stdin, capture_output=True, check=False, timeout=60, cwd=cwd)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return done.stdout


async def arrives_signed(world: World, name: str) -> bytes:
    """Return the one message for a localpart, after a look at its signatures."""
    [octets] = world.arrived(name)
    assert await signatures_of(octets, world.internet.resolver) == ["pass", "pass"]
    return octets


async def test_msmtp(world: World, program: Find) -> None:
    msmtp = program("msmtp", "msmtp")
    run(
        *(msmtp, "--host=localhost", f"--port={world.server.submission}", "--tls=on", "--tls-starttls=on"),
        *(f"--tls-trust-file={world.server.roots}", "--auth=scram-sha-256", f"--user={USER}"),
        *(f"--passwordeval=echo {PASSWORD}", f"--from={USER}", "--dsn-notify=failure"),
        "bymsmtp@good.insecure.example",
        stdin=f"From: {USER}\nSubject: by msmtp\n\nhello\n.\n".encode(),
    )
    octets = await arrives_signed(world, "bymsmtp")
    assert octets.endswith(b"\r\n\r\nhello\r\n.\r\n")


async def test_swaks(world: World, program: Find) -> None:
    swaks = program("swaks", "swaks")
    run(
        *(swaks, "--server", "127.0.0.1", "--port", str(world.server.submissions), "--tls-on-connect"),
        *("--auth", "PLAIN", "--auth-user", USER, "--auth-password", PASSWORD),
        *("--from", USER, "--to", "byswaks@good.insecure.example", "--attach", "@/etc/hostname"),
        *("--header", "Subject: by swaks"),
    )
    assert b"\r\nSubject: by swaks\r\n" in await arrives_signed(world, "byswaks")


async def test_nodemailer(world: World, program: Find, node_modules: Path) -> None:
    node = program("node", "nodejs")
    told = json.loads(
        run(
            *(node, "nodemailer.js", "localhost", str(world.server.submission), USER, PASSWORD),
            *(str(world.server.roots), f"bynode@good.insecure.example,{NOBODY}"),
            cwd=node_modules,
        )
    )
    assert all(line.startswith("250 2.") for line in told), told
    octets = await arrives_signed(world, "bynode")
    assert b"hidden@" not in octets
    assert len(world.arrived("hidden", 2)) == 2
    world.server.wait_until_done(NOBODY)
    [(_, notification)] = [
        each
        for each in notifications_of(world.server, NOBODY)
        if each[1].status.original_envelope_id == "from-node"
    ]
    # RET=HDRS: the header comes back, the content does not (RFC 3461 §4.3).
    assert b"\r\nSubject: " in notification.original
    assert b"multipart/mixed" in notification.original
    assert notification.is_header_only


async def test_smtplib(world: World) -> None:
    message = EmailMessage(policy=SMTPUTF8)
    message["From"], message["To"], message["Subject"] = USER, "bypython@good.insecure.example", "Grüße"
    message.set_content("schöne grüße\n")
    message.add_attachment(b"\x00" * 1000, maintype="application", subtype="octet-stream", filename="ä.bin")
    context = ssl.create_default_context(cafile=str(world.server.roots))
    with smtplib.SMTP_SSL("localhost", world.server.submissions, context=context) as client:
        client.login(USER, PASSWORD)
        client.send_message(message)
    octets = await arrives_signed(world, "bypython")
    assert "Subject: Grüße".encode() in octets


def test_what_failed_comes_back_and_neomutt_shows_it(world: World, program: Find, tmp_path: Path) -> None:
    neomutt, tmux = program("neomutt", "neomutt"), program("tmux", "tmux")
    to = "nobody@wrong.insecure.example"
    world.server.submit(f"From: {USER}\r\nSubject: will not arrive\r\n\r\nhello\r\n".encode(), [to])
    world.server.wait_until_done(to)
    (tmp_path / "muttrc").write_text(
        f'set folder="imap://127.0.0.1:{world.server.imap}/" imap_user="{USER}" imap_pass="{PASSWORD}"\n'
        f'set spoolfile="imap://127.0.0.1:{world.server.imap}/INBOX" ssl_starttls=no ssl_force_tls=no\n'
        f"set header_cache={tmp_path}/hc message_cachedir={tmp_path}/mc quit=yes sort=reverse-date-received\n"
        "ignore *\nunignore from to subject date\n"
    )
    environment = {
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "TERM": "screen",
        "PATH": os.environ["PATH"],
    }
    with Terminal(tmux, tmp_path, f"{neomutt} -n -F {tmp_path}/muttrc", environment) as screen:
        screen.wait_for("Msgs:", "Mail delivery failed")
        # Only this one, as the server finds it.
        screen.type("l", "=b 'nobody@wrong.insecure.example'", "Enter")
        # Whatever its number: earlier tests may have made others. The list tells that it is alone: neomutt
        # does not always draw the line below again.
        screen.wait_until_shown_times("Mail delivery failed", 1)
        screen.type("Enter")
        shown = screen.wait_for("could not be delivered to nobody@wrong.insecure.example", "User unknown")
        assert "mx.wrong.insecure.example said: 550 5.1.1" in shown
        assert "Subject: will not arrive" in shown
        # Its parts, as far as there is room for their names.
        screen.type("v")
        screen.wait_for("text/plain", "message/delivery-s", "text/rfc822-hea")
        screen.type("q", "q", "q")
        screen.wait_for("ended with 0")
