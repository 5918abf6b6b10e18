"""Trouble of one destination, or of our disk, is not that of the rest; each is a clear line in the log."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from endtoend.dnssec import free_port
from endtoend.recorder import Recorder, serve_recorder, serve_silence
from endtoend.sendingserver import USER, SendingServer
from moxkit.testing import serve_zone

pytestmark = pytest.mark.endtoend

ZONE = """alive.example MX 10 mx.alive.example
mx.alive.example A 127.1.1.1
silent.example MX 10 mx.silent.example
mx.silent.example A 127.1.1.2
dead.example MX 10 mx.dead.example
mx.dead.example A 127.1.1.3
"""


def letter(subject: str, size: int = 100) -> bytes:
    return f"From: {USER}\r\nSubject: {subject}\r\n\r\n{'x' * 70}\r\n".encode() + (b"y" * 70 + b"\r\n") * (
        size // 72
    )


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def server(tmp_path: Path, recorder: Recorder) -> Iterator[SendingServer]:
    """A server that is not started yet, and a host that works."""
    port = free_port()
    with serve_zone(ZONE) as dns, serve_recorder(recorder, "127.1.1.1", port):
        server = SendingServer(tmp_path, dns=dns, smtp_port=port, https_port=1)
        yield server
        server.kill()


def wait_for(recorder: Recorder, subjects: set[str], server: SendingServer, timeout_s: float = 20) -> None:
    end = time.monotonic() + timeout_s
    while not subjects <= {each.subject for each in recorder.taken}:
        assert time.monotonic() < end, f"{len(recorder.taken)} taken\n{server.log_tail()}"
        time.sleep(0.02)


def test_a_silent_destination_holds_up_nobody_else(server: SendingServer, recorder: Recorder) -> None:
    server.start()
    with serve_silence("127.1.1.2", server.smtp_port):
        for n in range(50):
            server.submit(letter(f"silent {n}"), [f"x{n}@silent.example"])
        began = time.monotonic()
        server.submit(letter("alive"), ["x@alive.example"])
        wait_for(recorder, {"alive"}, server)
        assert time.monotonic() - began < 5
        assert not any(entry["error"] for entry in server.entries("@silent.example"))
    # The system has reset its connections: those that were under way come to an end, the others are tried.
    for n in range(50):
        entry = server.wait_until_tried(f"x{n}@silent.example", timeout_s=40)
        assert "mx.silent.example [127.1.1.2]" in entry["error"]
    lines = server.log_tail("recipient=x7@silent.example")
    assert "result=retry" in lines
    assert "mx.silent.example [127.1.1.2]: " in lines


def test_ten_thousand_entries_for_a_dead_host(server: SendingServer, recorder: Recorder) -> None:
    server.start()
    for n in range(200):
        server.submit(letter(f"dead {n}"), [f"x{n}-{each}@dead.example" for each in range(50)])
    assert len(server.ask("queuelist", filter={"to": "@dead.example", "limit": 20_000})) == 10_000
    began = time.monotonic()
    server.ask("queueschedule", filter={"to": "@dead.example"}, duration="0s", now=True)
    for n in range(20):
        server.submit(letter(f"alive {n}"), [f"x{n}@alive.example"])
    wait_for(recorder, {f"alive {n}" for n in range(20)}, server)
    took = time.monotonic() - began
    assert took < 10, f"{took:.1f} s for 20 messages beside 10,000 to a dead host\n{server.log_tail()}"
    entry = server.wait_until_tried("x0-0@dead.example")
    assert "Connection refused" in entry["error"] or "refused" in entry["error"].lower(), entry["error"]
    before = time.monotonic()
    assert len(server.ask("queuelist", filter={"limit": 100})) == 100
    assert time.monotonic() - before < 1


@contextlib.contextmanager
def small_disk(directory: Path, size: str) -> Iterator[None]:
    """Mount a file system of that size over a directory."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", directory], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.decode()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", directory], check=True)


def fill(path: Path) -> None:
    """Write until nothing more can be."""
    with contextlib.suppress(OSError), path.open("ab", buffering=0) as file:
        while True:
            file.write(b"f" * 4096)


def test_a_full_disk_refuses_and_recovers(server: SendingServer, recorder: Recorder) -> None:
    server.data.mkdir()
    with small_disk(server.data, "24m"):
        server.start()
        server.submit(letter("before"), ["x@alive.example"])
        wait_for(recorder, {"before"}, server)
        server.submit(letter("waiting"), ["x@dead.example"])
        server.wait_until_tried("x@dead.example")
        # This one becomes due when there is no room to write that it was tried.
        server.submit(letter("later"), ["later@alive.example"], ("HOLDFOR=3",))
        filler = server.data / "filler"
        fill(filler)
        time.sleep(4)
        fill(filler)
        with pytest.raises(Exception, match=r"\b4[35]\d\b") as refused:
            server.submit(letter("full", 300_000), ["y@alive.example"])
        assert "4.3" in str(refused.value), refused.value
        assert "No space left" in server.log_tail("content could not be stored"), server.log_tail()
        pauses = server.log_tail("queue cannot be written, deliveries pause").splitlines()
        assert len(pauses) == 1, pauses
        filler.unlink()
        server.submit(letter("after"), ["z@alive.example"])
        wait_for(recorder, {"after", "later"}, server)
        # What waited meanwhile still does, and is tried.
        server.try_again("x@dead.example")
        server.wait_until_tried("x@dead.example", 2)
        assert "full" not in {each.subject for each in recorder.taken}
        assert server.stop() == 0
