"""What was acknowledged at submission is delivered or comes back, however often the server is killed.

A second copy can only come of an answer that the server had not written down yet when it died, or never got
(RFC 1047).
"""

import asyncio
import base64
import contextlib
import itertools
import random
from collections import Counter
from pathlib import Path

import pytest

from endtoend.dnssec import free_port
from endtoend.evidence import failures_in
from endtoend.recorder import Recorder, serve_recorder
from endtoend.sendingserver import PASSWORD, USER, SendingServer
from moxkit.testing import serve_zone

pytestmark = pytest.mark.endtoend

ROUNDS = 10
CLIENTS = 8
ZONE = "\n".join(f"d{n}.example MX 10 mx.example" for n in range(5)) + "\nmx.example A 127.1.1.1"
# An answer is on disk after that long, on a busy machine too.
WRITTEN_AFTER_S = 0.5


class Submitter:
    """Submits one message after the other until the server is gone, and keeps what was acknowledged."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.acknowledged = set[str]()

    async def run(self, prefix: str, chance: random.Random) -> None:
        with contextlib.suppress(OSError, EOFError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                await self._converse(reader, writer, prefix, chance)
            finally:
                writer.close()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, prefix: str, chance: random.Random
    ) -> None:
        async def expect(code: bytes) -> None:
            while (line := await reader.readline())[3:4] == b"-":
                pass
            if not line:
                raise EOFError
            assert line.startswith(code), line

        await expect(b"220")
        secret = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
        for line, code in ((b"EHLO client.example\r\n", b"250"), (b"AUTH PLAIN " + secret + b"\r\n", b"235")):
            writer.write(line)
            await expect(code)
        for number in itertools.count():
            # Some come back: their notification must not get lost, nor come twice.
            kind = "bad" if chance.random() < 0.15 else "good"
            subject = f"{kind}-{prefix}-{number}"
            to = f"{subject}@d{chance.randrange(5)}.example"
            writer.write(f"MAIL FROM:<{USER}>\r\nRCPT TO:<{to}>\r\nDATA\r\n".encode())
            for code in (b"250", b"250", b"354"):
                await expect(code)
            body = "x" * chance.randrange(3000)
            writer.write(f"From: {USER}\r\nSubject: {subject}\r\n\r\n{body}\r\n.\r\n".encode())
            await expect(b"250")
            self.acknowledged.add(subject)


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)
    port = free_port()
    recorder = Recorder(moods={"451": 50, "close": 10, "wait": 200}, chance=random.Random(seed))
    died_at: list[float] = []
    with serve_zone(ZONE) as dns, serve_recorder(recorder, "127.1.1.1", port):
        server = SendingServer(tmp_path, dns=dns, smtp_port=port, https_port=1)
        submitter = Submitter(server.submission)
        try:
            for round_number in range(ROUNDS):
                server.start()
                server.try_again("@")
                died_at.append(asyncio.run(_attack(server, submitter, f"s{round_number}", chance)))
            server.start()
            recorder.moods.clear()
            _drain(server)
            failures = failures_in(server)
            assert server.stop() == 0
        finally:
            server.kill()
    told = f"seed {seed}\n{server.log_tail()}"
    copies = Counter(each.subject for each in recorder.taken)
    good = {each for each in submitter.acknowledged if each.startswith("good")}
    assert len(good) > ROUNDS * CLIENTS, told
    assert good <= set(copies), f"lost: {good - set(copies)} {told}"
    # Of those that nobody took, the sender hears, once.
    bad = submitter.acknowledged - good
    heard = Counter(address.partition("@")[0] for address in failures)
    assert bad <= set(heard), f"never told: {bad - set(heard)} {told}"
    assert set(heard.values()) <= {1}, f"told more than once: {heard.most_common(3)} {told}"
    for subject in (subject for subject, count in copies.items() if count > 1):
        *earlier, _ = (each for each in recorder.taken if each.subject == subject)
        for each in earlier:
            if each.heard_at is not None:
                before = min(abs(at - each.heard_at) for at in died_at)
                assert before < WRITTEN_AFTER_S, f"{subject} came again after {before:.2f} s. {told}"


async def _attack(server: SendingServer, submitter: Submitter, prefix: str, chance: random.Random) -> float:
    """Submit from many sides, and kill the server meanwhile; return when."""
    running = asyncio.gather(
        *(submitter.run(f"{prefix}c{n}", random.Random(chance.random())) for n in range(CLIENTS))
    )
    loop = asyncio.get_running_loop()
    await asyncio.sleep(chance.uniform(0.2, 1.2))
    died_at = loop.time()
    await asyncio.to_thread(server.kill)
    await asyncio.wait_for(running, 30)
    return died_at


def _drain(server: SendingServer) -> None:
    """Have everything tried again until the queue is empty."""
    for _ in range(600):
        server.try_again("@")
        if not server.entries():
            return
    raise AssertionError(f"still in the queue: {len(server.entries())}\n{server.log_tail()}")
