"""Acknowledged mail is on stable storage: kill without warning, and the order of system calls.

Killing a process proves nothing about power loss, since the page cache survives it; the order of system calls
does: for each acknowledged message fsync(file), link, fsync(directory) and the sync of the WAL come before
the reply is sent.
"""

import asyncio
import contextlib
import itertools
import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from endtoend.localserve import Localserve

ROUNDS = 20
SENDERS = 20


async def _send(port: int, prefix: str, acknowledged: set[str], sent: dict[str, bytes]) -> None:
    """Deliver one message after the other until the server is gone."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return
    try:
        await _converse(reader, writer, prefix, acknowledged, sent)
    except (OSError, AssertionError):
        pass  # The server was killed in the middle.
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _converse(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    prefix: str,
    acknowledged: set[str],
    sent: dict[str, bytes],
) -> None:
    await reader.readline()
    writer.write(b"EHLO sender.example\r\n")
    while (await reader.readline())[3:4] == b"-":
        pass
    for number in itertools.count():
        subject = f"{prefix}-{number}"
        filler = "".join(random.choices("abcdefgh \n", k=random.randrange(20, 4000)))
        body = f"Subject: {subject}\n\n{filler}\n".replace("\n", "\r\n").encode()
        sent[subject] = body
        writer.write(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<mox@localhost>\r\nDATA\r\n")
        for code in (b"250", b"250", b"354"):
            assert (await reader.readline()).startswith(code)
        writer.write(body + b".\r\n")
        assert (await reader.readline()).startswith(b"250")
        acknowledged.add(subject)


def _inbox(server: Localserve) -> dict[str, list[bytes]]:
    client = server.imap_client()
    client.select("INBOX", readonly=True)
    found: dict[str, list[bytes]] = {}
    _, data = client.fetch("1:*", "(BODY.PEEK[])")
    for item in data:
        if isinstance(item, tuple):
            subject = re.search(rb"^Subject: (.*)\r$", item[1], re.MULTILINE)
            assert subject is not None
            found.setdefault(subject[1].decode(), []).append(item[1])
    client.logout()
    return found


def test_nothing_acknowledged_is_lost_or_doubled_when_killed(new_server: Callable[..., Localserve]) -> None:
    server = new_server()
    acknowledged, sent = set[str](), dict[str, bytes]()
    for round_number in range(ROUNDS):
        server.start()

        async def attack(prefix: str = f"r{round_number}") -> None:
            senders = [_send(server.smtp, f"{prefix}s{n}", acknowledged, sent) for n in range(SENDERS)]
            running = asyncio.gather(*senders)
            await asyncio.sleep(random.uniform(0.05, 0.6))
            await asyncio.to_thread(server.kill)
            await asyncio.wait_for(running, 30)

        asyncio.run(attack())
    server.start()
    found = _inbox(server)
    # How many depends on how busy the machine is.
    assert len(acknowledged) > ROUNDS
    for subject in acknowledged:
        copies = found.get(subject, [])
        assert len(copies) == 1, f"{subject}: {len(copies)} copies"
        assert copies[0].endswith(sent[subject])
    # What was sent and not acknowledged may be there, once.
    assert all(len(copies) == 1 for copies in found.values())
    assert server.stop() == 2


# --- the order of system calls

_CALL = re.compile(r"^(\d+) +(\w+)\((.*?)\) += (-?\d+)", re.DOTALL)
_PATH = re.compile(r"<([^>]*)>")


def _calls(trace: Path) -> list[tuple[str, str, str]]:
    """Return finished calls in order of their end: name, arguments, result."""
    calls, unfinished = list[tuple[str, str, str]](), dict[tuple[str, str], str]()
    for line in trace.read_text(errors="replace").splitlines():
        pid, _, rest = line.partition(" ")
        rest = rest.lstrip()
        if rest.endswith("<unfinished ...>"):
            name, _, arguments = rest.removesuffix("<unfinished ...>").partition("(")
            unfinished[pid, name] = arguments
            if name in {"sendto", "write", "writev", "sendmsg"}:
                # What matters of a reply is when it began to be sent.
                calls.append((name, arguments, "begun"))
            continue
        if (resumed := re.match(r"<\.\.\. (\w+) resumed>(.*)", rest)) is not None:
            arguments = unfinished.pop((pid, resumed[1]), "") + resumed[2]
            calls.append((resumed[1], arguments, arguments.rpartition("= ")[2]))
        elif (whole := re.match(r"(\w+)\((.*)", rest)) is not None:
            calls.append((whole[1], whole[2], whole[2].rpartition("= ")[2]))
    return calls


@pytest.mark.parametrize("way", ["smtp", "append"])
def test_syncs_come_before_the_reply(
    new_server: Callable[..., Localserve], program: Callable[[str, str], str], tmp_path: Path, way: str
) -> None:
    strace = program("strace", "strace")
    trace = tmp_path / "trace"
    traced = "fsync,fdatasync,link,linkat,sendto,write,writev,sendmsg"
    wrapper = (strace, "-f", "-y", "-s", "200", "-e", f"trace={traced}", "-o", str(trace))
    server = new_server()
    server.start()
    server.stop()
    server.wrapper = wrapper
    server.start()
    count = 5
    client = server.imap_client()
    for number in range(count):
        content = f"From: a@b.example\r\nSubject: traced {number}\r\n\r\nbody\r\n".encode()
        if way == "smtp":
            server.deliver(content)
        else:
            client.append("INBOX", "", None, content)
    client.logout()
    os.kill(_child(server), 2)
    assert server.process is not None
    server.process.wait(20)
    server.process = None

    data = re.escape(str(server.directory))
    steps = [
        ("fsync", re.compile(data + r"/tmp/spool-")),
        ("link", re.compile(data + r"/tmp/spool-[^ ]* ?.*" + data + r"/accounts/mox/msg/")),
        ("fsync", re.compile(data + r"/accounts/mox/msg/\w+>")),
        ("fdatasync", re.compile(data + r"/accounts/mox/index\.db-wal>")),
        ("reply", re.compile(r"250 2\.\d\.\d [^\\\\]*deliver" if way == "smtp" else r"OK \[APPENDUID")),
    ]
    done, at = 0, 0
    replies = {"sendto", "write", "writev", "sendmsg"}
    for name, arguments, _ in _calls(trace):
        wanted, pattern = steps[at]
        # The log is written too; a reply goes to a socket.
        is_reply = name in replies and "<socket:" in arguments and steps[-1][1].search(arguments)
        if is_reply:
            assert wanted == "reply", f"reply {done} was sent before {wanted} {pattern.pattern}"
            done, at = done + 1, 0
        elif wanted in {name, name.removesuffix("at")} and pattern.search(arguments):
            at += 1
    assert done == count


def _child(server: Localserve) -> int:
    """Return the process that strace runs."""
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return int(children[0])
